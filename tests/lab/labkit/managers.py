# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network managers: what each needs to manage a host's nics, and how to ask whether it does. Pure."""

from __future__ import annotations

import uuid

import yaml

from .topology import Host, Nic

NETWORKMANAGER = """[connection]
id={nic.name}
uuid={uuid}
type=ethernet
interface-name={nic.name}

[ethernet]
{mtu}
[ipv4]
{ipv4}

[ipv6]
{ipv6}
"""

NETWORKD = """[Match]
Name={nic.name}

{mtu}[Network]
IPv6AcceptRA=no
{lines}
"""

UNIT = """[Unit]
Description=Network configuration by hand
Wants=network.target
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
{commands}

[Install]
WantedBy=multi-user.target
"""

#: The unit of hosts that no manager configures.
UNIT_NAME = "network-by-hand.service"


def files(host: Host) -> dict[str, str]:
    """Path -> content of the manager's configuration, as an administrator would write it."""
    if host.manager == "networkmanager":
        folder = "/etc/NetworkManager/system-connections"
        return {f"{folder}/{nic.name}.nmconnection": _networkmanager(host, nic) for nic in host.nics}
    if host.manager == "networkd":
        return {f"/etc/systemd/network/10-{nic.name}.network": _networkd(nic) for nic in host.nics}
    if host.manager == "ifupdown":
        return {"/etc/network/interfaces": _ifupdown(host)}
    if host.manager == "netplan":
        return {"/etc/netplan/10-nics.yaml": _netplan(host)}
    unit = UNIT.format(commands="\n".join(line for nic in host.nics for line in _by_hand(nic)))
    return {f"/etc/systemd/system/{UNIT_NAME}": unit}


def links(host: Host) -> dict[str, str]:
    """Path -> target of symbolic links that the manager's image layer does not have."""
    if host.manager != "none":
        return {}
    return {f"/etc/systemd/system/multi-user.target.wants/{UNIT_NAME}": f"/etc/systemd/system/{UNIT_NAME}"}


def question(manager: str, nic: str) -> list[str]:
    """The command that asks the manager about a nic; empty if there is no manager."""
    return {
        "networkmanager": ["nmcli", "-g", "GENERAL.STATE,GENERAL.CONNECTION", "device", "show", nic],
        "networkd": ["networkctl", "list", "--no-legend", "--no-pager", nic],
        "netplan": ["networkctl", "list", "--no-legend", "--no-pager", nic],
        "ifupdown": ["ifquery", "--state", nic],
    }.get(manager, [])


def owns(manager: str, nic: str, answer: str) -> bool:
    """Whether the answer to `question` says that the manager has configured the nic from its own files."""
    words = answer.split()
    if manager == "networkmanager":
        return words == ["100", "(connected)", nic]
    if manager in ("networkd", "netplan"):
        return words[-1:] == ["configured"]
    if manager == "ifupdown":
        return words == [f"{nic}={nic}"]
    return True


def _families(nic: Nic) -> dict[int, tuple[list[str], list[str]]]:
    """Addresses and gateways of IPv4 and IPv6."""
    return {
        version: (
            [item for item in nic.addresses if (":" in item) == (version == 6)],
            [item for item in nic.gateways if (":" in item) == (version == 6)],
        )
        for version in (4, 6)
    }


def _networkmanager(host: Host, nic: Nic) -> str:
    def section(version: int, without: str) -> str:
        given, gateways = _families(nic)[version]
        lines = [f"address{i}={address}" for i, address in enumerate(given, start=1)]
        lines += [f"gateway={gateway}" for gateway in gateways[:1]]
        return "\n".join([f"method={'manual' if given else without}", *lines])

    return NETWORKMANAGER.format(
        nic=nic,
        uuid=uuid.uuid5(uuid.NAMESPACE_DNS, f"{nic.name}.{host.name}"),
        mtu=f"mtu={nic.mtu}\n" if nic.mtu else "",
        ipv4=section(4, "disabled"),
        ipv6=section(6, "link-local"),
    )


def _networkd(nic: Nic) -> str:
    lines = [f"Address={address}" for address in nic.addresses] + [f"Gateway={gateway}" for gateway in nic.gateways]
    return NETWORKD.format(nic=nic, mtu=f"[Link]\nMTUBytes={nic.mtu}\n\n" if nic.mtu else "", lines="\n".join(lines))


def _ifupdown(host: Host) -> str:
    blocks = ["source /etc/network/interfaces.d/*", "auto lo\niface lo inet loopback"]
    for nic in host.nics:
        stanzas = [f"auto {nic.name}"]
        for version, (given, gateways) in _families(nic).items():
            family = "inet" if version == 4 else "inet6"
            for i, address in enumerate(given):
                stanzas += [f"iface {nic.name} {family} static", f"    address {address}"]
                stanzas += [f"    gateway {gateway}" for gateway in gateways[:1] if i == 0]
                stanzas += [f"    mtu {nic.mtu}"] if nic.mtu and i == 0 else []
        if not nic.addresses:
            stanzas += [f"iface {nic.name} inet manual", f"    up ip link set dev {nic.name} up"]
        blocks.append("\n".join(stanzas))
    return "\n\n".join(blocks) + "\n"


def _netplan(host: Host) -> str:
    ethernets = {}
    for nic in host.nics:
        routes = [{"to": "default", "via": gateway} for gateway in nic.gateways]
        ethernets[nic.name] = {
            "accept-ra": False,
            **({"addresses": list(nic.addresses)} if nic.addresses else {}),
            **({"routes": routes} if routes else {}),
            **({"mtu": nic.mtu} if nic.mtu else {}),
        }
    return yaml.safe_dump({"network": {"version": 2, "renderer": "networkd", "ethernets": ethernets}}, sort_keys=False)


def _by_hand(nic: Nic) -> list[str]:
    commands = [f"link set dev {nic.name} {f'mtu {nic.mtu} ' if nic.mtu else ''}up"]
    commands += [f"address add {address} dev {nic.name}" for address in nic.addresses]
    commands += [f"route add default via {gateway} dev {nic.name}" for gateway in nic.gateways]
    return [f"ExecStart=/usr/sbin/ip {command}" for command in commands]
