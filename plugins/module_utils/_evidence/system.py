# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is and who configures it: kernel, machine, network managers, persistent files. Reads only."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import List, TypeVar, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import systemd
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.busctl import BusError
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.machine_id import machine_id
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.run import converge
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.state import ConvergeOptions
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import check as _kmod_check
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import host as _kmod_host
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod.kinds import KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import registry as _makers
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config as _nm_config
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import daemon as _nm_daemon
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import detect
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import networkd as _networkd
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, link_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted

from . import boot, engines
from .schema import (
    DeclaredLinkData,
    DriftData,
    KernelData,
    KindData,
    NetworkdData,
    NetworkManagerData,
    OwnerData,
    PersistedData,
    ProblemData,
    SystemData,
)

Part = TypeVar("Part")

#: Documentation/ABI/testing/sysfs-firmware-dmi-entries and drivers/firmware/dmi-id.c
DMI = ("sys_vendor", "product_name", "product_version", "board_vendor", "bios_vendor", "chassis_asset_tag")


def gather(parents: list[str], links: list[str], networks: list[MacvlanNetwork], problems: list[str]) -> SystemData:
    """All parts; one that cannot be read is None, and ``problems`` says why. links, networks: the declared ones."""
    state = careful("persisted", _persistence.read, problems)
    return {
        "kernel": careful("kernel", _kernel, problems),
        "dmi": careful("dmi", _dmi, problems),
        "machine_id": careful("machine_id", machine_id, problems),
        "init": careful("init", lambda: unfitness() or "systemd", problems),
        "networkmanager": careful("networkmanager", networkmanager, problems),
        "networkd": careful("networkd", networkd, problems),
        "owners": careful("owners", lambda: owners(parents), problems),
        "persisted": None if state is None else careful("persisted", lambda: persisted(state), problems),
        "makers": None if state is None else careful("makers", lambda: makers(links, state.host), problems),
        "boot": careful("boot", lambda: boot.gather(links, parents), problems),
        "engines": careful("engines", lambda: engines.gather(networks), problems),
    }


def read_managers_again(known: SystemData, problems: list[str]) -> None:
    """The parts that network managers change during a watch."""
    known["networkmanager"] = careful("networkmanager", networkmanager, problems)
    known["networkd"] = careful("networkd", networkd, problems)


def careful(name: str, part: Callable[[], Part], problems: list[str]) -> Part | None:
    """The result of a part, None where it fails on this host; ``problems`` then says why."""
    try:
        return part()
    # A diagnosis is for hosts on which anything may be broken: no failure of one part may end the others.
    except Exception as error:  # noqa: BLE001
        problems.append(f"{name}: {type(error).__name__}: {error}")
        return None


def _text(path: str) -> str:
    try:
        return (read(path) or "").strip()
    except OSError:
        return ""


def _dmi() -> dict[str, str]:
    return {name: text for name in DMI for text in [_text(f"/sys/class/dmi/id/{name}")] if text}


def _kernel() -> KernelData:
    kernel = _kmod_host.kernel()
    finding = _kmod_check.examine(KINDS["macvlan"], kernel)
    return {
        "release": kernel.release,
        "module_tree": kernel.tree,
        "macvlan": cast(KindData, finding.as_data()),
    }


def networkmanager() -> NetworkManagerData | None:
    """The configuration of NetworkManager, its files, and the state of each device; None where it is not installed."""
    if unfitness():
        return None
    status = _nm_daemon.status()
    if not status.installed:
        return None
    merged = _nm_config.merge(_nm_config.order(_nm_config.read_files()), status.version or "")
    data: NetworkManagerData = {
        "installed": status.installed,
        "running": status.running,
        "version": status.version,
        "why_not": status.why_not,
        "unmanaged": _nm_config.specs_of(_nm_config.printed()),
        "contributions": [
            {"path": item.path, "operation": item.operation, "specs": list(item.specs)} for item in merged.contributions
        ],
        "devices": {},
        "connections": {},
    }
    if status.running:
        try:
            data["devices"] = {
                item.device.name: {"managed": item.managed, "state": item.state, "kind": item.device.kind}
                for item in _nm_daemon.devices()
            }
            data["connections"] = {name: item.name for name, item in _nm_daemon.connections().items()}
        except BusError as error:
            data["why_not"] = str(error)
    return data


def networkd() -> NetworkdData | None:
    """The links as systemd-networkd sees them, None where it does not run."""
    if unfitness():
        return None
    state = _networkd.read()
    if not state.running:
        return None
    return {
        "version": systemd.version(),
        "links": {
            name: {"state": link.state, "file": link.file, "drop_ins": list(link.drop_ins or ())}
            for name, link in state.links.items()
        },
        "foreign": sorted(state.foreign),
    }


def owners(parents: list[str]) -> dict[str, OwnerData]:
    """Which daemon configures each parent, and what says so."""
    if unfitness():
        return {}
    found = detect.owners(parents)
    return {name: {"names": list(owner.names), "evidence": list(owner.evidence)} for name, owner in found.items()}


def persisted(state: Persisted) -> dict[str, PersistedData] | None:
    """The files and units of this collection by link, None where nothing can be persisted from here. Pure."""
    if state.host.unfit:
        return None
    found: dict[str, PersistedData] = {}
    for path, text in state.files.items():
        link = link_of(text)
        if link is not None:
            found.setdefault(link, {"files": [], "units": {}})["files"].append(path)
            unit = state.units.get(os.path.basename(path))
            if unit is not None:
                found[link]["units"][os.path.basename(path)] = {"enabled": unit.enabled, "active": unit.active}
    return found


def makers(links: list[str], host: HostState) -> dict[str, list[str]]:
    """What else than this collection makes or configures each link."""
    found: dict[str, list[str]] = {}
    for maker in _makers.find(links, host):
        found.setdefault(maker.link, []).append(str(maker))
    return found


def drift(links: list[dict], host_id: str, persistence: str) -> DriftData:
    """What a run of macvlan_link would change now, and why it would refuse to."""
    try:
        result = converge(ConvergeOptions(links=links, persistence=persistence, host_id=host_id), check_mode=True)
    except InvalidInput as error:
        refusals = cast(List[ProblemData], error.problems.as_data())
        return {"messages": [], "refusals": refusals, "links": []}
    return {
        "messages": cast(List[str], result["messages"]),
        "refusals": [],
        "links": cast(List[DeclaredLinkData], result["links"]),
    }
