# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of any size: what they declare, and the evidence that a diagnosis has of them.

The evidence is that of one host as it really gave it, with a name, addresses and MAC addresses of its own on each host.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_GIVEN = ROOT / "tests/unit/plugins/plugin_utils/_diagnosis/causes/fixtures/healthy_fleet.json"
#: The host of the fixture, and what it and its container have of their own there.
_HOST, _LINK, _PARENT, _CONTAINER, _RANGE = "web2", "192.168.100.4", "192.168.100.12", "192.168.100.145", "144/28"
_SUBNET, _GATEWAY = "192.168.100.0/24", "192.168.100.1"
_MACS = ("be:75:c9:b0:61:0e", "3e:81:1e:fc:35:e4", "a6:15:db:d4:1a:51")
_PATTERN = re.compile(r"web2|192\.168\.100\.\d+(?:/\d+)?|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")

Host = dict[str, Any]


# ---- declarations ----------------------------------------------------------------------------------------------------


def declared(host: int, networks: int = 1) -> list[Host]:
    """So many networks of one host, each with an address and a range that no other host has."""
    return [_network(host, number) for number in range(networks)]


def _network(host: int, number: int) -> Host:
    # 10.NUMBER.0.0/12: up to 16 networks of 65,000 hosts each
    subnet = ipaddress.ip_network((0x0A000000 + (number << 20), 12))
    return {
        "name": f"lan{number}",
        "parent": f"eth{number}",
        "subnet": str(subnet),
        "gateway": str(subnet[1]),
        "host_address": str(subnet[0x80000 + host]),
        "container_range": f"{subnet[0x1000 + 16 * host]}/28",
    }


# ---- evidence --------------------------------------------------------------------------------------------------------


def evidence(count: int) -> Iterator[Host]:
    """A healthy fleet on one segment, host by host."""
    text = json.dumps(json.loads(_GIVEN.read_text(encoding="utf-8"))[_HOST])
    pieces = _PATTERN.split(text)
    found = _PATTERN.findall(text)
    for number in range(count):
        names = _names(number)
        made = [part for piece, word in zip(pieces, found, strict=False) for part in (piece, names.get(word, word))]
        yield json.loads("".join([*made, pieces[-1]]))


def _names(number: int) -> dict[str, str]:
    """What stands for each word of the fixture on one host."""
    one = declared(number)[0]
    subnet = ipaddress.ip_network(one["subnet"])
    pool = ipaddress.ip_network(one["container_range"])
    addresses = {
        _LINK: one["host_address"],
        _PARENT: str(subnet[0xC0000 + number]),
        _CONTAINER: str(pool[1]),
        _GATEWAY: one["gateway"],
    }
    names = {_HOST: f"h{number}", _SUBNET: one["subnet"], f"192.168.100.{_RANGE}": one["container_range"]}
    for given, own in addresses.items():
        names |= {given: own, f"{given}/24": f"{own}/12", f"{given}/32": f"{own}/32"}
    tail = f"{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    return names | {mac: f"02:6c:{position:02x}:{tail}" for position, mac in enumerate(_MACS)}


def lose(target: Host, at: float, until: float) -> None:
    """A target that answered until a moment, and no more then."""
    target["received"] = int(target["sent"] * at / until)
    target["first_loss"] = at
    target["losses"] = [[at, until]]


def without_gateway(number: int, host: Host) -> None:
    """All of them lose it at once."""
    watch = host["watch"]
    for target in watch["targets"]:
        if target["kind"].startswith("gateway"):
            lose(target, 1.0, watch["duration"])


def own_target(number: int, host: Host) -> None:
    """Each has another one that it loses, at another moment."""
    watch = host["watch"]
    lose(watch["targets"][number % len(watch["targets"])], 0.5 + number % 97 / 100, watch["duration"])


def same_addresses(number: int, host: Host) -> None:
    """The container of each has the address of all the others."""
    _rename(host, _names(number)[_CONTAINER], _names(0)[_CONTAINER])


def _rename(host: Host, before: str, after: str) -> None:
    for moment in ("before", "after"):
        for scope in host[moment]["networks"].values():
            for one in scope["containers"]:
                one["address"] = after if one["address"] == before else one["address"]


def nothing(number: int, host: Host) -> None:
    """It is healthy."""


FAULTS: dict[str, Callable[[int, Host], None]] = {
    "healthy": nothing,
    "all lose their gateway": without_gateway,
    "each loses a target of its own": own_target,
    "all have one address": same_addresses,
}


def fleet(count: int, fault: str) -> list[Host]:
    """The evidence of all hosts, with one of `FAULTS`."""
    made = []
    for number, host in enumerate(evidence(count)):
        FAULTS[fault](number, host)
        made.append(host)
    return made
