# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline of a watch as plain data: what `macvlan_watch` returns, and part of every host's evidence.

The module's documentation says what each field means. Every moment (``after``) is in seconds since ``started``.
"""

from __future__ import annotations

from typing import Dict, List, Literal, Optional, TypedDict, Union

#: A value of a link, an address or a neighbour entry, and by field the values before and after a change.
Value = Union[str, int, bool, None]
Changed = Dict[str, List[Value]]


# ---- targets ---------------------------------------------------------------------------------------------------------


class TargetOrigin(TypedDict):
    """From where a target is asked. namespace: empty for the host's own; link: as far as it is known."""

    namespace: str
    link: str


class RoundTrips(TypedDict):
    """Milliseconds."""

    min: float
    avg: float
    max: float


_TargetFrom = TypedDict("_TargetFrom", {"from": TargetOrigin})


class _Declined(TypedDict, total=False):
    declined: str


class TargetData(_TargetFrom, _Declined):  # pylint: disable=inherit-non-class  # a TypedDict by call: its key is a keyword
    """One target and what came of it. losses: intervals, each a beginning and an end. declined: why what it lost is
    fine, as verification accepts it; absent where it lost nothing, or is not fine."""

    id: str
    network: str
    kind: str
    target: str
    method: str
    sent: int
    received: int
    rtt_ms: RoundTrips | None
    first_loss: float | None
    losses: list[list[float]]
    answered_by: list[str]
    errors: str
    ended: str
    impossible: str


class FirstBreak(TypedDict):
    """target: its id."""

    after: float
    target: str


# ---- processes -------------------------------------------------------------------------------------------------------


class ProcessData(TypedDict):
    """One process. unit: None where systemd did not start it."""

    pid: int
    name: str
    unit: str | None
    command: str


class ActorData(ProcessData):
    """The process behind an event. self: whether it is this module, or was started by it."""

    known_by: str
    parents: list[ProcessData]
    self: bool


class SuspectData(ProcessData, total=False):
    """known_by: how it was found."""

    known_by: str


class _Attribution(TypedDict):
    process: ActorData | None
    process_unknown: str


class Attribution(_Attribution, total=False):
    """Who is behind an event, or why that is not known. suspects: missing where there is none. port: netlink port id of
    a process that had ended."""

    suspects: list[SuspectData]
    port: int


# ---- events ----------------------------------------------------------------------------------------------------------


class _Noted(TypedDict, total=False):
    """reread: its notification was lost, so that it was found by reading all again. changed: for the action change."""

    reread: bool
    changed: Changed


class LinkChange(_Noted):
    """kind: empty for hardware. master, parent: names."""

    name: str
    kind: str
    mac: str
    mtu: int | None
    up: bool
    carrier: bool
    arp: bool
    operstate: str
    promiscuity: int
    master: str | None
    parent: str | None
    mode: str
    bcqueuelen: int | None


class AddressChange(_Noted):
    """address: with prefix length. valid_seconds: None for a permanent one."""

    address: str
    scope: int
    permanent: bool
    tentative: bool
    dadfailed: bool
    valid_seconds: int | None


_Silent = TypedDict("_Silent", {"silent": bool, "with": str}, total=False)


class RouteChange(_Noted, _Silent):  # pylint: disable=inherit-non-class  # a TypedDict by call: its key is a keyword
    """source: the preferred source address. silent: the kernel removed it together with the change in ``with``."""

    destination: str
    gateway: str | None
    source: str | None
    metric: int
    table: int
    protocol: str
    type: str
    scope: int


class NeighbourChange(_Noted):
    """mac: empty where it is not resolved."""

    address: str
    mac: str
    state: str
    router: bool


_RuleSource = TypedDict("_RuleSource", {"from": Optional[str]})


class RuleChange(_Noted, _RuleSource):  # pylint: disable=inherit-non-class  # a TypedDict by call: its key is a keyword
    """action: a number, as in linux/fib_rules.h."""

    family: str
    priority: int
    to: str | None
    iif: str | None
    oif: str | None
    mark: int | None
    table: int
    action: int


class _Claim(TypedDict, total=False):
    changed: Changed


class FrameSeen(_Claim):
    """What an ARP packet or a neighbour discovery message says. count, last: how often, and when last."""

    what: str
    address: str
    mac: str
    asked: str | None
    incoming: bool
    own_mac: bool
    count: int
    last: float


class CounterRise(TypedDict):
    """One run of increments. until: when the last of them was seen."""

    name: str
    before: int
    after: int
    until: float


class _ManagerDetails(TypedDict, total=False):
    reason: str
    changed: Changed


class ManagerState(_ManagerDetails):
    """A state of NetworkManager or systemd-networkd, or of a device as it sees it."""

    manager: str
    state: str | None


class ProgramStart(TypedDict):
    """Nothing more than the event's process."""


class _Event(Attribution):
    """action: new, change, delete or seen. namespace, link: empty where there is none. what: one line for people."""

    after: float
    action: str
    namespace: str
    link: str
    what: str


class LinkEvent(_Event):
    kind: Literal["link"]
    data: LinkChange


class AddressEvent(_Event):
    kind: Literal["address"]
    data: AddressChange


class RouteEvent(_Event):
    kind: Literal["route"]
    data: RouteChange


class NeighbourEvent(_Event):
    kind: Literal["neighbour"]
    data: NeighbourChange


class RuleEvent(_Event):
    kind: Literal["rule"]
    data: RuleChange


class FrameEvent(_Event):
    kind: Literal["arp", "nd"]
    data: FrameSeen


class CounterEvent(_Event):
    kind: Literal["counter"]
    data: CounterRise


class ManagerEvent(_Event):
    kind: Literal["manager"]
    data: ManagerState


class ProgramEvent(_Event):
    kind: Literal["process"]
    data: ProgramStart


#: ``kind`` says which one it is.
Event = Union[
    LinkEvent, AddressEvent, RouteEvent, NeighbourEvent, RuleEvent, FrameEvent, CounterEvent, ManagerEvent, ProgramEvent
]  # fmt: skip
EventKind = Literal["link", "address", "route", "neighbour", "rule", "arp", "nd", "counter", "manager", "process"]
EventData = Union[
    LinkChange, AddressChange, RouteChange, NeighbourChange, RuleChange, FrameSeen, CounterRise, ManagerState,
    ProgramStart,
]  # fmt: skip


# ---- all of it -------------------------------------------------------------------------------------------------------


class CounterData(TypedDict):
    """One counter at the start and at the end. link: empty for those of a whole namespace."""

    namespace: str
    link: str
    name: str
    before: int
    after: int


class WatchCost(TypedDict):
    cpu_seconds: float
    max_rss_kib: int


class TimelineData(TypedDict):
    """started: ISO 8601 by the host's clock. limits: blind spots, for people."""

    started: str
    duration: float
    interval: float
    targets: list[TargetData]
    events: list[Event]
    counters: list[CounterData]
    first_break: FirstBreak | None
    limits: list[str]
    cost: WatchCost
