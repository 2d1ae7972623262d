# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the experiments as plain data. A new experiment has its result here, and a place in `ExperimentData`.

namespace: the label of the one that asked, empty for the host's own.
"""

from __future__ import annotations

from typing import Literal, TypedDict, Union

# ---- rules of nftables, which a snapshot has too ---------------------------------------------------------------------


class RulePlace(TypedDict):
    """place: family, table and chain. hooks: from which the chain is reached. handle: None for a chain's policy."""

    place: str
    hooks: list[str]
    handle: int | None


class DroppingRule(RulePlace):
    """A rule that drops and counts. addresses: ranges FIRST-LAST that it matches. matches: JSON, cut off."""

    packets: int
    addresses: list[str]
    matches: str


class DroppedRule(DroppingRule):
    """dropped: by how much ``packets`` grew during the experiment."""

    dropped: int


# ---- the results -----------------------------------------------------------------------------------------------------


class AnnouncedPair(TypedDict):
    """before, after: answers before the announcement and after it. why_not: why the address was not announced."""

    namespace: str
    link: str
    mac: str | None
    address: str
    target: str
    before: int
    after: int
    why_not: str


class AnnounceResult(TypedDict):
    pairs: list[AnnouncedPair]


class PingCount(TypedDict):
    namespace: str
    target: str
    sent: int
    received: int


class _BridgePassed(TypedDict, total=False):
    how: str
    pings: list[PingCount]
    drops: list[DroppedRule]
    uncounted: list[RulePlace]
    legacy: list[str]


class BridgePassResult(_BridgePassed):
    """bridge: None where there is none, and then nothing else. how: ``itself`` or ``port``.

    uncounted: what drops and does not count. legacy: tables of iptables-legacy, which nft does not show.
    """

    bridge: str | None


class WrongSender(TypedDict):
    mac: str
    frames: int
    examples: list[str]


class ChecksumsResult(TypedDict):
    """right: frames."""

    seconds: float
    right: int
    wrong: list[WrongSender]


class DatagramPair(TypedDict):
    """summed, unsummed: answers to datagrams with a checksum, and without one."""

    namespace: str
    target: str
    sent: int
    summed: int
    unsummed: int


class DatagramsResult(TypedDict):
    pairs: list[DatagramPair]


class DhcpServer(TypedDict):
    """server: its identifier."""

    server: str
    macs: list[str]
    lease_seconds: int | None


class DhcpOverlap(TypedDict):
    """A finding of dhcp_check: declared addresses that servers hand out. declared: the range or address."""

    parent: str
    kind: str
    message: str
    servers: list[str]
    addresses: list[str]
    declared: str | None


class DhcpAskResult(TypedDict):
    servers: list[DhcpServer]
    overlaps: list[DhcpOverlap]


class FluxAnswer(TypedDict):
    """answered: the MAC addresses that answered for the address."""

    address: str
    answered: list[str]


class FluxAskResult(TypedDict):
    """link, mac: the host's link, which was asked."""

    link: str
    mac: str
    results: list[FluxAnswer]


class SizedPair(TypedDict):
    """size: the sender's MTU; passed, lost: sizes of which a packet was answered, and of which none was. In octets."""

    namespace: str
    target: str
    size: int
    passed: list[int]
    lost: list[int]
    error: str


class FullSizeResult(TypedDict):
    pairs: list[SizedPair]


class AskedVantage(TypedDict):
    """answered: the MAC addresses that answered. mac: None where it could not ask, for the reason in ``why_not``."""

    vantage: str
    link: str
    mac: str | None
    sent: int
    answered: list[str]
    why_not: str


class GatewayAskResult(TypedDict):
    gateway: str
    asked: list[AskedVantage]


class HolderPlace(TypedDict):
    namespace: str
    link: str


class AnsweringHolder(TypedDict):
    """As arp_conflict_check returns it."""

    mac: str
    vantage: str
    kind: str
    count: int
    first_seen: str
    first_seen_seconds: float
    last_seen_seconds: float
    own: bool
    owner: str
    where: HolderPlace | None


