# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a judge sees: one declared network on one host, with everything that was found there and in the fleet. Pure.

The evidence has the types of its schema; a case adds the questions that more than one cause asks.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    ip_of,
    parse_address,
    parse_network,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import epoch, utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import AskedVantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    BootData,
    DeclaredLinkData,
    DriftData,
    EngineData,
    HostEvidence,
    KernelData,
    LinkData,
    NetworkManagerData,
    PersistedData,
    SystemData,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import (
    AddressEvent,
    CounterEvent,
    Event,
    EventKind,
    FrameEvent,
    LinkEvent,
    ManagerEvent,
    RouteEvent,
    TargetData,
    TimelineData,
    Value,
)

from .experiments import Experiments
from .fleet import Fleet
from .remedy import RemedyStep
from .report_data import Culprit
from .snapshot import Lacking, NamespaceView, SnapshotView
from .verdict import CONFIRMED, NOT_TESTED, RULED_OUT, SUSPECTED, CauseVerdict, EvidenceItem

Part = TypeVar("Part")

#: What the keys of the evidence's ``system`` are called.
_SYSTEM = {
    "boot": "the journal of this boot",
    "engines": "the container engines",
    "kernel": "the kernel's release",
    "networkmanager": "NetworkManager",
    "persisted": "a manager that restores links at boot",
}


