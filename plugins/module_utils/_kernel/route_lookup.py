# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route lookups (RTM_GETROUTE), with the neighbour entry of the next hop. Reads only."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .names import NEIGHBOUR_STATES
from .read import open_rtnetlink

#: linux/rtnetlink.h
_RTN_LOCAL = 2


@dataclass(frozen=True)
class Path:
    """The kernel's answer to RTM_GETROUTE for one target, and the neighbour entry of the next hop.

    error: the kernel's error instead of a route. local: the target is an address of this namespace.
    mac, state: of the neighbour entry, empty where there is none.
    """

    interface: str = ""
    source: Address | None = None
    gateway: Address | None = None
    local: bool = False
    error: str = ""
    mac: str = ""
    state: str = ""


def lookup(targets: Iterable[Address]) -> dict[Address, Path]:
    """The path to each target from the namespace that this runs in."""
    with open_rtnetlink() as netlink:
        return lookup_with(netlink, targets)


def lookup_with(netlink: Any, targets: Iterable[Address]) -> dict[Address, Path]:
    """The same over an open socket of this namespace."""
    neighbours = {}
    for entry in netlink.get_neighbours():
        if entry["family"] in (socket.AF_INET, socket.AF_INET6) and entry.get_attr("NDA_DST"):
            neighbours[entry["ifindex"], ipaddress.ip_address(entry.get_attr("NDA_DST"))] = (
                entry.get_attr("NDA_LLADDR") or "",
                NEIGHBOUR_STATES.get(entry["state"], ""),
            )
    return {target: _path(netlink, target, neighbours) for target in targets}


def _path(netlink: Any, target: Address, neighbours: Mapping[tuple[int, Address], tuple[str, str]]) -> Path:
    from pyroute2.netlink.exceptions import NetlinkError

    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    try:
        (route, *dummy) = netlink.route("get", family=family, dst=str(target))
    except NetlinkError as error:
        return Path(error=os.strerror(error.code))
    index = route.get_attr("RTA_OIF")
    gateway = _address(route.get_attr("RTA_GATEWAY"))
    mac, state = neighbours.get((index, gateway or target), ("", ""))
    return Path(
        interface=_name(index),
        source=_address(route.get_attr("RTA_PREFSRC")),
        gateway=gateway,
        local=route["type"] == _RTN_LOCAL,
        mac=mac,
        state=state,
    )


def _address(text: str | None) -> Address | None:
    return ipaddress.ip_address(text) if text else None


def _name(index: int | None) -> str:
    try:
        return socket.if_indextoname(index or 0)
    except OSError:
        return f"interface {index}"
