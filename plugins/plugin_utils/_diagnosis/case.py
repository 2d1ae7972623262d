# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a judge sees: one declared network on one host, with everything that was found there and in the fleet. Pure.

Everything is plain data of the evidence with a few questions on top; `Case.evidence` is all of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost

from .fleet import Fleet
from .verdict import CONFIRMED, NOT_TESTED, RULED_OUT, SUSPECTED, CauseVerdict, EvidenceItem

#: What the keys of the evidence's ``system`` are called.
_SYSTEM = {
    "boot": "the journal of this boot",
    "kernel": "the kernel's release",
    "networkmanager": "NetworkManager",
    "persisted": "a manager that brings links back",
}


@dataclass(frozen=True)
class NamespaceView:
    """One network namespace of a snapshot. ``label`` is empty for the host's own."""

    data: Mapping[str, Any]

    @property
    def label(self) -> str:
        return str(self.data["label"])

    @property
    def links(self) -> list[dict[str, Any]]:
        return list(self.data["links"])

    def link(self, name: str | None) -> dict[str, Any] | None:
        return next((link for link in self.data["links"] if link["name"] == name), None)

    def addresses(self, link: str | None = None) -> list[dict[str, Any]]:
        """Each with link, address (with prefix length), permanent, tentative, dadfailed."""
        return [item for item in self.data["addresses"] if link in (None, item["link"])]

    def routes(self, link: str | None = None, table: int = 254) -> list[dict[str, Any]]:
        """In the kernel's order; of equal ones the first is used."""
        return [item for item in self.data["routes"] if link in (None, item["link"]) and item["table"] == table]

    def neighbours(self, address: str | None = None) -> list[dict[str, Any]]:
        return [item for item in self.data.get("neighbours", []) if address in (None, item["address"])]

    def path(self, target: str) -> dict[str, Any] | None:
        """What the kernel says to the way to a target: link, source, gateway, local, error. None where not asked."""
        return next((item for item in self.data.get("paths", []) if item["target"] == target), None)

    def setting(self, link: str, name: str) -> int | None:
        """A value below net/*/conf of a link, None where it is not known."""
        value = self.data.get("settings", {}).get(link, {}).get(name)
        return None if value is None else int(value)

    def strictest(self, link: str, name: str) -> int | None:
        """The larger of the values for ``all`` and the link, which is what counts for most settings of IPv4."""
        values = [value for value in (self.setting("all", name), self.setting(link, name)) if value is not None]
        return max(values, default=None)

    def netstat(self, name: str) -> int:
        return int(self.data.get("netstat", {}).get(name, 0))


@dataclass(frozen=True)
class SnapshotView:
    """A host's network at one moment."""

    data: Mapping[str, Any]
    network: str

    @property
    def namespaces(self) -> list[NamespaceView]:
        """Our own first."""
        return [NamespaceView(item) for item in self.data["namespaces"]]

    @property
    def own(self) -> NamespaceView:
        return NamespaceView(self.data["namespaces"][0])

    def namespace(self, label: str) -> NamespaceView | None:
        return next((item for item in self.namespaces if item.label == label), None)

    @property
    def scope(self) -> dict[str, Any]:
        """The network as it was found: parent, parent_problem, link, link_problem, containers, strays."""
        return dict(self.data["networks"][self.network])

    @property
    def parent(self) -> dict[str, Any] | None:
        return self.own.link(self.scope["parent"]) if self.scope["parent"] else None

    @property
    def shim(self) -> dict[str, Any] | None:
        """The host's own link of the network, None where none is declared or it is not there."""
        return self.own.link(self.scope["link"]) if self.scope["link"] else None

    @property
    def containers(self) -> list[dict[str, Any]]:
        """One for each address: namespace, link, mac, mode, up, address (without prefix length), dadfailed."""
        return list(self.scope["containers"])


