# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked and heard on one parent."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import (
    ANSWERS_MAX,
    MESSAGES_OF_SERVER,
    SERVERS_MAX,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as _packets

from . import datagram as _datagram
from . import message as _message
from . import message6 as _message6
from .exchange import Port, Transaction
from .questions import VENDOR, Question
from .reading import read, read6
from .verdict import OFFER, Declared, DhcpFinding, DhcpSighting, Heard


@dataclass
class AskedQuestion:
    """One question: its transaction id, and what carries it."""

    question: Question
    xid: int
    transaction: Transaction


@dataclass
class DhcpSegment:
    """What is asked and heard on one parent.

    problem: why no server could be asked there. missing: why there is no vantage of that name. left_out: addresses that
    were worth asking for and exceeded the number of hints. only_counted: messages that were heard and not kept.
    """

    link: Link
    declared: Declared
    problem: str = ""
    ports: list[Port] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    asked: list[AskedQuestion] = field(default_factory=list)
    sightings: dict[Heard, DhcpSighting] = field(default_factory=dict)
    left_out: list[Address] = field(default_factory=list)
    findings: list[DhcpFinding] = field(default_factory=list)
    only_counted: int = 0
    _kept: dict[bool, dict[tuple[int, str], int]] = field(default_factory=dict)
    _answered: dict[str, int] = field(default_factory=dict)

    def ask(self, question: Question, port: Port, due: Sequence[float]) -> None:
        """Plan one question."""
        plan = _solicit if question.version == 6 else _discover
        self.asked.append(plan(question, port, list(due)))

    def hear(self, port: Port, frame: bytes, seconds: float) -> bool:
        """Keep what a frame says, and say whether it answers a question for the first time."""
        datagram = _datagram.parse(frame)
        if datagram is None:
            self._be_found(port, frame)
            return False
        said, asked = self._read(datagram)
        for heard in said:
            if not self._has_room(heard):
                self.only_counted += 1
                continue
            known = self.sightings.setdefault(heard, DhcpSighting(heard, [], seconds))
            if port.name not in known.vantages:
                known.vantages.append(port.name)
        if asked is None or not said or asked.transaction.answered:
            return False
        asked.transaction.answered = True
        return True

    def _has_room(self, heard: Heard) -> bool:
        """Whether a message is kept. Declared servers, and answers to our own questions, have room of their own, so
        that what is overheard cannot displace them."""
        if heard in self.sightings:
            return True
        own = heard.question is not None
        servers = self._kept.setdefault(own, {})
        key = (heard.version, heard.server)
        strangers = sum(1 for item in servers if item not in self.declared.servers)
        if key not in servers and key not in self.declared.servers and strangers >= SERVERS_MAX:
            return False
        if servers.get(key, 0) >= MESSAGES_OF_SERVER:
            return False
        servers[key] = servers.get(key, 0) + 1
        return True

    def overrun(self) -> str:
        """What was heard and not kept, in words; empty where everything was."""
        if not self.only_counted:
            return ""
        return (
            f"{self.link.name}: {self.only_counted} DHCP messages were only counted, as {SERVERS_MAX} servers that are "
            f"not declared are kept and {MESSAGES_OF_SERVER} messages of each: further ones are unknown"
        )

    def offers(self, asked: AskedQuestion) -> list[Heard]:
        """What a question was offered."""
        return [heard for heard in self.sightings if heard.kind == OFFER and heard.question == asked.question]

    def _read(self, datagram: _datagram.Datagram) -> tuple[list[Heard], AskedQuestion | None]:
        """What a datagram says, and which of our questions it answers."""
        if datagram.source.version == 6:
            solicited = _message6.parse(datagram.payload)
            if solicited is None:
                return [], None
            asked = self._asked(6, solicited.xid, lambda mac: _message6.duid(mac) == solicited.client)
            return read6(datagram, solicited, asked.question if asked else None), asked
        message = _message.parse(datagram.payload)
        if message is None:
            return [], None
        asked = self._asked(4, message.xid, lambda mac: mac == message.chaddr)
        return read(datagram, message, asked.question if asked else None), asked

    def _asked(self, version: int, xid: int, is_client: Callable[[str], bool]) -> AskedQuestion | None:
        for item in self.asked:
            if (item.question.version, item.xid) == (version, xid) and is_client(item.question.mac):
                return item
        return None

    def _be_found(self, port: Port, frame: bytes) -> None:
        """Answer a server that looks for the link-local address of a client here (RFC 4861, 7.2.4)."""
        found = _packets.parse(frame)
        if found is None or not isinstance(found.body, _packets.Neighbour) or not found.body.solicitation:
            return
        asker = found.body
        mine = any(item.question.version == 6 and item.transaction.port is port for item in self.asked)
        if not mine or asker.target != _datagram.link_local(port.mac) or asker.source == _packets.UNSPECIFIED:
            return
        self._answered[port.link] = self._answered.get(port.link, 0) + 1
        if self._answered[port.link] > ANSWERS_MAX:
            return
        answer = _packets.Neighbour(
            False, asker.target, asker.source, asker.target, port.mac, solicited=True, override=True
        )
        port.send(_packets.build(_packets.Frame(port.mac, found.source, answer)))


def _discover(question: Question, port: Port, due: list[float]) -> AskedQuestion:
    xid = secrets.randbits(32)
    wanted = question.wanted if isinstance(question.wanted, ipaddress.IPv4Address) else None
    # RFC 2132, 9.14: type 0 is an identifier that is no hardware address
    client_id = b"\0" + question.client_id.encode()

    def frame(seconds: float) -> bytes:
        message = _message.discover(xid, question.mac, client_id, VENDOR, wanted, int(seconds))
        return _datagram.build(_datagram.from_client(port.mac, _message.build(message)))

    return AskedQuestion(question, xid, Transaction(port, frame, due))


def _solicit(question: Question, port: Port, due: list[float]) -> AskedQuestion:
    xid = secrets.randbits(24)
    wanted = question.wanted if isinstance(question.wanted, ipaddress.IPv6Address) else None

    def frame(seconds: float) -> bytes:
        message = _message6.solicit(xid, question.mac, question.number, wanted, seconds)
        return _datagram.build(_datagram.from_client6(port.mac, _datagram.link_local(port.mac), message))

    return AskedQuestion(question, xid, Transaction(port, frame, due))
