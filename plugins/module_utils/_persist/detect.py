# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the back ends need to know of this host, above all which daemon configures a device. Reads only."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, find, run, run_json
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import (
    is_active,
    unfitness,
    unit_states,
    version,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, exclusion

from .backends import interfaces
from .base import Host, NetworkdLink, Owner

NETWORKD_LINKS = "/run/systemd/netif/links"
IFSTATE = "/run/network/ifstate"

#: The files that ``netplan generate`` makes for systemd-networkd (netplan's src/networkd.c), and what owns their links.
NETPLAN_FILES = "/run/systemd/network/10-netplan-"
NETPLAN = "netplan"

#: Where distributions put it; the first that exists is taken.
SYSCTL = ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")

#: The daemons that take over devices once they run.
MANAGERS = ("NetworkManager.service", "systemd-networkd.service")

#: NetworkManager's words for devices that it leaves to others, or has nothing to do with (nmcli, device states).
NOT_ITS_OWN = ("unmanaged", "connected (externally)", "disconnected", "")


def read(parents: Iterable[str]) -> Host:
    """The host as far as links on these parents are concerned. Errors: CommandFailed."""
    unfit = unfitness()
    if unfit:
        return Host(unfit=unfit)
    parents = sorted(set(parents))
    networkd = networkd_links()
    return Host(
        version=version(),
        networkd=networkd,
        foreign=foreign_links() if networkd else frozenset(),
        unmanaged=unmanaged(),
        exclusion=_files.read(exclusion.PATH),
        interfaces=interfaces.read(),
        owners=owners(parents, networkd),
        stopped=tuple(name for name, unit in unit_states(MANAGERS).items() if unit.enabled and not unit.active),
        sysctl=_first(SYSCTL),
    )


def networkd_links() -> dict[str, NetworkdLink] | None:
    """The links of a running systemd-networkd by name, None where it does not run. These are the files that sd-network
    gives to networkctl; unlike networkctl's own output they are the same in all versions."""
    if not is_active("systemd-networkd.service"):
        return None
    found = {}
    for path in glob.glob(f"{NETWORKD_LINKS}/*"):
        index = os.path.basename(path)
        name = _interface(index)
        text = _files.read(path)
        if name is not None and text is not None:
            found[name] = parse_link(int(index), name, text)
    return found


def parse_link(index: int, name: str, text: str) -> NetworkdLink:
    """One of those files. Pure."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    drop_ins = values.get("NETWORK_FILE_DROPINS")
    return NetworkdLink(
        index,
        name,
        values.get("ADMIN_STATE", ""),
        values.get("NETWORK_FILE", ""),
        None if drop_ins is None else tuple(filter(None, drop_ins.strip('"').split(":"))),
    )


def _interface(index: str) -> str | None:
    """The name that belongs to an interface index here; a file of one that has gone has none."""
    for directory in glob.glob("/sys/class/net/*"):
        if (_files.read(f"{directory}/ifindex") or "").strip() == index:
            return os.path.basename(directory)
    return None


def foreign_links() -> frozenset[str]:
    """The links on which networkd knows of addresses or routes that neither it nor the kernel made."""
    try:
        data = run_json(["networkctl", "--json=short", "list"])
    except (CommandFailed, ValueError):
        return frozenset()
    interfaces = data.get("Interfaces") or () if isinstance(data, dict) else ()
    return frozenset(link["Name"] for link in interfaces if link.get("NetworkFile") and has_foreign(link))


def has_foreign(link: dict) -> bool:
    """The same for one link of networkctl's JSON (systemd 250 or newer). Pure."""
    for address in link.get("Addresses") or ():
        octets = address.get("Address") or [0, 0]
        link_local = len(octets) == 16 and octets[0] == 0xFE and octets[1] & 0xC0 == 0x80
        if address.get("ConfigSource") == "foreign" and not link_local:
            return True
    return any(
        route.get("ConfigSource") == "foreign" and route.get("ProtocolString") != "kernel"
        for route in link.get("Routes") or ()
    )


def owners(devices: Iterable[str], networkd: dict[str, NetworkdLink] | None) -> dict[str, Owner]:
    """Who configures each device, asked of every daemon that could. Errors: CommandFailed."""
    manager = networkmanager_states()
    ifupdown = ifupdown_interfaces(_files.read(IFSTATE) or "")
    result = {}
    for device in devices:
        names, evidence = [], []
        link = (networkd or {}).get(device)
        if link is not None and link.state and link.state != "unmanaged":
            names.append(NETPLAN if link.file.startswith(NETPLAN_FILES) else "systemd-networkd")
            evidence.append(f"systemd-networkd configures it with {link.file or 'no file'}")
        state = manager.get(device, "")
        if state not in NOT_ITS_OWN:
            names.append("NetworkManager")
            evidence.append(f"NetworkManager says {state}")
        if device in ifupdown:
            names.append("ifupdown")
            evidence.append(f"it is in ifupdown's {IFSTATE}")
        result[device] = Owner(tuple(names), tuple(evidence))
    return result


def unmanaged() -> config.Merged | None:
    """The devices that NetworkManager is told to leave alone, None where it does not run. Errors: CommandFailed."""
    if not is_active("NetworkManager.service"):
        return None
    running = run(["nmcli", "--get-values", "VERSION", "general"], check=False).out.strip()
    return config.merge(config.order(config.read_files()), running)


def networkmanager_states() -> dict[str, str]:
    """NetworkManager's device states by interface, empty where it does not run."""
    if find("nmcli") is None:
        return {}
    shown = run(["nmcli", "--terse", "--fields", "DEVICE,STATE", "device"], check=False)
    return parse_nmcli(shown.out) if shown.rc == 0 else {}


def parse_nmcli(text: str) -> dict[str, str]:
    """Terse lines, with backslashes before colons and backslashes (nmcli(1), --escape). Pure."""
    states = {}
    for line in text.splitlines():
        name, separator, state = line.rpartition(":")
        if separator:
            states[name.replace("\\:", ":").replace("\\\\", "\\")] = state
    return states


def ifupdown_interfaces(text: str) -> set[str]:
    """The interfaces that ifupdown has brought up, of its state file with lines such as ``eth0=eth0``. Pure."""
    return {line.split("=", 1)[0].strip() for line in text.splitlines() if "=" in line} - {"lo"}


def _first(paths: tuple[str, ...]) -> str:
    return next((path for path in paths if os.path.exists(path)), paths[0])
