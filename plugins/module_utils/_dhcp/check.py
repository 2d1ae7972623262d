# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One check of the DHCP servers of a link: from the probes to the result. Changes nothing on the host."""

from __future__ import annotations

import contextlib
import functools
import re
import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Network,
    network_fault,
    one_address_remedy,
    parse_address,
    parse_network,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.report import Clock
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.targets import (
    ProbedRange,
    check_overlaps,
    parse,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import origin as _origin
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import multicast_mac, solicited_node
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.packet_socket import packet_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import (
    ChildFailed,
    temporary_socket,
)

from . import datagram as _datagram
from . import report as _report
from .exchange import GAP, DhcpLane, Port, run, transmissions, transmissions6
from .questions import client_mac, questions, worth_asking
from .segment import DhcpSegment
from .verdict import Declared, judge

PARENT, CHILD = "parent", "child"
VANTAGES = (CHILD, PARENT)

#: Seconds of silence before a check ends: dnsmasq pings an address for three seconds before it offers it.
WAIT = 4.0
ATTEMPTS, ATTEMPTS_MAX = 2, 5
SAMPLES, SAMPLES_MAX = 1, 16
HINTS, HINTS_MAX = 8, 64
LISTEN_MAX = 3600.0

_DUID = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){2,129}")


@dataclass(frozen=True)
class DhcpOptions:
    """The module's options; ``probes`` is a list of {parent, addresses, subnets, servers}.

    host_id: the name of the host in problems.
    """

    probes: list[dict]
    vantage: str = CHILD
    samples: int = SAMPLES
    hints: int = HINTS
    attempts: int = ATTEMPTS
    wait: float = WAIT
    listen_seconds: float = 0.0
    fail_on: Sequence[str] = ()
    host_id: str = ""


@dataclass
class _DhcpProbe:
    """One item of the input, parsed."""

    key: str
    parent: Any
    targets: list[ProbedRange]
    subnets: list[Network]
    servers: list[tuple[int, str]]


def check(options: DhcpOptions) -> tuple[dict[str, object], str, list[str]]:
    """The result, the message to fail with, which is empty where nothing was found that ``fail_on`` names, and warnings
    of the other findings.

    Errors: InvalidInput.
    """
    problems = Problems(options.host_id)
    probes = _parse(options, problems)
    if problems:
        raise InvalidInput(problems)
    clock = Clock(time.time(), time.monotonic())
    facts = read()
    segments = _segments(probes, facts, problems)
    if problems:
        raise InvalidInput(problems)
    with contextlib.ExitStack() as stack:
        for segment in segments:
            segment.problem = _state_problem(segment.link)
            if not segment.problem:
                _open(segment, options, facts, stack)
        clock.asked = time.monotonic()
        lanes = [DhcpLane(item.ports, item.hear, [asked.transaction for asked in item.asked]) for item in segments]
        run(lanes, options.wait, options.listen_seconds, clock.monotonic)
        clock.done = time.monotonic()
    for segment in segments:
        versions = sorted({asked.question.version for asked in segment.asked})
        segment.findings = judge(list(segment.sightings.values()), segment.declared, versions, _blind(segment))
    failure = _report.failure(segments, options.fail_on)
    return _report.result(segments, clock), failure, _report.warnings(segments, options.fail_on)


def _parse(options: DhcpOptions, problems: Problems) -> list[_DhcpProbe]:
    """Check everything that does not depend on the host's links."""
    check_pyroute2(problems)
    wanted = (CAP_NET_RAW,) if options.vantage == PARENT else (CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_ADMIN)
    check_capabilities(problems, *wanted)
    for key, value, lowest, highest in (
        ("samples", options.samples, 0, SAMPLES_MAX),
        ("hints", options.hints, 0, HINTS_MAX),
        ("attempts", options.attempts, 1, ATTEMPTS_MAX),
        ("wait", options.wait, 0.1, 60),
        ("listen_seconds", options.listen_seconds, 0, LISTEN_MAX),
    ):
        if not lowest <= value <= highest:
            problems.add(key, value, "this is out of range", f"give a number from {lowest} to {highest:g}")
    if options.samples == 0 and options.listen_seconds <= 0:
        problems.add(
            "samples", 0, "with listen_seconds 0 this neither asks nor listens", "set listen_seconds, or samples to 1"
        )
    if not options.probes:
        problems.add("probes", [], "there is nothing to check", "list at least one parent")
    return [
        _parse_probe(probe, _origin.place(probe, f"probes[{number}]", problems), problems)
        for number, probe in enumerate(options.probes)
    ]


