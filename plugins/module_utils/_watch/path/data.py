# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths of lost probes as plain data: part of every host's evidence.

A hop is an interface: ``LINK`` of the host, or ``NAMESPACE/LINK``. Beside hops an edge has the ends SENDER, HOLDER (the
machine or container that has the address, above its interface) and NETWORK (what lies behind the parent).
"""

from __future__ import annotations

from typing import List, TypedDict

SENDER, HOLDER, NETWORK = "sender", "holder", "network"
REQUEST, ANSWER, UNKNOWN = "request", "answer", "unknown"
ICMP, ARP, ND = "icmp", "arp", "nd"

#: Numbers from the first to the last of each run, both included.
RunData = List[List[int]]


class KernelDrop(TypedDict):
    """reason, location: as the kernel names them. device: where the packet came in or went out last."""

    reason: str
    location: str
    device: str
    count: int


class LostEdge(TypedDict):
    """Where attempts vanished. edge: from one end or hop to the next one in the packet's direction. protocol: what was
    lost: the question, or the ARP or ND that has to come before it. numbers: of the attempts. first, last: seconds."""

    edge: list[str]
    direction: str
    protocol: str
    numbers: RunData
    count: int
    first: float
    last: float
    drops: list[KernelDrop]


class _TargetPath(TypedDict):
    """The path of one target that lost attempts. target: its id in the timeline. probe: its number in the marks.

    hops: in the request's direction. mac: of the interface that asks. end: HOLDER where the address is on this host,
    NETWORK where it is behind the parent. request_hop, answer_hop: the last ones that saw the latest lost attempt,
    empty for none.
    """

    target: str
    address: str
    probe: int
    mac: str
    hops: list[str]
    end: str
    sent: int
    answered: int
    request_hop: str
    answer_hop: str
    edges: list[LostEdge]


class TargetPath(_TargetPath, total=False):
    """misdirected: how many answers came to the parent for another MAC address than that of who asks, by that address;
    missing: none. Only a switch that does not know that address sends them here."""

    misdirected: dict[str, int]


class HopSeen(TypedDict):
    """What one interface saw of another host's probe. requests, answers: numbers of attempts; for ARP and ND, which
    have none, only how many."""

    hop: str
    requests: RunData
    answers: RunData
    request_count: int
    answer_count: int


class ForeignProbe(TypedDict):
    """A probe of another host of the fleet. nonce: of its run, empty for ARP and ND. hops: from the parent inwards."""

    nonce: str
    probe: int
    protocol: str
    mac: str
    address: str
    hops: list[HopSeen]


class PathsData(TypedDict):
    """nonce: in hexadecimal, of this run. not_traced: why the kernel could not be asked for its drops, empty where it
    was. limits: blind spots, for people."""

    nonce: str
    targets: list[TargetPath]
    foreign: list[ForeignProbe]
    not_traced: str
    limits: list[str]
