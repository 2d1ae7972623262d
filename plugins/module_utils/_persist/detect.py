# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the back ends need to know of this host, above all which daemon configures a device. Reads only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness, unit_states, version

from . import registry
from .base import HostState, Owner

#: Where distributions put it; the first that exists is taken.
SYSCTL = ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")


#: What distributions call it; where that is another one than runs the module, it may be too old.
PYTHON = "/usr/bin/python3"


def read(parents: Iterable[str]) -> HostState:
    """The host as far as links on these parents are concerned. Errors: CommandFailed."""
    unfit = unfitness()
    if unfit:
        return HostState(unfit=unfit)
    host = HostState(version=version(), daemons=_daemons(), stopped=_stopped(), sysctl=_first(SYSCTL), python=_python())
    return replace(host, owners=_owners(sorted(set(parents)), host))


def owners(devices: Iterable[str]) -> dict[str, Owner]:
    """Who configures each device, asked of every daemon that could. Errors: CommandFailed."""
    return _owners(devices, HostState(daemons=_daemons()))


def _daemons() -> tuple[object, ...]:
    states = (backend.read() for backend in registry.BACKENDS)
    return tuple(state for state in states if state is not None)


def _owners(devices: Iterable[str], host: HostState) -> dict[str, Owner]:
    """Daemons that take over devices as soon as they run are named first."""
    result = {device: Owner() for device in devices}
    for backend in sorted(registry.BACKENDS, key=lambda item: not item.service):
        for device, owner in backend.devices(host).items():
            if device in result:
                result[device] = result[device].plus(owner)
    return result


def _stopped() -> tuple[str, ...]:
    """Units of daemons that are enabled and do not run: they may take over devices later."""
    services = sorted({backend.service for backend in registry.BACKENDS} - {""})
    return tuple(name for name, unit in unit_states(services).items() if unit.enabled and not unit.active)


def _python(running: str = sys.executable) -> str:
    """A Python that outlives this run: the one that runs it, by a name of the system's.

    Not that of a virtual environment, and the same whatever name Ansible has called it by.
    """
    if os.path.realpath(PYTHON) == os.path.realpath(running):
        return PYTHON
    return running if running.startswith("/usr/") else os.path.realpath(running)


def _first(paths: tuple[str, ...]) -> str:
    return next((path for path in paths if os.path.exists(path)), paths[0])
