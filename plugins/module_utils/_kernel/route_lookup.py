# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route lookups (RTM_GETROUTE), with the neighbour entry of the next hop. Reads only."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from . import neighbours as _neighbours
from .names import NDA_DST, NDA_LLADDR, NEIGHBOUR_STATES, RTA_GATEWAY, RTA_OIF, RTA_PREFSRC
from .netlink import RTM_NEWNEIGH
from .rtnetlink import Rtnetlink

#: linux/rtnetlink.h; the place of a route's type in struct rtmsg.
_RTN_LOCAL = 2
_TYPE = 7


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
    """The path to each target from the namespace that this runs in. Errors: OSError."""
    with Rtnetlink() as netlink:
        return lookup_with(netlink, targets)


def lookup_with(netlink: Rtnetlink, targets: Iterable[Address]) -> dict[Address, Path]:
    """The same over an open socket of this namespace."""
    neighbours = {}
    for entry in netlink.dump(RTM_NEWNEIGH):
        address = _address(entry.get(NDA_DST))
        if address is not None:
            mac = (entry.get(NDA_LLADDR) or b"").hex(":")
            neighbours[_neighbours.index(entry), address] = (mac, NEIGHBOUR_STATES.get(_neighbours.state(entry), ""))
    return {target: _path(netlink, target, neighbours) for target in targets}


def _path(netlink: Rtnetlink, target: Address, neighbours: Mapping[tuple[int, Address], tuple[str, str]]) -> Path:
    try:
        route = netlink.route_to(target)
    except OSError as error:
        return Path(error=os.strerror(error.errno or 0))
    index = route.number(RTA_OIF) or 0
    gateway = _address(route.get(RTA_GATEWAY))
    mac, state = neighbours.get((index, gateway or target), ("", ""))
    return Path(
        interface=_name(index),
        source=_address(route.get(RTA_PREFSRC)),
        gateway=gateway,
        local=route.header[_TYPE] == _RTN_LOCAL,
        mac=mac,
        state=state,
    )


def _address(packed: bytes | None) -> Address | None:
    return ipaddress.ip_address(packed) if packed else None


def _name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return f"interface {index}"