def _parse_probe(probe: dict, key: str, problems: Problems) -> _DhcpProbe:
    _parents.check(probe["parent"], f"{key}.parent", problems)
    texts = probe.get("addresses") or []
    listed = _origin.member(key, "addresses")
    targets = [parse(text, f"{listed}[{place}]", problems) for place, text in enumerate(texts)]
    result = _DhcpProbe(key, probe["parent"], [target for target in targets if target is not None], [], [])
    for place, text in enumerate(probe.get("subnets") or []):
        network = parse_network(text)
        if network is None:
            problems.add(f"{key}.subnets[{place}]", text, *network_fault(text, "a network"))
        else:
            result.subnets.append(network)
    for place, text in enumerate(probe.get("servers") or []):
        server = _identifier(text)
        if server is None:
            remedy = "write an IPv4 address such as 192.168.100.1, or a DUID such as 00:03:00:01:52:54:00:12:34:56"
            problems.add(
                f"{key}.servers[{place}]", text, "this identifies no DHCP server", one_address_remedy(text, remedy, 4)
            )
        else:
            result.servers.append(server)
    return result


def _identifier(text: str) -> tuple[int, str] | None:
    """IP version and identifier of a server: an IPv4 address, or a DUID of at least 3 octets (RFC 8415, 11.1)."""
    address = parse_address(text)
    if address is not None:
        return (4, str(address)) if address.version == 4 else None
    text = text.strip().lower()
    return (6, text) if _DUID.fullmatch(text) else None


def _segments(probes: list[_DhcpProbe], facts: Facts, problems: Problems) -> list[DhcpSegment]:
    """One segment for each parent; several probes may name the same one."""
    found: dict[int, tuple[Link, list[_DhcpProbe]]] = {}
    for probe in probes:
        key = f"{probe.key}.parent"
        link = _parents.resolve(probe.parent, facts, key, problems)
        if link is None:
            continue
        if link.loopback:
            problems.add(key, probe.parent, "no server is on the loopback interface", "name an Ethernet interface")
        elif not link.ethernet:
            problems.add(key, probe.parent, f"{link.name} is not an Ethernet interface", "name an Ethernet interface")
        found.setdefault(link.index, (link, []))[1].append(probe)
    result = []
    for link, mine in found.values():
        targets = [target for probe in mine for target in probe.targets]
        check_overlaps(targets, problems)
        subnets = [subnet for probe in mine for subnet in probe.subnets]
        own = [
            item.interface.network
            for item in facts.addresses_of(link)
            if not item.kernel_link_local and item.interface.network.num_addresses > 1
        ]
        # what was not declared is what the host has there
        subnets += [network for network in own if not any(subnet.version == network.version for subnet in subnets)]
        servers = [server for probe in mine for server in probe.servers]
        result.append(DhcpSegment(link, Declared(targets, subnets, servers)))
    return result


def _state_problem(link: Link) -> str:
    if not link.up:
        return f"{link.name} is down"
    return "" if link.carrier else f"{link.name} has no carrier"


def _open(segment: DhcpSegment, options: DhcpOptions, facts: Facts, stack: contextlib.ExitStack) -> None:
    """Open the ports, note for those that fail why, and plan what to ask."""
    link = segment.link
    program = _datagram.program()
    groups = [multicast_mac(_datagram.ALL_RELAYS_AND_SERVERS)]
    try:
        sock = stack.enter_context(packet_socket(link.name, program, groups))
    except OSError as error:
        segment.problem = f"{link.name}: {error.strerror}"
        return
    # it hears broadcasts and what is for this host, whoever asks
    parent = Port(PARENT, link.name, link.mac, sock)
    segment.ports.append(parent)
    asking = {client_mac(link.mac, sample): parent for sample in range(options.samples)}
    if options.vantage == CHILD and asking:
        refusals = Problems()
        _parents.check_capable(link, facts, "parent", link.name, refusals)
        try:
            if refusals:
                raise ChildFailed("; ".join(item.problem for item in refusals.items))
            for mac in tuple(asking):
                mine = [*groups, multicast_mac(solicited_node(_datagram.link_local(mac)))]
                child = temporary_socket(link, functools.partial(packet_socket, program=program, groups=mine), mac)
                port = Port(CHILD, *stack.enter_context(child))
                segment.ports.append(port)
                asking[mac] = port
        except ChildFailed as error:
            segment.missing[CHILD] = str(error)
            return
    declared = segment.declared
    for version in _versions(declared, options) if asking else ():
        wanted = worth_asking(declared.targets, declared.subnets, version)
        segment.left_out += wanted[options.hints :]
        retransmit = transmissions6 if version == 6 else transmissions
        for place, question in enumerate(questions(link.mac, wanted[: options.hints], options.samples, version)):
            segment.ask(question, asking[question.mac], retransmit(place * GAP, options.attempts))


def _versions(declared: Declared, options: DhcpOptions) -> list[int]:
    """IPv4 always, and IPv6 where it is declared. From the parent it is not asked for: the answer would be addressed to
    a link-local address that the host does not have."""
    networks = [*declared.subnets, *(target.first for target in declared.targets)]
    dual = any(item.version == 6 for item in networks)
    return [4, 6] if dual and options.vantage == CHILD else [4]


def _blind(segment: DhcpSegment) -> str:
    """Why silence means nothing on this segment, empty where it means something."""
    reasons = [segment.problem, *segment.missing.values()]
    reasons += [port.problem or port.missed() for port in segment.ports]
    reasons.append(segment.overrun())
    return "; ".join(dict.fromkeys(filter(None, reasons)))
