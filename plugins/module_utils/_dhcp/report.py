# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a check as plain data, and the message to fail with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_lines
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.report import Clock

from .segment import AskedQuestion, DhcpSegment
from .verdict import (
    FINDINGS,
    LEASE,
    NO_SERVER,
    NOT_ASKED,
    OFFER,
    REFUSAL,
    REQUEST,
    DhcpFinding,
    DhcpSighting,
    Server,
    servers,
)

#: Findings that a message names before it only counts, and characters of one.
_NAMED_MAX, _LINE_MAX = 20, 2000


def result(segments: Sequence[DhcpSegment], clock: Clock) -> dict[str, object]:
    """``servers``, ``addresses``, ``findings`` and so on. overrun: what was heard and not kept, in words."""
    return {
        "servers": [
            _server(server, segment, clock) for segment in segments for server in servers(segment.sightings.values())
        ],
        "addresses": [
            _address(sighting.heard.address, sighting, segment, clock)
            for segment in segments
            for sighting in segment.sightings.values()
            if sighting.heard.address is not None
        ],
        "discoveries": [_discovery(asked, segment) for segment in segments for asked in segment.asked],
        "not_asked_for": [
            {"parent": segment.link.name, "address": str(address)}
            for segment in segments
            for address in segment.left_out
        ],
        "findings": [_finding(finding, segment) for segment in segments for finding in segment.findings],
        "vantages": [item for segment in segments for item in _vantages(segment)],
        "overrun": [text for segment in segments for text in _overrun(segment)],
        "started": clock.iso(0.0),
        "seconds": round(clock.done - clock.monotonic, 3),
    }


def _overrun(segment: DhcpSegment) -> list[str]:
    return [text for text in (segment.overrun(), *(port.missed() for port in segment.ports)) if text]


def _texts(values: Iterable[object]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(str(value) for value in values if value is not None))


def _server(server: Server, segment: DhcpSegment, clock: Clock) -> dict[str, object]:
    messages = server.messages
    kinds = [heard.kind for heard in messages]
    leases = [heard.lease_seconds for heard in messages if heard.lease_seconds is not None]
    return {
        "parent": segment.link.name,
        "version": server.version,
        "server": server.identifier,
        "expected": segment.declared.expected(server),
        "macs": _texts(heard.mac for heard in messages),
        "sources": _texts(heard.source for heard in messages),
        "relays": _texts(heard.relay for heard in messages),
        "lease_seconds": leases[0] if leases else None,
        "subnets": _texts(heard.network for heard in messages),
        "routers": _texts(router for heard in messages for router in heard.routers),
        "dns_servers": _texts(address for heard in messages for address in heard.dns_servers),
        "offers": kinds.count(OFFER),
        "leases": kinds.count(LEASE),
        "refusals": kinds.count(REFUSAL),
        "requests": kinds.count(REQUEST),
        **_seen(server.sightings[0], clock),
    }


def _address(address: Address, sighting: DhcpSighting, segment: DhcpSegment, clock: Clock) -> dict[str, object]:
    heard = sighting.heard
    wanted = heard.question.wanted if heard.question else None
    return {
        "parent": segment.link.name,
        "address": str(address),
        "kind": heard.kind,
        "server": heard.server,
        "client_mac": heard.client,
        "own": heard.question is not None,
        "asked_for": None if wanted is None else str(wanted),
        "lease_seconds": heard.lease_seconds,
        "declared": [target.text for target in segment.declared.collisions(address)],
        "in_subnet": segment.declared.belongs(address),
        "vantages": sighting.vantages,
        **_seen(sighting, clock),
    }


def _seen(sighting: DhcpSighting, clock: Clock) -> dict[str, object]:
    return {"first_seen": clock.iso(sighting.seconds), "first_seen_seconds": round(sighting.seconds, 6)}


def _discovery(asked: AskedQuestion, segment: DhcpSegment) -> dict[str, object]:
    return {
        "parent": segment.link.name,
        "version": asked.question.version,
        "client_mac": asked.question.mac,
        "client_id": asked.question.client_id,
        "asked_for": None if asked.question.wanted is None else str(asked.question.wanted),
        "offered": _texts(heard.address for heard in segment.offers(asked)),
    }


def _finding(finding: DhcpFinding, segment: DhcpSegment) -> dict[str, object]:
    return {
        "parent": segment.link.name,
        "kind": finding.kind,
        "message": finding.message,
        "servers": _texts(finding.servers),
        "addresses": _texts(finding.addresses),
        "declared": finding.target.text if finding.target else None,
    }


def _vantages(segment: DhcpSegment) -> list[dict[str, object]]:
    used: list[dict[str, object]] = [
        {
            "parent": segment.link.name,
            "vantage": port.name,
            "link": port.link,
            "mac": port.mac,
            "packets": port.sent,
            "lost": port.lost,
            "reason": port.problem,
        }
        for port in segment.ports
    ]
    return used + [
        {"parent": segment.link.name, "vantage": name, "reason": reason} for name, reason in segment.missing.items()
    ]


def failure(segments: Sequence[DhcpSegment], fail_on: Sequence[str]) -> str:
    """The message to fail with, empty when nothing was found that ``fail_on`` names."""
    lines = _lines(segments, fail_on)
    return "\n".join(["DHCP check:", *(f"  - {line}" for line in lines)]) if lines else ""


def warnings(segments: Sequence[DhcpSegment], fail_on: Sequence[str]) -> list[str]:
    """Findings that do not fail the check and deserve a warning. That no server answers is common, and is none."""
    return _lines(segments, [kind for kind in FINDINGS if kind not in (*fail_on, NO_SERVER, NOT_ASKED)])


def _lines(segments: Sequence[DhcpSegment], kinds: Sequence[str]) -> list[str]:
    found = [
        f"{finding.message} (on {segment.link.name})"
        for segment in segments
        for finding in segment.findings
        if finding.kind in kinds
    ]
    more = [f"and {len(found) - _NAMED_MAX} more findings"] if len(found) > _NAMED_MAX else []
    return [clean_lines(line, _LINE_MAX) for line in found[:_NAMED_MAX]] + more
