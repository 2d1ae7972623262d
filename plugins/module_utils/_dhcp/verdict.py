# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was heard of DHCP servers on one link, and what that means for the addresses declared there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.targets import ProbedRange

from .questions import Question

#: What a message says: a server offers, has leased or refuses an address; a client takes what a server has offered it.
OFFER, LEASE, REFUSAL, REQUEST = "offer", "lease", "refusal", "request"

OVERLAP = "overlap"
SEVERAL_SERVERS = "several_servers"
UNEXPECTED_SERVER = "unexpected_server"
FOREIGN_SUBNET = "foreign_subnet"
BINDING = "binding"
NO_SERVER = "no_server"
NOT_ASKED = "not_asked"
FINDINGS = (OVERLAP, SEVERAL_SERVERS, UNEXPECTED_SERVER, FOREIGN_SUBNET, BINDING, NO_SERVER, NOT_ASKED)

#: Addresses that a message names before it only counts.
_NAMED_MAX = 5


@dataclass(frozen=True)
class Heard:
    """One message of a server, or of a client that names its server.

    version: of IP; server: its identifier, which is the text of an address for IPv4 (option 54) and of a DUID for IPv6;
    source: the address it came from; mac: the frame's sender. These two are None for a request, which comes from the
    client. relay: the relay agent's address.
    address: what is offered, leased or requested; None where the message is about none.
    client: the client's MAC address; question: the one of this check that it answers, None where it is for others.
    """

    kind: str
    version: int
    server: str
    address: Address | None
    client: str
    question: Question | None = None
    source: Address | None = None
    mac: str | None = None
    relay: Address | None = None
    lease_seconds: int | None = None
    network: Network | None = None
    routers: tuple[Address, ...] = ()
    dns_servers: tuple[Address, ...] = ()


@dataclass
class DhcpSighting:
    """A message, the vantages that heard it, and when the first of them did, in seconds since the start."""

    heard: Heard
    vantages: list[str]
    seconds: float


@dataclass
class Server:
    """One server: what its messages said."""

    version: int
    identifier: str
    sightings: list[DhcpSighting] = field(default_factory=list)

    @property
    def messages(self) -> list[Heard]:
        return [sighting.heard for sighting in self.sightings]

    @property
    def name(self) -> str:
        """Address and MAC addresses, for people."""
        macs = sorted({heard.mac for heard in self.messages if heard.mac})
        relays = ", ".join(sorted({str(heard.relay) for heard in self.messages if heard.relay}))
        sources = sorted({str(heard.source) for heard in self.messages if heard.source})
        name, details = self.identifier, macs
        if self.version == 6:
            name, details = (", ".join(sources), [*macs, f"DUID {name}"]) if sources else (f"DUID {name}", [])
        details = details + ([f"through relay {relays}"] if relays else [])
        return f"{name} ({', '.join(details)})" if details else name


@dataclass(frozen=True)
class DhcpFinding:
    """One thing to know. kind: one of FINDINGS; target: the declared range or address it is about."""

    kind: str
    message: str
    servers: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    target: ProbedRange | None = None


@dataclass(frozen=True)
class Declared:
    """What the caller declares of a link. subnets: those that servers may hand out from, none where that is unknown;
    servers: IP versions and identifiers of those that belong there, none where that was not said."""

    targets: Sequence[ProbedRange] = ()
    subnets: Sequence[Network] = ()
    servers: Sequence[tuple[int, str]] = ()

    def expected(self, server: Server) -> bool | None:
        """None where it was not said which servers of that family belong there."""
        known = [identifier for version, identifier in self.servers if version == server.version]
        return server.identifier in known if known else None

    def belongs(self, address: Address) -> bool | None:
        """Whether an address is in one of the subnets, None where none of its family is known."""
        subnets = [subnet for subnet in self.subnets if subnet.version == address.version]
        return any(address in subnet for subnet in subnets) if subnets else None

    def collisions(self, address: Address) -> list[ProbedRange]:
        return [target for target in self.targets if target.overlaps(ProbedRange("", "", address, address))]


