# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From frames to what they say of DHCP servers, for one parent."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._facts import Link

from . import datagram as _datagram
from . import message as _message
from .exchange import Port, Transaction
from .questions import VENDOR, Question
from .verdict import LEASE, OFFER, REFUSAL, REQUEST, Declared, Finding, Heard, Sighting

_KINDS = {_message.OFFER: OFFER, _message.ACK: LEASE, _message.NAK: REFUSAL}


@dataclass
class Asked:
    """One discovery: the question, its transaction id, and what carries it."""

    question: Question
    xid: int
    transaction: Transaction


@dataclass
class Segment:
    """What is asked and heard on one parent.

    problem: why nobody could be asked there. missing: why there is no vantage of that name. left_out: addresses that
    were worth asking for and were not, for want of hints.
    """

    link: Link
    declared: Declared
    problem: str = ""
    ports: list[Port] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    sightings: dict[Heard, Sighting] = field(default_factory=dict)
    left_out: list[Address] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def ask(self, question: Question, port: Port, due: Sequence[float]) -> None:
        """Plan one discovery."""
        xid = secrets.randbits(32)
        wanted = question.wanted if isinstance(question.wanted, ipaddress.IPv4Address) else None

        def frame(seconds: int) -> bytes:
            # RFC 2132, 9.14: type 0 is an identifier that is no hardware address
            client_id = b"\0" + question.client_id.encode()
            message = _message.discover(xid, question.mac, client_id, VENDOR, wanted, seconds)
            return _datagram.build(_datagram.from_client(port.mac, _message.build(message)))

        self.asked.append(Asked(question, xid, Transaction(port, frame, list(due))))

    def hear(self, port: Port, frame: bytes, seconds: float) -> bool:
        """Keep what a frame says, and say whether it answers a discovery for the first time."""
        datagram = _datagram.parse(frame)
        message = _message.parse(datagram.payload) if datagram else None
        if datagram is None or message is None:
            return False
        client = (message.xid, message.chaddr)
        asked = next((item for item in self.asked if (item.xid, item.question.mac) == client), None)
        heard = read(datagram, message, asked.question if asked else None)
        if heard is None:
            return False
        known = self.sightings.setdefault(heard, Sighting(heard, [], seconds))
        if port.name not in known.vantages:
            known.vantages.append(port.name)
        if asked is None or asked.transaction.answered:
            return False
        asked.transaction.answered = True
        return True

    def offers(self, asked: Asked) -> list[Heard]:
        """What a discovery was offered."""
        return [heard for heard in self.sightings if heard.kind == OFFER and heard.question == asked.question]


def read(datagram: _datagram.Datagram, message: _message.Message, question: Question | None) -> Heard | None:
    """What a message says of a server, None where it says nothing of any."""
    if message.op == _message.BOOTREQUEST:
        # a client that requests what a server has offered names that server (RFC 2131, 4.3.2); others only remember
        if message.kind != _message.REQUEST or message.server_id is None or message.requested_address is None:
            return None
        return Heard(
            REQUEST, message.server_id, message.requested_address, message.chaddr, relay=_given(message.giaddr)
        )
    kind = _KINDS.get(message.kind or 0)
    if kind is None:
        return None
    return Heard(
        kind,
        message.server_id or datagram.source,
        _given(message.yiaddr),
        message.chaddr,
        question=question,
        source=datagram.source,
        mac=datagram.source_mac,
        relay=_given(message.giaddr),
        lease_seconds=message.lease_seconds,
        network=message.network if kind != REFUSAL else None,
        routers=message.routers,
        dns_servers=message.dns_servers,
    )


def _given(address: ipaddress.IPv4Address) -> ipaddress.IPv4Address | None:
    return address if int(address) else None