class HoldersOfAddress(TypedDict):
    """As arp_conflict_check returns it."""

    parent: str
    address: str
    status: str
    conflict: str
    reason: str
    holders: list[AnsweringHolder]


class ProbingVantage(TypedDict):
    """As arp_conflict_check returns it, as far as a diagnosis reads it."""

    parent: str
    vantage: str
    asked: bool
    listened: bool
    reason: str


class _HoldersStart(TypedDict, total=False):
    started: str


class HoldersResult(_HoldersStart):
    """started: ISO 8601; missing where there was nothing to ask."""

    results: list[HoldersOfAddress]
    vantages: list[ProbingVantage]


class NextHop(TypedDict):
    """A machine by which a container sends to other networks. answered: the MAC addresses that it answered with."""

    namespace: str
    link: str
    address: str
    answered: list[str]


class NextHopsResult(TypedDict):
    hops: list[NextHop]


class PromiscuousResult(TypedDict):
    """sent: questions each. promiscuous, after: answers in promiscuous mode, and after it; None without any in it."""

    gateway: str
    mac: str
    sent: int
    promiscuous: int
    after: int | None


class SolicitResult(TypedDict):
    """sent: of each kind; multicast, broadcast: answers."""

    gateway: str
    link: str
    sent: int
    multicast: int
    broadcast: int


class VlanSeen(TypedDict):
    """id: 0 for frames without a tag."""

    id: int
    frames: int
    examples: list[str]


class TagsResult(TypedDict):
    seconds: float
    vlans: list[VlanSeen]


Result = Union[
    AnnounceResult, BridgePassResult, ChecksumsResult, DatagramsResult, DhcpAskResult, FluxAskResult, FullSizeResult,
    GatewayAskResult, HoldersResult, NextHopsResult, PromiscuousResult, SolicitResult, TagsResult,
]  # fmt: skip


# ---- one experiment for one network ----------------------------------------------------------------------------------


class _ExperimentData(TypedDict):
    """at: ISO 8601; sent: what went out, in words; why_not: why it was not made, None where it was (``ran``)."""

    network: str
    at: str | None
    ran: bool
    sent: str
    why_not: str | None


class AnnounceExperiment(_ExperimentData):
    id: Literal["announce"]
    result: AnnounceResult | None


class BridgePassExperiment(_ExperimentData):
    id: Literal["bridge_pass"]
    result: BridgePassResult | None


class ChecksumsExperiment(_ExperimentData):
    id: Literal["checksums"]
    result: ChecksumsResult | None


class DatagramsExperiment(_ExperimentData):
    id: Literal["datagrams"]
    result: DatagramsResult | None


class DhcpAskExperiment(_ExperimentData):
    id: Literal["dhcp_ask"]
    result: DhcpAskResult | None


class FluxAskExperiment(_ExperimentData):
    id: Literal["flux_ask"]
    result: FluxAskResult | None


class FullSizeExperiment(_ExperimentData):
    id: Literal["full_size"]
    result: FullSizeResult | None


class GatewayAskExperiment(_ExperimentData):
    id: Literal["gateway_ask"]
    result: GatewayAskResult | None


class HoldersExperiment(_ExperimentData):
    id: Literal["holders"]
    result: HoldersResult | None


class NextHopsExperiment(_ExperimentData):
    id: Literal["next_hops"]
    result: NextHopsResult | None


class PromiscuousExperiment(_ExperimentData):
    id: Literal["promiscuous"]
    result: PromiscuousResult | None


class SolicitExperiment(_ExperimentData):
    id: Literal["solicit"]
    result: SolicitResult | None


class TagsExperiment(_ExperimentData):
    id: Literal["tags"]
    result: TagsResult | None


#: ``id`` says which one it is.
ExperimentData = Union[
    AnnounceExperiment, BridgePassExperiment, ChecksumsExperiment, DatagramsExperiment, DhcpAskExperiment,
    FluxAskExperiment, FullSizeExperiment, GatewayAskExperiment, HoldersExperiment, NextHopsExperiment,
    PromiscuousExperiment, SolicitExperiment, TagsExperiment,
]  # fmt: skip
