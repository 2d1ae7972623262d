# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries the controller's connection to this host: the link, the address and the route. Reads only."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    RTA_GATEWAY,
    RTA_OIF,
    RTA_TABLE,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import RTM_NEWADDR
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink, RtnetlinkMessage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.tables import own_address

from .request import Request
from .session import connection


@dataclass(frozen=True)
class Uplink:
    """The egress interface towards the controller, and the route over it.

    peer, local: the two ends of the connection. link: the device of the route to the peer. gateway: its next hop, None
    where the peer is on the link. table: the routing table in which the route is. carriers: names of all devices that
    the connection depends on: the link, the device that has the local address, and their lower devices.
    """

    peer: Address
    local: Address
    link: str
    gateway: Address | None = None
    table: int = 254
    carriers: frozenset[str] = frozenset()

    def as_data(self) -> dict[str, object]:
        gateway = str(self.gateway) if self.gateway else None
        return {"peer": str(self.peer), "address": str(self.local), "link": self.link, "gateway": gateway}


def ends(text: str) -> tuple[Address, Address] | None:
    """The addresses of peer and host in a value of SSH_CONNECTION. Pure."""
    words = text.split()
    if len(words) != 4:
        return None
    peer, local = (parse_address(word.split("%")[0]) for word in (words[0], words[2]))
    return (peer, local) if peer is not None and local is not None else None


def find() -> Uplink | None:
    """None where no SSH connection is known, where it ends in another network namespace, or where it does not leave the
    host. Errors: OSError.
    """
    pair = ends(connection())
    if pair is None:
        return None
    peer, local = pair
    names = dict(socket.if_nameindex())
    with Rtnetlink() as netlink:
        holders = {message: names.get(_index(message), "") for message in netlink.dump(RTM_NEWADDR)}
        holder = next((name for message, name in holders.items() if own_address(message) == local), "")
        if not holder:
            return None
        try:
            answer = netlink.route_to(peer, local)
        except OSError:
            # No route: the connection is lost already, there is nothing left to protect.
            return None
    link = names.get(answer.number(RTA_OIF) or 0, "")
    if not link or holder == "lo" or link == "lo":
        return None
    gateway = answer.get(RTA_GATEWAY)
    table = answer.number(RTA_TABLE) or answer.header[4]
    carriers = frozenset(below([link, holder]))
    return Uplink(peer, local, link, ipaddress.ip_address(gateway) if gateway else None, table, carriers)


def _index(message: RtnetlinkMessage) -> int:
    return int(struct.unpack_from("=I", message.header, 4)[0])


def below(links: Iterable[str]) -> set[str]:
    """These links and all their lower devices: parents, and ports of a bridge or bond (netdev_adjacent_add_links).

    sysfs lists both as lower_*.
    """
    found: set[str] = set()
    todo = list(links)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        try:
            entries = os.listdir(f"/sys/class/net/{name}")
        except OSError:
            continue
        todo += [entry[len("lower_") :] for entry in entries if entry.startswith("lower_")]
    return found


REMEDY = (
    "reach this host another way, or set allow_uplink_change: true together with a confirm_timeout, "
    "so that the host undoes the change if that ends the connection"
)


def refuse(uplink: Uplink, key: str, value: object, what: str, request: Request, problems: Problems) -> None:
    """Add a problem, unless the change is allowed and can be undone."""
    problem = f"{what}, which carries Ansible's own connection from {uplink.peer} to {uplink.local}"
    if not request.allow_uplink_change:
        problems.add(key, value, problem, REMEDY)
    elif not request.guarded:
        remedy = "set confirm_timeout to some seconds, and run it as a task of a playbook"
        problems.add(key, value, f"{problem}, and nothing would undo it", remedy)
