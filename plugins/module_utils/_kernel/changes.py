# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of links, addresses and routes through rtnetlink: one request each, and the kernel's answer to it.

Options have the names that pyroute2 gives them. Formats: linux/if_link.h, linux/if_addr.h, linux/rtnetlink.h.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable
from typing import Any, Callable, Mapping

from .names import (
    IFA_ADDRESS,
    IFA_F_TENTATIVE,
    IFA_FLAGS,
    IFA_LOCAL,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_IFALIAS,
    IFLA_IFNAME,
    IFLA_INFO_DATA,
    IFLA_INFO_KIND,
    IFLA_LINK,
    IFLA_LINKINFO,
    IFLA_MACVLAN_BC_QUEUE_LEN,
    IFLA_MACVLAN_FLAGS,
    IFLA_MACVLAN_MODE,
    IFLA_MTU,
    IFLA_NET_NS_FD,
    IFLA_NUM_RX_QUEUES,
    IFLA_NUM_TX_QUEUES,
    MACVLAN_FLAG_NOPROMISC,
    MACVLAN_MODES,
    RTA_DST,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_OIF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
    RTAX_NAMES,
    RTN_UNICAST,
)
from .netlink import (
    IFADDRMSG,
    IFINFOMSG,
    NLA_F_NESTED,
    NLM_F_APPEND,
    NLM_F_EXCL,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    RTMSG,
    Attribute,
    attribute,
)
from .rtnetlink import Rtnetlink, RtnetlinkMessage

#: linux/rtnetlink.h: the header has eight bits for the table, and this one says "see RTA_TABLE".
_RT_TABLE_COMPAT = 252
_U16, _U32 = struct.Struct("=H").pack, struct.Struct("=I").pack
_MODES = {name: number for number, name in MACVLAN_MODES.items()}
_METRICS = {name: number for number, name in RTAX_NAMES.items()}

Encoder = Callable[[Any], bytes]


def _octets(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


#: Options of a link, and of macvlan itself (IFLA_INFO_DATA).
_LINK: Mapping[str, tuple[int, Encoder]] = {
    "address": (IFLA_ADDRESS, lambda mac: bytes.fromhex(mac.replace(":", ""))),
    "ifname": (IFLA_IFNAME, lambda name: _octets(name) + b"\0"),
    "mtu": (IFLA_MTU, _U32),
    "link": (IFLA_LINK, _U32),
    "ifalias": (IFLA_IFALIAS, _octets),
    "net_ns_fd": (IFLA_NET_NS_FD, _U32),
    "num_tx_queues": (IFLA_NUM_TX_QUEUES, _U32),
    "num_rx_queues": (IFLA_NUM_RX_QUEUES, _U32),
}
_OWN: Mapping[str, tuple[int, Encoder]] = {
    "macvlan_mode": (IFLA_MACVLAN_MODE, lambda mode: _U32(_MODES[mode])),
    "macvlan_flags": (IFLA_MACVLAN_FLAGS, lambda flag: _U16({"none": 0, "nopromisc": MACVLAN_FLAG_NOPROMISC}[flag])),
    "macvlan_bc_queue_len": (IFLA_MACVLAN_BC_QUEUE_LEN, _U32),
}


class Changes(Rtnetlink):
    """A socket; use it in a ``with`` block. Errors of all calls: OSError with the kernel's number."""

    def link_lookup(self, ifname: str) -> list[int]:
        """The index of a link, none where there is no such link."""
        try:
            return [socket.if_nametoindex(ifname)]
        except OSError:
            return []

    def link(
        self,
        command: str,
        index: int = 0,
        kind: str = "",
        state: str = "",
        data: Iterable[Attribute] = (),
        **given: Any,
    ) -> None:
        """command: add, set or del. data: attributes of the kind's own. given: see `_LINK` and `_OWN`."""
        values = [(number, encode(given[name])) for name, (number, encode) in _LINK.items() if name in given]
        if kind:
            own = [*data, *((number, encode(given[name])) for name, (number, encode) in _OWN.items() if name in given)]
            values.append((IFLA_LINKINFO | NLA_F_NESTED, _info(kind, own)))
        flags, change = (IFF_UP if state == "up" else 0, IFF_UP) if state else (0, 0)
        header = IFINFOMSG.pack(socket.AF_UNSPEC, 0, index, flags, change)
        message = RtnetlinkMessage(RTM_NEWLINK, header, tuple(values))
        if command == "add":
            self.add(message, NLM_F_EXCL)
        elif command == "set":
            self.change(message)
        else:
            self.delete(message)

    def addr(self, command: str, index: int, address: str, prefixlen: int) -> None:
        """command: add or del."""
        family, packed = _packed(address)
        values = [(IFA_ADDRESS, packed), *([(IFA_LOCAL, packed)] if family == socket.AF_INET else [])]
        message = RtnetlinkMessage(RTM_NEWADDR, IFADDRMSG.pack(family, prefixlen, 0, 0, index), tuple(values))
        if command == "add":
            self.add(message, NLM_F_EXCL)
        else:
            self.delete(message)

    def settled(self, index: int, address: str) -> bool:
        """Whether duplicate address detection of an address is over (RFC 4862, 5.4)."""
        family, packed = _packed(address)
        for message in self.dump(RTM_NEWADDR):
            _family, _length, flags, _scope, device = IFADDRMSG.unpack(message.header)
            if (_family, device, message.get(IFA_ADDRESS)) == (family, index, packed):
                return not (message.number(IFA_FLAGS) or flags) & IFA_F_TENTATIVE
        return False

    def route(
        self,
        command: str,
        family: int,
        dst: str,
        oif: int,
        table: int,
        proto: int,
        scope: int,
        gateway: str | None = None,
        prefsrc: str | None = None,
        priority: int = 0,
        tos: int = 0,
        metrics: Mapping[str, Iterable[tuple[str, int]]] | None = None,
    ) -> None:
        """command: append or del. metrics: ``{"attrs": [("RTAX_MTU", 1400)]}``."""
        destination, length = dst.split("/")
        values = [(RTA_TABLE, _U32(table)), (RTA_OIF, _U32(oif))]
        if int(length):
            values.append((RTA_DST, _packed(destination)[1]))
        for number, hop in ((RTA_GATEWAY, gateway), (RTA_PREFSRC, prefsrc)):
            if hop is not None:
                values.append((number, _packed(hop)[1]))
        if priority:
            values.append((RTA_PRIORITY, _U32(priority)))
        if metrics:
            named = ((_METRICS[name[len("RTAX_") :].lower()], _U32(value)) for name, value in metrics["attrs"])
            values.append((RTA_METRICS | NLA_F_NESTED, b"".join(attribute(number, value) for number, value in named)))
        short = table if table < 256 else _RT_TABLE_COMPAT
        header = RTMSG.pack(family, int(length), 0, tos, short, proto, scope, RTN_UNICAST, 0)
        message = RtnetlinkMessage(RTM_NEWROUTE, header, tuple(values))
        if command == "append":
            self.add(message, NLM_F_APPEND)
        else:
            self.delete(message)


def _info(kind: str, own: Iterable[Attribute]) -> bytes:
    data = b"".join(attribute(number, payload) for number, payload in own)
    described = attribute(IFLA_INFO_DATA | NLA_F_NESTED, data) if data else b""
    return attribute(IFLA_INFO_KIND, kind.encode()) + described


def _packed(address: str) -> tuple[int, bytes]:
    """Family and octets."""
    found = ipaddress.ip_address(address)
    return (socket.AF_INET if found.version == 4 else socket.AF_INET6), found.packed
