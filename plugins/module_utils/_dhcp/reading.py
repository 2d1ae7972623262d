# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a message says of a server. Pure."""

from __future__ import annotations

import ipaddress

from . import message as _message
from . import message6 as _message6
from .datagram import Datagram
from .questions import Question
from .verdict import LEASE, OFFER, REFUSAL, REQUEST, Heard

_KINDS = {_message.OFFER: OFFER, _message.ACK: LEASE, _message.NAK: REFUSAL}
#: A client of these three names its server; one that sends CONFIRM or REBIND asks any (RFC 8415, 16.4 and 18.2).
_KINDS6 = {
    _message6.ADVERTISE: OFFER,
    _message6.REPLY: LEASE,
    _message6.REQUEST: REQUEST,
    _message6.RENEW: REQUEST,
}


def read(datagram: Datagram, message: _message.DhcpMessage, question: Question | None) -> list[Heard]:
    """Nothing where an IPv4 message says nothing of a server. question: the one that it answers."""
    relay = _given(message.giaddr)
    if message.op == _message.BOOTREQUEST:
        # a client that requests what a server has offered names that server (RFC 2131, 4.3.2); others only remember
        if message.kind != _message.REQUEST or message.server_id is None or message.requested_address is None:
            return []
        return [Heard(REQUEST, 4, str(message.server_id), message.requested_address, message.chaddr, relay=relay)]
    kind = _KINDS.get(message.kind or 0)
    if kind is None:
        return []
    return [
        Heard(
            kind,
            4,
            str(message.server_id or datagram.source),
            _given(message.yiaddr),
            message.chaddr,
            question=question,
            source=datagram.source,
            mac=datagram.source_mac,
            relay=relay,
            lease_seconds=message.lease_seconds,
            network=message.network if kind != REFUSAL else None,
            routers=message.routers,
            dns_servers=message.dns_servers,
        )
    ]


def read6(datagram: Datagram, message: _message6.Dhcp6Message, question: Question | None) -> list[Heard]:
    """The same for IPv6: one item for each address, or one without where there is none."""
    kind = _KINDS6.get(message.kind)
    if kind is None or not message.server:
        return []
    leases: list[tuple[ipaddress.IPv6Address | None, int | None]] = [
        (lease.address, lease.valid) for lease in message.leases
    ]
    server = message.server.hex(":")
    if kind == REQUEST:
        return [Heard(kind, 6, server, address, datagram.source_mac) for address, dummy in leases if address]
    return [
        Heard(
            kind,
            6,
            server,
            address,
            datagram.destination_mac,
            question=question,
            source=datagram.source,
            mac=datagram.source_mac,
            lease_seconds=seconds,
            dns_servers=message.dns_servers,
        )
        for address, seconds in leases or [(None, None)]
    ]


def _given(address: ipaddress.IPv4Address) -> ipaddress.IPv4Address | None:
    return address if int(address) else None