class Case:
    """One declared network on one host."""

    def __init__(self, evidence: HostEvidence, network: MacvlanNetwork, fleet: Fleet) -> None:
        self.evidence = evidence
        self.network = network
        self.fleet = fleet
        self.host = evidence["host"]
        self.experiments = Experiments(evidence["experiments"], network.name)
        #: the kinds of event that a judge asked for: what it rules out depends on their being complete
        self.relied_on: set[str] = set()
        #: ids of the targets that the verdict explains, as its judge names them; None while it has named none
        self.named: dict[str, None] | None = None
        #: addresses that the verdict is about
        self.addresses: dict[str, None] = {}
        #: whether the verdict explains those alone, were it none
        self.alone = False

    # ---- parts of the evidence ---------------------------------------------------------------------------------------

    def lacks(self, need: str) -> str:
        """Why a piece of evidence is not there, empty where it is.

        need: ``before``, ``after``, ``watch``, ``drift`` or ``system.KEY``.
        """
        first, dummy, rest = need.partition(".")
        if first == "system":
            system: Mapping[str, object] = self.system
            name = _SYSTEM.get(rest, rest)
            return "" if system.get(rest) is not None else f"{name} is not on this host or could not be read"
        parts: Mapping[str, object] = self.evidence
        if parts.get(first):
            return ""
        reasons = [text for text in self.evidence["problems"] if text.startswith(first)]
        return reasons[0] if reasons else f"there is no evidence of {first}"

    def _needed(self, part: Part | None, need: str) -> Part:
        if part is None:
            raise Lacking(self.lacks(need))
        return part

    @property
    def before(self) -> SnapshotView:
        return SnapshotView(self._needed(self.evidence["before"], "before"), self.network.name)

    @property
    def after(self) -> SnapshotView:
        """When the watch was over, before the experiments."""
        return SnapshotView(self._needed(self.evidence["after"], "after"), self.network.name)

    @property
    def watch(self) -> TimelineData:
        return self._needed(self.evidence["watch"], "watch")

    @property
    def drift(self) -> DriftData:
        return self._needed(self.evidence["drift"], "drift")

    @property
    def system(self) -> SystemData:
        return self.evidence["system"]

    @property
    def kernel(self) -> KernelData:
        return self._needed(self.system["kernel"], "system.kernel")

    @property
    def boot(self) -> BootData:
        return self._needed(self.system["boot"], "system.boot")

    @property
    def networkmanager(self) -> NetworkManagerData:
        return self._needed(self.system["networkmanager"], "system.networkmanager")

    @property
    def persisted(self) -> dict[str, PersistedData]:
        return self._needed(self.system["persisted"], "system.persisted")

    @property
    def engines(self) -> dict[str, EngineData]:
        """The container engines that are declared or there, by name."""
        return self._needed(self.system.get("engines"), "system.engines")

    # ---- what is declared --------------------------------------------------------------------------------------------

    @property
    def parent_name(self) -> str:
        """As it is, was, or was declared."""
        for snapshot in (self.evidence["after"], self.evidence["before"]):
            name = SnapshotView(snapshot, self.network.name).scope["parent"] if snapshot else None
            if name:
                return name
        return str(self.network.parent)

    def makers(self, link: str) -> list[EvidenceItem]:
        """What else than this collection makes or configures a link; nothing where that is not known."""
        found = self.system.get("makers") or {}
        return [self.item("maker", text, link) for text in found.get(link, [])]

    def declared_link(self, name: str | None) -> DeclaredLinkData | None:
        """A link as it shall be, None where that is not known."""
        drift = self.evidence["drift"]
        return next((item for item in drift["links"] if item["name"] == name), None) if drift else None

    def refusals(self) -> list[EvidenceItem]:
        """Why macvlan_link refuses the declared parent."""
        drift = self.evidence["drift"]
        return [
            self.item("refusal", f"{item['key']}: {item['problem']}")
            for item in (drift["refusals"] if drift else [])
            if item["key"].endswith("parent")
        ]

    def inside(self, address: str) -> bool:
        """Whether an address, with or without prefix length, lies in the network's subnets."""
        return any(within(ip_of(address), subnet) for subnet in self.network.subnets)

    def claims(self, address: str) -> bool:
        """Whether an address is one for the network's containers: declared, or in a range of its family."""
        parsed = parse_address(address)
        if parsed is None:
            return False
        return parsed in self.network.containers or any(within(parsed, outer) for outer in self.network.assigned())

    @property
    def segment(self) -> str:
        """The key of this network's segment in `Fleet`."""
        return self.network.segment_name

    @property
    def own_addresses(self) -> list[Address]:
        """The declared ones of the host's link."""
        return list(self.network.host_addresses)

    def links(self) -> list[tuple[NamespaceView, LinkData]]:
        """The parent, the host's link and the containers' links after the watch, each with its namespace."""
        names = [("", name) for name in (self.parent_name, self.network.link) if name]
        names += [(item["namespace"], item["link"]) for item in self.after.containers]
        places = [(self.after.namespace(label), name) for label, name in dict.fromkeys(names)]
        return [(space, link) for space, name in places if space for link in [space.link(name)] if link]

    # ---- the timeline ------------------------------------------------------------------------------------------------

    def targets(self, kind: str | None = None) -> list[TargetData]:
        """The targets of this network."""
        watch = self.evidence["watch"]
        return [
            item
            for item in (watch["targets"] if watch else [])
            if item["network"] == self.network.name and kind in (None, item["kind"])
        ]

    def requested(self) -> list[TargetData]:
        """The targets that were requested beside the networks."""
        watch = self.evidence["watch"]
        return [item for item in (watch["targets"] if watch else []) if not item["network"]]

    def broken(self, kind: str | None = None) -> list[TargetData]:
        """The lost targets, without the pings of a gateway that drops pings."""
        return broken(self.targets(kind))

    def lost(self, kind: str | None = None) -> list[TargetData]:
        """The same with those: for judges that have proof of their own that it is no gateway's choice."""
        return [item for item in self.targets(kind) if is_lost(item) and not item.get("declined")]

    def first_loss(self, targets: Iterable[TargetData] | None = None) -> float | None:
        """Seconds after the start of the watch, of these targets or of all that are broken.

        None where one of them never answered: it was so before the watch.
        """
        chosen = self.broken() if targets is None else list(targets)
        if any(not item["received"] for item in chosen):
            return None
        return min((item["first_loss"] for item in chosen if item["first_loss"] is not None), default=None)

    def events(self, action: str | None = None, link: str | None = None, namespace: str | None = "") -> list[Event]:
        """Events of all kinds in their order. namespace: the host's own is empty; None for all."""
        return self._events(typing.get_args(EventKind), action, link, namespace)

    def _events(
        self, kinds: Iterable[str], action: str | None, link: str | None, namespace: str | None = ""
    ) -> list[Event]:
        watch, wanted = self.evidence["watch"], set(kinds)
        self.relied_on |= wanted
        return [
            item
            for item in (watch["events"] if watch else [])
            if item["kind"] in wanted
            and action in (None, item["action"])
            and link in (None, item["link"])
            and namespace in (None, item["namespace"])
        ]

    def link_events(
        self, action: str | None = None, link: str | None = None, namespace: str | None = ""
    ) -> list[LinkEvent]:
        return [event for event in self._events(("link",), action, link, namespace) if event["kind"] == "link"]

    def address_events(
        self, action: str | None = None, link: str | None = None, namespace: str | None = ""
    ) -> list[AddressEvent]:
        return [event for event in self._events(("address",), action, link, namespace) if event["kind"] == "address"]

    def route_events(self, action: str | None = None, link: str | None = None) -> list[RouteEvent]:
        return [event for event in self._events(("route",), action, link) if event["kind"] == "route"]

    def frame_events(
        self, kind: Literal["arp", "nd"], action: str | None = None, link: str | None = None
    ) -> list[FrameEvent]:
        """What was heard on the wire."""
        return [
            event for event in self._events((kind,), action, link) if event["kind"] == "arp" or event["kind"] == "nd"
        ]

    def manager_events(self, link: str | None = None) -> list[ManagerEvent]:
        """Changes of state in NetworkManager and systemd-networkd."""
        return [event for event in self._events(("manager",), None, link) if event["kind"] == "manager"]

    def counter_events(self) -> list[CounterEvent]:
        """In all namespaces."""
        return [event for event in self._events(("counter",), None, None, None) if event["kind"] == "counter"]

    def counted(self, name: str, link: str = "", namespace: str = "") -> int:
        """By how much a counter grew during the watch."""
        watch = self.evidence["watch"]
        return sum(
            item["after"] - item["before"]
            for item in (watch["counters"] if watch else [])
            if (item["name"], item["link"], item["namespace"]) == (name, link, namespace)
        )

    # ---- evidence in words -------------------------------------------------------------------------------------------

    def moment(self, after: float | None) -> str:
        """Seconds after the start of the watch as ISO 8601; empty for None."""
        watch = self.evidence["watch"]
        if after is None or watch is None:
            return ""
        try:
            return utc(epoch(watch["started"]) + after)
        except (ValueError, OverflowError, OSError):
            return ""

    def item(
        self, what: str, value: object, link: str | None = "", namespace: str = "", after: float | None = None
    ) -> EvidenceItem:
        """A piece of evidence of this host. after: seconds; without it the time is that of the second snapshot."""
        where = ": ".join(filter(None, [self.host, "/".join(filter(None, [namespace, link]))]))
        snapshot = self.evidence["after"]
        return EvidenceItem(what, str(value), where, self.moment(after) or (snapshot["at"] if snapshot else ""))

    def event_item(self, event: Event) -> EvidenceItem:
        """An event as evidence, with the process that made it."""
        process = event["process"]
        by = f" by {process['name']} (PID {process['pid']})" if process else ""
        return self.item("event", f"{event['what']}{by}", event["link"], event["namespace"], event["after"])

    def loss_items(self, targets: Iterable[TargetData], most: int = 5) -> list[EvidenceItem]:
        """Broken targets as evidence. The verdict explains all of them, also those that are not spelled out."""
        chosen = list(targets)
        self.explains(target["id"] for target in chosen)
        return [self._loss_item(target) for target in chosen[:most]]

    def explains(self, targets: Iterable[str]) -> None:
        """The verdict explains these, beside its other ones. targets: their ids."""
        self.named = {**(self.named or {}), **dict.fromkeys(targets)}

    def lost_of(self, links: Iterable[tuple[str, str]], addresses: Iterable[str]) -> list[TargetData]:
        """What is broken and asked from some links, or at some addresses; with what was requested beside the networks,
        which leaves by the parent. links: each by its namespace, empty for the host's own, and its name."""
        places, there = set(links), set(addresses)
        beside = [
            item for item in broken(self.requested()) if item["target"] in there or ("", self.parent_name) in places
        ]
        return beside + [
            item
            for item in self.broken()
            if item["target"] in there or (item["from"]["namespace"], item["from"]["link"]) in places
        ]

    def is_about(self, addresses: Iterable[str]) -> None:
        """The verdict is about addresses: it explains what is lost of them, here and of others that ask for them, and
        were that nothing."""
        self.addresses.update(dict.fromkeys(addresses))
        self.alone = True

    def _loss_item(self, target: TargetData) -> EvidenceItem:
        source = target["from"]
        value = _answered(target)
        if target["first_loss"] is not None and target["received"]:
            value += f", first lost at +{target['first_loss']:.1f} s"
        return self.item("reachability", value, source["link"], source["namespace"], target["first_loss"])

    def answer_items(self, targets: Iterable[TargetData], most: int = 3) -> list[EvidenceItem]:
        """Targets that answered, as evidence."""
        return [
            self.item("reachability", _answered(target), target["from"]["link"], target["from"]["namespace"])
            for target in list(targets)[:most]
        ]

    def asked_items(self, gateway: str, asked: Iterable[AskedVantage]) -> list[EvidenceItem]:
        """The answers to the vantages of the experiment gateway_ask, as evidence."""
        return [
            self.item("experiment", f"{item['sent']} requests for {gateway} with MAC {item['mac']}: {said(item)}",
                      item["link"])
            for item in asked
        ]  # fmt: skip

    # ---- verdicts ----------------------------------------------------------------------------------------------------

    def confirmed(
        self,
        summary: str,
        evidence: Iterable[EvidenceItem],
        after: float | None = None,
        culprit: Culprit | None = None,
        remedy: str = "",
        steps: Iterable[RemedyStep] = (),
    ) -> CauseVerdict:
        return CauseVerdict(CONFIRMED, summary, tuple(evidence), after, culprit, remedy, steps=tuple(steps))

    def suspected(
        self,
        summary: str,
        evidence: Iterable[EvidenceItem],
        after: float | None = None,
        culprit: Culprit | None = None,
        remedy: str = "",
        steps: Iterable[RemedyStep] = (),
    ) -> CauseVerdict:
        return CauseVerdict(SUSPECTED, summary, tuple(evidence), after, culprit, remedy, steps=tuple(steps))

    def fleet_wide(
        self,
        summary: str,
        evidence: Iterable[EvidenceItem],
        hosts: tuple[str, ...],
        after: float | None = None,
        remedy: str = "",
    ) -> CauseVerdict:
        """Confirmed for several hosts together. summary: the same on each of them, so that reports say it once.

        hosts: one object for all of them.
        """
        return replace(self.confirmed(summary, evidence, after, remedy=remedy), hosts=hosts)

    def ruled_out(self, summary: str, evidence: Iterable[EvidenceItem] = ()) -> CauseVerdict:
        """summary: what was looked for and is not there."""
        return CauseVerdict(RULED_OUT, summary, tuple(evidence))

    def not_tested(self, summary: str) -> CauseVerdict:
        """summary: why not."""
        return CauseVerdict(NOT_TESTED, summary)


def said(asked: AskedVantage) -> str:
    """What a vantage was answered, in words."""
    return f"answered by {', '.join(asked['answered'])}" if asked["answered"] else "no answer"


def changed(event: LinkEvent, field: str) -> tuple[Value, Value] | None:
    """The values of a field before and after an event, None where it did not change."""
    values = event["data"].get("changed", {}).get(field)
    return (values[0], values[1]) if values else None


def bare(address: str) -> str:
    """An address or a destination without its prefix length."""
    return address.split("/", maxsplit=1)[0]


def covers(destination: str, address: str) -> bool:
    """Whether an address lies in the destination of a route or of a rule."""
    outer, inner = parse_network(destination), parse_address(address)
    return outer is not None and inner is not None and within(inner, outer)


def since(after: float | None) -> str:
    """When something happened, for a summary: `` at +4.2 s``; empty where it was so from the start."""
    return f" at +{after:.1f} s" if after else ""


def _answered(target: TargetData) -> str:
    return f"{target['target']}: {target['received']} of {target['sent']} answered"