class Case:
    """One declared network on one host."""

    def __init__(self, evidence: Mapping[str, Any], network: MacvlanNetwork, fleet: Fleet) -> None:
        self.evidence = evidence
        self.network = network
        self.fleet = fleet
        self.host = str(evidence["host"])
        self.timeline: dict[str, Any] = dict(evidence.get("watch") or {})
        self.system: dict[str, Any] = dict(evidence.get("system") or {})

    # ---- the two snapshots -------------------------------------------------------------------------------------------

    @property
    def before(self) -> SnapshotView:
        return SnapshotView(self.evidence["before"], self.network.name)

    @property
    def after(self) -> SnapshotView:
        """When the watch was over, before the experiments."""
        return SnapshotView(self.evidence["after"], self.network.name)

    @property
    def parent_name(self) -> str:
        """As it is, was, or was declared."""
        for moment in ("after", "before"):
            if self.evidence.get(moment):
                name = SnapshotView(self.evidence[moment], self.network.name).scope["parent"]
                if name:
                    return str(name)
        return str(self.network.parent)

    def lacks(self, need: str) -> str:
        """Why a piece of evidence is not there, empty where it is.

        need: ``before``, ``after``, ``watch``, ``drift``, ``system``, ``system.KEY`` or ``experiment.ID``.
        """
        first, dummy, rest = need.partition(".")
        if first == "experiment":
            return "" if self.experiment(rest) is not None else self.why_no_experiment(rest)
        if first == "system" and rest:
            name = _SYSTEM.get(rest, rest)
            return "" if self.system.get(rest) is not None else f"{name} is not on this host or could not be read"
        if self.evidence.get(first):
            return ""
        told = [text for text in self.evidence.get("problems", []) if text.startswith(first)]
        return told[0] if told else f"there is no evidence of {first}"

    # ---- the timeline ------------------------------------------------------------------------------------------------

    def targets(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The targets of this network."""
        return [
            item
            for item in self.timeline.get("targets", [])
            if item["network"] == self.network.name and kind in (None, item["kind"])
        ]

    def broken(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The targets that lost two packets or more, or never answered, but no pings of a gateway that drops them."""
        return broken(self.targets(kind))

    def lost(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The same with those: for judges that have proof of their own that it is no gateway's choice."""
        return [item for item in self.targets(kind) if is_lost(item)]

    def works(self, kind: str | None = None) -> bool:
        """Whether something was asked and nothing of it is broken."""
        asked = [item for item in self.targets(kind) if item["sent"]]
        return bool(asked) and not self.broken(kind)

    def first_loss(self, targets: Iterable[Mapping[str, Any]] | None = None) -> float | None:
        """Seconds after the start of the watch, of these targets or of all that are broken.

        None where one of them never answered: it was so before the watch.
        """
        chosen = self.broken() if targets is None else list(targets)
        if any(not item["received"] for item in chosen):
            return None
        return min((item["first_loss"] for item in chosen if item["first_loss"] is not None), default=None)

    def events(
        self,
        kind: str | None = None,
        action: str | None = None,
        link: str | None = None,
        namespace: str | None = "",
        **data: object,
    ) -> list[dict[str, Any]]:
        """Events in their order; ``namespace=None``: those of all namespaces; ``data``: fields that must be equal."""
        return [
            item
            for item in self.timeline.get("events", [])
            if kind in (None, item["kind"])
            and action in (None, item["action"])
            and link in (None, item["link"])
            and namespace in (None, item["namespace"])
            and all((item.get("data") or {}).get(key) == value for key, value in data.items())
        ]

    def counted(self, name: str, link: str = "", namespace: str = "") -> int:
        """By how much a counter grew during the watch."""
        return sum(
            item["after"] - item["before"]
            for item in self.timeline.get("counters", [])
            if (item["name"], item["link"], item["namespace"]) == (name, link, namespace)
        )

    # ---- experiments -------------------------------------------------------------------------------------------------

    def experiment(self, name: str) -> dict[str, Any] | None:
        """The result of an experiment for this network, None where it was not made."""
        made = self._experiment(name)
        return made["result"] if made and made["ran"] else None

    def why_no_experiment(self, name: str) -> str:
        made = self._experiment(name)
        return made["why_not"] or "" if made else f"the experiment {name} was not made"

    def _experiment(self, name: str) -> dict[str, Any] | None:
        found = self.evidence.get("experiments") or []
        return next((item for item in found if item["id"] == name and item["network"] == self.network.name), None)

    # ---- addresses ---------------------------------------------------------------------------------------------------

    def inside(self, address: str) -> bool:
        """Whether an address, with or without prefix length, lies in the network's subnets."""
        return any(within(ipaddress.ip_interface(address).ip, subnet) for subnet in self.network.subnets)

    def claims(self, address: str) -> bool:
        """Whether an address is one for the network's containers: declared, or in a range of its family."""
        parsed = parse_address(address)
        if parsed is None:
            return False
        return parsed in self.network.containers or any(within(parsed, outer) for outer in self.network.ranges)

    @property
    def segment(self) -> str:
        """The key of this network's segment in `Fleet`."""
        return self.network.segment or ", ".join(str(subnet) for subnet in self.network.subnets)

    @property
    def own_addresses(self) -> list[Address]:
        """The declared ones of the host's link."""
        return list(self.network.host_addresses)

    # ---- words -------------------------------------------------------------------------------------------------------

    def moment(self, after: float | None) -> str:
        """Seconds after the start of the watch as ISO 8601; empty for None."""
        if after is None or not self.timeline.get("started"):
            return ""
        begin = datetime.strptime(self.timeline["started"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        moment = begin + timedelta(seconds=after)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def item(
        self, what: str, value: object, link: str = "", namespace: str = "", after: float | None = None
    ) -> EvidenceItem:
        """A piece of evidence of this host. after: seconds; without it the time is that of the second snapshot."""
        where = ": ".join(filter(None, [self.host, "/".join(filter(None, [namespace, link]))]))
        at = self.moment(after) or str((self.evidence.get("after") or {}).get("at", ""))
        return EvidenceItem(what, str(value), where, at)

    def event_item(self, event: Mapping[str, Any]) -> EvidenceItem:
        """An event as evidence, with the process that made it."""
        process = event.get("process")
        by = f" by {process['name']} (PID {process['pid']})" if process else ""
        return self.item("event", f"{event['what']}{by}", event["link"] or "", event["namespace"], event["after"])

    def loss_items(self, targets: Iterable[Mapping[str, Any]], most: int = 5) -> list[EvidenceItem]:
        """Broken targets as evidence."""
        return [self._loss_item(target) for target in list(targets)[:most]]

    def _loss_item(self, target: Mapping[str, Any]) -> EvidenceItem:
        source = target["from"]
        value = f"{target['target']}: {target['received']} of {target['sent']} answered"
        if target["first_loss"] is not None and target["received"]:
            value += f", first lost at +{target['first_loss']:.1f} s"
        return self.item("reachability", value, source["link"] or "", source["namespace"], target["first_loss"])

    def answer_items(self, targets: Iterable[Mapping[str, Any]], most: int = 3) -> list[EvidenceItem]:
        """Targets that answered, as evidence."""
        return [
            self.item(
                "reachability",
                f"{target['target']}: {target['received']} of {target['sent']} answered",
                target["from"]["link"] or "",
                target["from"]["namespace"],
            )
            for target in list(targets)[:most]
        ]

    def asked_items(self, gateway: str, asked: Iterable[Mapping[str, Any]]) -> list[EvidenceItem]:
        """What the vantages of the experiment gateway_ask were answered, as evidence."""
        return [
            self.item(
                "experiment",
                f"{item['sent']} requests for {gateway} with MAC {item['mac']}: "
                + (f"answered by {', '.join(item['answered'])}" if item["answered"] else "no answer"),
                item["link"],
            )
            for item in asked
        ]

    # ---- verdicts ----------------------------------------------------------------------------------------------------

    def confirmed(self, summary: str, evidence: Iterable[EvidenceItem], **more: Any) -> CauseVerdict:
        """more: after, culprit, remedy."""
        return CauseVerdict(CONFIRMED, summary, tuple(evidence), **more)

    def suspected(self, summary: str, evidence: Iterable[EvidenceItem], **more: Any) -> CauseVerdict:
        return CauseVerdict(SUSPECTED, summary, tuple(evidence), **more)

    def ruled_out(self, summary: str, evidence: Iterable[EvidenceItem] = ()) -> CauseVerdict:
        """summary: what was looked for and is not there."""
        return CauseVerdict(RULED_OUT, summary, tuple(evidence))

    def not_tested(self, summary: str) -> CauseVerdict:
        """summary: why not."""
        return CauseVerdict(NOT_TESTED, summary)


def bare(address: object) -> str:
    """An address or a destination without its prefix length."""
    return str(address).split("/", maxsplit=1)[0]


def since(after: float | None) -> str:
    """When something happened, for a summary: `` at +4.2 s``; empty where it was so from the start."""
    return f" at +{after:.1f} s" if after else ""
