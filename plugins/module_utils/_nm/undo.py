# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nm_unmanaged is about to change, and how to restore it: its file, NetworkManager's state, and the kernel."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.busctl import BusError
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Restored, Undone, undo
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import restore as kernel

from . import daemon


class ManagerSnapshot:
    """A host before NetworkManager reads another list of devices. Errors: OSError, BusError.

    touched: names of devices that it releases or takes over. reloads: whether it runs and reads its files again.
    """

    def __init__(self, path: str, touched: list[str], reloads: bool) -> None:
        self.running = reloads
        self.connections = daemon.connections() if self.running else {}
        self.kernel = kernel.read()
        self.files = files.read([path])
        self.managed = self._managed()
        self.beside = sorted({*touched, *self.connections})
        self._reloaded = False

    def undo(self, patience: float) -> Undone:
        return undo([self._manager, self._kernel], patience)

    def _kernel(self) -> Restored:
        """A device that NetworkManager releases or takes over loses its addresses, and may go down."""
        return kernel.undo(self.kernel, [], self.beside)

    def _managed(self) -> dict[str, bool]:
        return {item.device.name: item.managed for item in daemon.devices()} if self.running else {}

    def _manager(self) -> Restored:
        restored = files.undo(self.files)
        if not self.running:
            return restored
        # The change may have failed before or after NetworkManager had read it.
        self._reloaded = self._reloaded and not restored.differences
        if not self._reloaded:
            try:
                daemon.reload_configuration()
            except BusError as error:
                # In the next round the file is right, and this is still to be done.
                restored.errors.append(f"NetworkManager does not reload: {error}")
                return restored
            self._reloaded = True
        now = daemon.connections()
        for name, connection in self.connections.items():
            current = now.get(name)
            if current is None or current.profile != connection.profile:
                restored.differences.append(f"connection {connection.name} of {name}: activate")
                try:
                    daemon.activate(connection)
                except BusError as error:
                    restored.errors.append(f"connection {connection.name}: {error}")
        for name, managed in self._managed().items():
            if managed != self.managed.get(name, managed):
                restored.errors.append(f"NetworkManager {'manages' if managed else 'does not manage'} {name}")
        return restored