def servers(sightings: Iterable[DhcpSighting]) -> list[Server]:
    """Each server with its messages, in the order in which they were first heard."""
    found: dict[tuple[int, str], Server] = {}
    for sighting in sightings:
        key = (sighting.heard.version, sighting.heard.server)
        server = found.setdefault(key, Server(*key))
        server.sightings.append(sighting)
    return list(found.values())


def judge(
    sightings: Sequence[DhcpSighting], declared: Declared, asked: Sequence[int], problem: str
) -> list[DhcpFinding]:
    """All findings of one link. asked: the IP versions that were asked for; problem: why no server could be asked."""
    known = servers(sightings)
    result = [finding for server in known for finding in _overlaps(server, declared)]
    for version in (4, 6):
        result += _several([server for server in known if server.version == version], declared)
    for server in known:
        if declared.expected(server) is False:
            message = f"{server.name} is not one of the servers that belong here"
            result.append(DhcpFinding(UNEXPECTED_SERVER, message, (server.identifier,)))
        result += _foreign(server, declared)
        result += _bindings(server)
    if problem:
        result.append(DhcpFinding(NOT_ASKED, problem))
    else:
        silent = [version for version in asked if not any(server.version == version for server in known)]
        result += [DhcpFinding(NO_SERVER, f"no DHCP server was heard for IPv{version}") for version in silent]
    return result


def _overlaps(server: Server, declared: Declared) -> list[DhcpFinding]:
    """One finding for each declared range or address that the server hands something out of."""
    found: dict[ProbedRange, dict[Address, list[Heard]]] = {}
    for heard in server.messages:
        if heard.address is None or heard.kind == REFUSAL:
            continue
        for target in declared.collisions(heard.address):
            found.setdefault(target, {}).setdefault(heard.address, []).append(heard)
    return [
        DhcpFinding(OVERLAP, _overlap_words(server, target, said), (server.identifier,), tuple(said), target)
        for target, said in found.items()
    ]


def _overlap_words(server: Server, target: ProbedRange, said: dict[Address, list[Heard]]) -> str:
    words = [f"{address} ({_what(heard)})" for address, heard in list(said.items())[:_NAMED_MAX]]
    more = f" and {len(said) - _NAMED_MAX} more" if len(said) > _NAMED_MAX else ""
    return f"{target.text} is declared here, and the DHCP server {server.name} hands out {', '.join(words)}{more}"


def _what(messages: list[Heard]) -> str:
    """The strongest thing that was said of an address."""
    for kind, words in ((LEASE, "leased to"), (REQUEST, "requested by")):
        clients = sorted({heard.client for heard in messages if heard.kind == kind})
        if clients:
            return f"{words} {', '.join(clients)}"
    return "offered"


def _several(known: Sequence[Server], declared: Declared) -> list[DhcpFinding]:
    """Servers that were declared are meant to be several."""
    if len(known) < 2 or all(declared.expected(server) for server in known):
        return []
    names = "; ".join(server.name for server in known)
    message = f"{len(known)} DHCP servers answer on this link: {names}"
    return [DhcpFinding(SEVERAL_SERVERS, message, tuple(server.identifier for server in known))]


def _foreign(server: Server, declared: Declared) -> list[DhcpFinding]:
    outside = {
        heard.address: heard.network
        for heard in server.messages
        if heard.address is not None and heard.kind != REFUSAL and declared.belongs(heard.address) is False
    }
    if not outside:
        return []
    subnets = ", ".join(str(subnet) for subnet in declared.subnets if subnet.version == server.version)
    offered = ", ".join(f"{address}" + (f" of {network}" if network else "") for address, network in outside.items())
    message = f"{server.name} hands out {offered}, which is not in {subnets}"
    return [DhcpFinding(FOREIGN_SUBNET, message, (server.identifier,), tuple(outside))]


def _bindings(server: Server) -> list[DhcpFinding]:
    """A server must not lease what was not requested (RFC 2131, 3.1, 4; RFC 8415, 18.3.1 without Rapid Commit)."""
    leased = [heard.address for heard in server.messages if heard.kind == LEASE and heard.question]
    addresses = list(dict.fromkeys(address for address in leased if address is not None))
    if not addresses:
        return []
    message = f"{server.name} has leased {', '.join(map(str, addresses))} to this check, which only asked for offers"
    return [DhcpFinding(BINDING, message, (server.identifier,), tuple(addresses))]
