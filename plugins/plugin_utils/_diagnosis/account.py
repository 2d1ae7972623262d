# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of every broken target: what explains it, or where and when it is lost and whom to ask. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import islice

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    parse_address,
    parse_network,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import HostEvidence, ScopeData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    GATEWAY_FROM_LINK,
    GATEWAY_FROM_PARENT,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.data import (
    HOLDER,
    NETWORK,
    SENDER,
    UNKNOWN,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.taught import NeighbourCorrection, corrections
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event, TargetData, TimelineData

from . import rhythm
from .explained import BEFORE_CAUSE, explains, is_about, of_all
from .names import CONTAINER, GATEWAY, HOST, LINK, PARENT, SWITCH, NetworkNames, ends
from .path import LocatedLoss, PathEnd, drop_words
from .registry import BY_ID
from .report_data import AccountData
from .verdict import CONFIRMED, SUSPECTED, CauseVerdict
from .whom import whom

#: Events up to so many seconds before a loss may be its reason.
JUST_BEFORE = 1.0
#: So many events before a loss are named.
EVENTS_NAMED = 3
#: So many verdicts of other hosts explain a target that was requested beside the networks, and so many hosts are asked
#: whose its address may be: a fleet may lose one address together, or share one range.
OTHERS_MAX = 50
#: Kinds of events that can break a path; of frames on the wire only another MAC address for an IP address.
BREAKING = ("link", "address", "route", "rule", "manager", "process")
HEARD = ("arp", "nd")


@dataclass(frozen=True)
class Account:
    """One broken target.

    name: as people name it. after: seconds from the start of the watch to the first loss, None where it never answered.
    share: of the probes that were lost, 0 to 1. explained_by: the causes that explain it, confirmed ones or, without
    any, suspected ones; where it is empty the target is located. explained_on: other hosts whose verdicts these are.
    edge: the nodes of the drawing between which it is lost, in the packet's direction, and ``edge_text`` the same for
    people. direction: ``request``, ``answer`` or ``unknown``. pattern: one of `rhythm`; period: seconds, for a periodic
    one; losses: how often. before: what changed within a second before the first loss. ask: whom to ask what.
    """

    host: str
    network: str
    target_id: str
    name: str
    after: float | None
    share: float
    explained_by: tuple[str, ...]
    explained_on: tuple[str, ...]
    edge: tuple[str, str]
    edge_text: str
    direction: str
    pattern: str
    period: float | None
    losses: int
    before: tuple[str, ...]
    ask: str
    #: What only the probing repaired; empty for nothing.
    taught: str = ""

    @property
    def located(self) -> bool:
        """Whether nothing explains it."""
        return not self.explained_by

    @property
    def when(self) -> str:
        """The pattern in words: ``lost for good at +4.2 s``, ``lost 4 times, every 3.0 s, first at +1.0 s``."""
        if self.after is None:
            return "never answered"
        first = f"at +{self.after:.1f} s"
        if self.pattern == rhythm.CONSTANT:
            return f"lost for good {first}"
        if self.pattern == rhythm.ONCE:
            return f"lost once, {first}"
        regular = f"every {self.period:.1f} s" if self.period is not None else "without a rhythm"
        return f"lost {rhythm.often(self.losses)}, {regular}, first {first}"

    @property
    def text(self) -> str:
        """One sentence without a full stop."""
        lost = f"{round(self.share * 100)} % lost"
        way = f", {self.direction}s" if self.direction != UNKNOWN else ""
        taught = f"; {self.taught}" if self.taught else ""
        return f"{self.name}: {self.when} ({lost}), {self.edge_text}{way}{taught}"

    def as_data(self) -> AccountData:
        return {
            "network": self.network,
            "target_id": self.target_id,
            "name": self.name,
            "after": self.after,
            "share": self.share,
            "explained_by": list(self.explained_by),
            "explained_on": list(self.explained_on),
            "edge": list(self.edge),
            "edge_text": self.edge_text,
            "direction": self.direction,
            "pattern": self.pattern,
            "period": self.period,
            "losses": self.losses,
            "before": list(self.before),
            "when": self.when,
            "ask": self.ask,
            "text": self.text,
        }


def accounts(
    evidence: HostEvidence, explaining: Explaining, losses: Mapping[tuple[str, str], Sequence[LocatedLoss]]
) -> list[Account]:
    """One for each broken target of a host. explaining: the verdicts of all hosts, as the laws left them.

    losses: where the probes of the fleet vanished, by host and id of the target (`path.located`).
    """
    watch = evidence["watch"]
    if watch is None:
        return []
    lost = broken(watch["targets"])
    names = {network: _names(evidence, network) for network in {target["network"] for target in lost}}
    corrected = corrections(watch["events"], watch["targets"]) if lost else []
    return [
        _account(
            watch,
            target,
            names[target["network"]],
            explaining.of(evidence["host"], target, watch["interval"]),
            _unexplained(
                losses.get((evidence["host"], target["id"]), ()),
                explaining.later(evidence["host"], target, watch["interval"]),
            ),
            corrected,
        )
        for target in lost
    ]


class Explaining:
    """The verdicts of all hosts that can explain a loss, by host, and by the addresses that they are about.

    hosts: the evidence of all, by which it is known whose an address is.
    """

    def __init__(self, verdicts: Iterable[CauseVerdict], hosts: Mapping[str, HostEvidence]) -> None:
        self._owners = _Owners(hosts)
        self._hosts: dict[str, list[CauseVerdict]] = {}
        self._addresses: dict[str, list[CauseVerdict]] = {}
        self._known: dict[str, list[CauseVerdict]] = {}
        for item in verdicts:
            if item.status in (CONFIRMED, SUSPECTED):
                self._hosts.setdefault(item.host, []).append(item)
                for part in item.parts:
                    self._addresses.setdefault(part, []).append(item)

    def of(self, host: str, target: TargetData, interval: float) -> list[CauseVerdict]:
        """Those that explain a target of a host: the confirmed ones, or without any the suspected ones.

        A target that was requested beside the networks may be on another host: then that host's verdicts explain it,
        but for those about nothing but the way between that host and its containers.
        """
        found = [item for item in self._hosts.get(host, ()) if explains(item, target, interval)]
        if not target["network"]:
            there = self._there(target["target"])
            found += islice((item for item in there if item.host != host), OTHERS_MAX)
        confirmed = [item for item in found if item.status == CONFIRMED]
        return confirmed or found

    def later(self, host: str, target: TargetData, interval: float) -> float | None:
        """From when on a confirmed verdict explains the rest of a loss that began before it; None without one."""
        return min(
            (
                item.after
                for item in self._hosts.get(host, ())
                if item.status == CONFIRMED
                and item.after is not None
                and is_about(item, target)
                and not explains(item, target, interval)
            ),
            default=None,
        )

    def _there(self, address: str) -> list[CauseVerdict]:
        """Verdicts about an address, and of the hosts that it may be on; those of the host itself may be among them."""
        if address not in self._known:
            there = self._addresses.get(address, [])[: 2 * OTHERS_MAX]
            for other in self._owners.of(address):
                there += [item for item in self._hosts.get(other, ()) if of_all(item) and item not in there]
            self._known[address] = [item for item in there if BY_ID[item.cause].everywhere]
        return self._known[address]


class _Owners:
    """Whose an address is: that of a host, or one that it may give to its containers, whether it is there or not."""

    def __init__(self, hosts: Mapping[str, HostEvidence]) -> None:
        self._places = {host: place for place, host in enumerate(hosts)}
        self._single: dict[Address, dict[str, None]] = {}
        #: by the length of their prefixes
        self._ranges: dict[tuple[int, int], dict[Network, dict[str, None]]] = {}
        for host, evidence in hosts.items():
            for network in evidence["networks"]:
                for address in map(parse_address, network["host_addresses"]):
                    if address is not None:
                        self._single.setdefault(address, {})[host] = None
                for one in map(parse_network, network["container_ranges"]):
                    if one is not None:
                        same = self._ranges.setdefault((one.version, one.prefixlen), {})
                        same.setdefault(one, {})[host] = None

    def of(self, address: str) -> list[str]:
        """In the order of the hosts, at most `OTHERS_MAX`."""
        parsed = parse_address(address)
        if parsed is None:
            return []
        found = dict(islice(self._single.get(parsed, {}).items(), OTHERS_MAX))
        for (version, length), networks in self._ranges.items():
            if version == parsed.version:
                outer = ip_network((parsed, length), strict=False)
                found.update(islice(networks.get(outer, {}).items(), OTHERS_MAX))
        return sorted(found, key=self._places.__getitem__)[:OTHERS_MAX]


def causes(verdicts: Iterable[CauseVerdict]) -> tuple[str, ...]:
    """Each once."""
    return tuple(dict.fromkeys(item.cause for item in verdicts))


def _account(
    watch: TimelineData,
    target: TargetData,
    names: NetworkNames,
    because: Sequence[CauseVerdict],
    loss: LocatedLoss | None,
    corrected: Sequence[NeighbourCorrection],
) -> Account:
    """because: the verdicts that explain it. corrected: what the probes corrected on the host."""
    pattern, period = rhythm.of_losses(target["losses"], target["received"], watch["duration"])
    parent_reaches = _parent_reaches(target, watch["targets"])
    edge = _supposed(target, parent_reaches, names) if loss is None else _edge(loss, target, names)
    after = target["first_loss"] if target["received"] else None
    edge_text = f"between {names.of(edge[0])} and {names.of(edge[1], target['target'])}"
    if loss is not None:
        edge_text = f"between {loss.start} and {loss.end}"
    return Account(
        host=names.host,
        network=target["network"],
        target_id=target["id"],
        name=names.of_target(target),
        after=after,
        share=round((target["sent"] - target["received"]) / max(target["sent"], 1), 3),
        explained_by=causes(because),
        explained_on=tuple(dict.fromkeys(item.host for item in because if item.host != names.host)),
        edge=edge,
        edge_text=edge_text,
        direction=loss.direction if loss is not None else UNKNOWN,
        pattern=pattern,
        period=period,
        losses=max(len(target["losses"]), 1),
        before=_before(watch, after),
        taught=_taught(watch, target, corrected),
        ask="; ".join(
            [
                *map(drop_words, loss.drops if loss is not None else ()),
                whom(edge, target, watch["targets"], names, loss, parent_reaches),
            ]
        ),
    )


def _unexplained(losses: Sequence[LocatedLoss], since: float | None) -> LocatedLoss | None:
    """Where most of a loss vanished; of one that a cause explains from some moment on, most of what came before it."""
    before = [item for item in losses if since is not None and item.first < since - BEFORE_CAUSE]
    return next(iter([*before, *losses]), None)


def _taught(watch: TimelineData, target: TargetData, corrected: Sequence[NeighbourCorrection]) -> str:
    """What the probes themselves corrected when the losses of a target ended."""
    ended = [span[1] for span in target["losses"] if len(span) == 2 and span[1] < watch["duration"]]
    near = 2 * watch["interval"] + BEFORE_CAUSE
    return next(
        (
            item.text
            for item in corrected
            if item.address == target["target"] and any(abs(end - item.after) <= near for end in ended)
        ),
        "",
    )


def _names(evidence: HostEvidence, network: str) -> NetworkNames:
    snapshot = evidence["after"] or evidence["before"]
    scope = snapshot["networks"].get(network) if snapshot else None
    declared = next((item for item in evidence["networks"] if item["name"] == network), None)
    parent = (scope["parent"] if scope else None) or (str(declared["parent"]) if declared else "the parent")
    return NetworkNames(evidence["host"], parent, (declared["link"] if declared else None) or parent, places(scope))


def places(scope: ScopeData | None) -> dict[str, str]:
    """The namespaces of containers by address."""
    found = [*scope["containers"], *scope["strays"]] if scope else []
    return {item["address"]: item["namespace"] for item in found}


def _parent_reaches(target: TargetData, targets: Sequence[TargetData]) -> bool | None:
    """Whether the parent itself reaches what its link does not; None where that is not known."""
    beside = [
        item
        for item in targets
        if item["kind"] == GATEWAY_FROM_PARENT
        and (item["network"], item["target"]) == (target["network"], target["target"])
        and item["sent"]
    ]
    return not all(map(is_lost, beside)) if beside and target["kind"] == GATEWAY_FROM_LINK else None


def _supposed(target: TargetData, parent_reaches: bool | None, names: NetworkNames) -> tuple[str, str]:
    """Where it is lost, as far as what other targets of the same way answered shows it."""
    if parent_reaches is not None:
        return (LINK, SWITCH) if parent_reaches else (PARENT, GATEWAY)
    return ends(target, names.places)


def _edge(loss: LocatedLoss, target: TargetData, names: NetworkNames) -> tuple[str, str]:
    """The nodes of the drawing between which it is lost, as its probes were followed."""
    if loss.between_hosts:
        return (PARENT, SWITCH) if loss.start.host == names.host else (SWITCH, PARENT)
    source, to = ends(target, names.places)
    return _node(loss.start, source, to, names), _node(loss.end, source, to, names)


def _node(end: PathEnd, source: str, to: str, names: NetworkNames) -> str:
    if end.hop == NETWORK:
        return SWITCH
    if end.host not in ("", names.host):
        return f"{HOST}{end.host}"
    if end.hop in (SENDER, HOLDER):
        return source if end.hop == SENDER else to
    namespace, inside, dummy = end.hop.rpartition("/")
    if inside:
        return f"{CONTAINER}{namespace}"
    return {names.link: LINK, names.parent: PARENT}.get(end.hop, end.hop)


def _before(watch: TimelineData, after: float | None) -> tuple[str, ...]:
    """What changed within a second before a moment, the latest first, without what the diagnosis itself did."""
    if after is None:
        return ()
    since = after - JUST_BEFORE - watch["interval"]
    near = [item for item in watch["events"] if since <= item["after"] <= after and can_break(item)]
    near.sort(key=lambda item: -item["after"])
    texts = [
        f"at +{item['after']:.2f} s {item['what']}, {after - item['after']:.2f} s before the first loss"
        for item in near
        if not (item["process"] and item["process"]["self"])
    ]
    return tuple(dict.fromkeys(texts))[:EVENTS_NAMED]


def can_break(event: Event) -> bool:
    """Whether it is of a kind that can break a path."""
    return event["kind"] in BREAKING or (event["kind"] in HEARD and event["action"] == "change")
