# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states that NetworkManager and systemd-networkd report for their devices during a watch."""

from __future__ import annotations

import re
import selectors
import time
from collections.abc import Callable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.daemon import SERVICE as NM
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.daemon import STATES

from .bus import ADDRESS, BUS, Bus, BusFailed, BusMessage
from .record import Record
from .state import CHANGE
from .timeline import Changed, ManagerState

NETWORKD = "org.freedesktop.network1"
NAMES = {NM: "NetworkManager", NETWORKD: "systemd-networkd"}
_PROPERTIES = "org.freedesktop.DBus.Properties"
_RULES = (
    f"type='signal',interface='{NM}.Device',member='StateChanged'",
    f"type='signal',interface='{_PROPERTIES}',member='PropertiesChanged',path_namespace='/org/freedesktop/network1/link'",
    *(f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{service}'" for service in NAMES),
)
#: NMDeviceStateReason, libnm-core-public/nm-dbus-interface.h: those that name a cause.
REASONS = {
    2: "now-managed", 3: "now-unmanaged", 4: "config-failed", 5: "ip-config-unavailable", 6: "ip-config-expired",
    15: "dhcp-start-failed", 16: "dhcp-error", 17: "dhcp-failed", 36: "removed", 37: "sleeping",
    38: "connection-removed", 39: "user-requested", 40: "carrier", 41: "connection-assumed", 50: "dependency-failed",
    60: "new-activation", 61: "parent-changed", 62: "parent-managed-changed", 64: "ip-address-duplicate",
}  # fmt: skip


class Managers:
    """name_of: a link's name by its index. stamp: makes ``after`` of a moment. address: of the bus."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        record: Record,
        name_of: Callable[[int], str],
        stamp: Callable[[float], float],
        address: str = ADDRESS,
    ) -> None:
        self._selector = selector
        self._record = record
        self._name_of = name_of
        self._stamp = stamp
        self._devices: dict[str, str] = {}
        self._states: dict[str, dict[str, str]] = {}
        self._bus: Bus | None = None
        try:
            self._bus = Bus(address)
            selector.register(self._bus.socket, selectors.EVENT_READ, self._receive)
            for rule in _RULES:
                self._bus.match(rule)
        except BusFailed as error:
            self._lost(error)

    def _receive(self) -> None:
        try:
            for message in self._bus.signals() if self._bus else ():
                self._take(message)
        except BusFailed as error:
            self._lost(error)

    def _lost(self, error: BusFailed) -> None:
        self._record.limit(f"states of NetworkManager and systemd-networkd are not known: {error}")
        self.close()

    def close(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            self._selector.unregister(bus.socket)
            bus.close()

    def _take(self, message: BusMessage) -> None:
        if message.member == "NameOwnerChanged" and len(message.body) == 3:
            self._owner(*message.body)
        elif message.member == "StateChanged" and len(message.body) == 3:
            self._device(message.path, *message.body)
        elif message.member == "PropertiesChanged" and len(message.body) == 3:
            self._link(message.path, message.body[1])

    def _owner(self, service: str, before: str, after: str) -> None:
        if service not in NAMES or bool(before) == bool(after):
            return
        state = "started" if after else "stopped"
        self._report("", {"manager": NAMES[service], "state": state}, f"{NAMES[service]} {state}")
        self._devices.clear()

    def _device(self, path: str, new: int, old: int, reason: int) -> None:
        link = self._interface(path)
        state, before = (STATES.get(number, str(number)) for number in (new, old))
        why = REASONS.get(reason, str(reason))
        data: ManagerState = {
            "manager": NAMES[NM],
            "state": state,
            "reason": why,
            "changed": {"state": [before, state]},
        }
        self._report(link, data, f"NetworkManager: {link or path} {before} -> {state} ({why})")

    def _interface(self, path: str) -> str:
        if path not in self._devices and self._bus is not None:
            try:
                answer = self._bus.call(NM, path, _PROPERTIES, "Get", f"{NM}.Device", "Interface")
                self._devices[path] = str(answer[0])
            except BusFailed:
                return ""
        return self._devices.get(path, "")

    def _link(self, path: str, properties: Mapping[str, object]) -> None:
        states = {key: str(value) for key, value in properties.items() if key.endswith("State")}
        known = self._states.setdefault(path, {})
        changed: Changed = {key: [known.get(key), value] for key, value in states.items() if known.get(key) != value}
        known.update(states)
        if not changed:
            return
        link = self._name_of(index_of(path))
        news = ", ".join(f"{key} {value}" for key, (dummy, value) in sorted(changed.items()))
        data: ManagerState = {
            "manager": NAMES[NETWORKD],
            "state": known.get("OperationalState"),
            "changed": changed,
        }
        self._report(link, data, f"systemd-networkd: {link}: {news}")

    def _report(self, link: str, data: ManagerState, what: str) -> None:
        self._record.add(self._stamp(time.monotonic()), "manager", CHANGE, "", link, what, data)


def index_of(path: str) -> int:
    """The interface index at the end of a networkd object's path, which escapes the first digit (sd_bus_path_encode),
    0 where there is none. Pure."""
    last = re.sub("_([0-9a-f]{2})", lambda found: chr(int(found.group(1), 16)), path.rsplit("/", 1)[-1])
    return int(last) if last.isdigit() else 0
