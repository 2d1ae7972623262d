# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, and what to do. Pure.

One card for each cause, for each place where something is lost that no cause explains, and for what keeps hosts from
being known to be healthy. Each names its hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import natural
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import AccountData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CONFIRMED, SUSPECTED

from .drawing import Machine
from .steps import NamedCulprit, StepLine, culprits
from .text import after_text, clean, counted

#: So many hosts of a card are named at once, so many more on request, and the rest is counted.
HOSTS_NAMED, HOSTS_LISTED = 12, 500
#: So many different summaries or remedies of one cause, targets of one loss, and missing things are written out.
TEXTS_SHOWN = 6
#: Numbers, MAC addresses and moments: texts that differ in these alone say the same.
_VALUES = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|[0-9]+")
#: So many pieces of evidence of a verdict are shown, and so many verdicts of a host.
EVIDENCE_SHOWN, VERDICTS_SHOWN = 20, 20
#: So many cards of losses are shown, those of the most hosts.
LOSSES_SHOWN = 20


@dataclass
class EvidenceRow:
    what: str
    where: str
    at: str
    relative: str
    value: str


@dataclass
class VerdictBlock:
    host: str
    anchor: str
    network: str
    cause: str
    title: str
    status: str
    summary: str
    explanation: str
    relative: str
    absolute: str
    evidence: list[EvidenceRow]
    #: pieces of evidence that are not shown
    evidence_left_out: int
    culprit: str
    #: by what the culprit is known
    rule: str
    #: why the process is not known, where none is named
    culprit_unknown: str
    remedy: str
    #: whether the remedy can be copied as it stands
    command: bool
    steps: list[StepLine] = field(default_factory=list)
    steps_left_out: int = 0
    #: whether its card has this remedy
    remedy_shown: bool = False
    explained_by: str = ""
    #: another machine that it names
    machine: Machine | None = None
    after: float | None = None
    #: the card that has it in full, and whether that shows this one's evidence
    card: str = ""
    shown: bool = False


@dataclass
class HostName:
    name: str
    anchor: str


def named(hosts: Iterable[tuple[str, str]]) -> list[HostName]:
    """Each once, in natural order. hosts: names and anchors."""
    return [HostName(name, anchor) for name, anchor in sorted(dict(hosts).items(), key=lambda item: natural(item[0]))]


@dataclass
class TextOf:
    """A text, and whom it is about."""

    text: str
    hosts: list[HostName]
    command: bool = False
    #: whether it is the same for all of them, to the letter
    same: bool = True


@dataclass
class CauseCard:
    """The same cause with the same status, on one host or many."""

    anchor: str
    cause: str
    title: str
    status: str
    verdicts: list[VerdictBlock] = field(default_factory=list)
    #: other hosts on which something is lost by it
    felt: list[HostName] = field(default_factory=list)

    @property
    def first(self) -> VerdictBlock:
        timed = [verdict for verdict in self.verdicts if verdict.absolute]
        return min(timed, key=lambda verdict: verdict.absolute) if timed else self.verdicts[0]

    @property
    def hosts(self) -> list[HostName]:
        return named((verdict.host, verdict.anchor) for verdict in self.verdicts)

    @property
    def networks(self) -> list[str]:
        return sorted({verdict.network for verdict in self.verdicts if verdict.network}, key=natural)

    @property
    def culprits(self) -> list[NamedCulprit]:
        return culprits((verdict.culprit, verdict.rule) for verdict in self.verdicts)

    @property
    def remedies(self) -> list[TextOf]:
        """Each different one, with its hosts; that of the first verdict first."""
        commands = {verdict.remedy: verdict.command for verdict in self.verdicts}
        found = _by_text((verdict.remedy, verdict.host, verdict.anchor) for verdict in [self.first, *self.verdicts])
        return [TextOf(item.text, item.hosts, commands[item.text], item.same) for item in found]

    @property
    def others(self) -> list[TextOf]:
        """The summaries that differ from the first one's in more than values, or of networks of the same host."""
        found = _by_text((item.summary, item.host, item.anchor) for item in [self.first, *self.verdicts])
        return found[1:]


def _by_text(items: Iterable[tuple[str, str, str]]) -> list[TextOf]:
    """Each text with its hosts; of texts that differ only in values the first. items: text, host and anchor."""
    texts: dict[str, dict[str, None]] = {}
    found: dict[str, dict[str, str]] = {}
    for text, host, anchor in items:
        if text:
            key = _VALUES.sub("0", text.replace(host, "HOST") if host else text)
            texts.setdefault(key, {})[text] = None
            found.setdefault(key, {})[host] = anchor
    return [
        TextOf(next(iter(texts[key])), named(hosts.items()), same=len(texts[key]) == 1) for key, hosts in found.items()
    ]


def of_causes(verdicts: Iterable[VerdictBlock]) -> list[CauseCard]:
    """Confirmed ones first, and those of many hosts first. Each verdict gets the anchor of its card."""
    found: dict[tuple[str, str], CauseCard] = {}
    for verdict in verdicts:
        if verdict.status in (CONFIRMED, SUSPECTED):
            key = (verdict.status, verdict.cause)
            card = found.setdefault(key, CauseCard(f"c{len(found) + 1}", verdict.cause, verdict.title, verdict.status))
            card.verdicts.append(verdict)
            verdict.card = card.anchor
    for card in found.values():
        card.first.shown = True
        texts = {item.text for item in card.remedies[:TEXTS_SHOWN]}
        for verdict in card.verdicts:
            verdict.remedy_shown = verdict.remedy in texts
    return sorted(found.values(), key=lambda item: (item.status != CONFIRMED, -len(item.hosts), item.cause))


# ---- what no cause explains ------------------------------------------------------------------------------------------


@dataclass
class TargetLoss:
    """A lost target that no cause explains. absolute: when by the clock, empty where it never answered."""

    host: str
    anchor: str
    data: AccountData
    absolute: str
    #: the limits by which it may not be known who changed something before
    culprit_unknown: str = ""

    @property
    def name(self) -> str:
        return clean(self.data["name"])

    @property
    def summary(self) -> str:
        """``eth0 to gateway 192.168.100.1, ARP: lost for good at +6.0 s (50 % lost)``"""
        return f"{self.name}: {clean(self.data['when'])} ({round(self.data['share'] * 100)} % lost)"


@dataclass
class LossCard:
    """Losses on the same kind of edge, in the same direction and with the same pattern, on one host or many."""

    anchor: str
    losses: list[TargetLoss] = field(default_factory=list)

    @property
    def first(self) -> TargetLoss:
        """What was lost first; what never answered was lost before the watch."""
        return min(self.losses, key=lambda item: (bool(item.absolute), item.absolute))

    @property
    def hosts(self) -> list[HostName]:
        return named((item.host, item.anchor) for item in self.losses)

    @property
    def title(self) -> str:
        return f"lost {clean(self.first.data['edge_text'])}"

    @property
    def way(self) -> str:
        """Edge and direction in words."""
        data = self.first.data
        edge = clean(data["edge_text"])
        if data["direction"] == "unknown":
            return f"{edge}; whether requests or answers is not known"
        return f"{data['direction']}s, {edge}"

    @property
    def share(self) -> str:
        """Of the probes that were lost."""
        shares = sorted({round(item.data["share"] * 100) for item in self.losses})
        return f"{shares[0]} %" if len(shares) == 1 else f"{shares[0]} to {shares[-1]} %"

    @property
    def pattern(self) -> str:
        data = self.first.data
        if data["after"] is None:
            return "never answered"
        words = {"constant": "for good", "once": "once, and answered again", "random": "again and again, no rhythm"}
        if data["pattern"] == "periodic" and data["period"] is not None:
            return f"again and again, every {data['period']:.1f} s"
        return words.get(data["pattern"], clean(data["pattern"]))

    @property
    def before(self) -> list[str]:
        return [clean(text) for text in self.first.data["before"]]

    @property
    def ask(self) -> str:
        return clean(self.first.data["ask"])

    @property
    def texts(self) -> list[TextOf]:
        """The targets, each with its hosts."""
        return _by_text((item.summary, item.host, item.anchor) for item in [self.first, *self.losses])


def of_losses(losses: Sequence[TargetLoss]) -> tuple[list[LossCard], int]:
    """The cards, those of most hosts first, and the number of those that are left out."""
    found: dict[tuple[object, ...], LossCard] = {}
    for item in losses:
        data = item.data
        edge = tuple(node.partition(":")[0] for node in data["edge"])
        key = (data["network"], edge, data["direction"], data["pattern"], data["after"] is None)
        found.setdefault(key, LossCard(f"l{len(found) + 1}")).losses.append(item)
    cards = sorted(found.values(), key=lambda card: (-len(card.hosts), card.first.absolute))
    return cards[:LOSSES_SHOWN], max(len(cards) - LOSSES_SHOWN, 0)


# ---- hosts that are not known to be healthy --------------------------------------------------------------------------


@dataclass
class BlindCard:
    """What is missing on hosts on which nothing is known to be broken."""

    missing: list[TextOf]
    left_out: int
    hosts: list[HostName]


def of_blind(hosts: Iterable[tuple[str, str, Sequence[str]]]) -> BlindCard | None:
    """hosts: names, anchors and what is missing on each. None without any."""
    found: dict[str, dict[str, str]] = {}
    everyone: dict[str, str] = {}
    for name, anchor, missing in hosts:
        everyone[name] = anchor
        for text in missing:
            found.setdefault(text, {})[name] = anchor
    texts = sorted(found.items(), key=lambda item: (-len(item[1]), natural(item[0])))
    shown = [TextOf(text, named(known.items())) for text, known in texts[: 2 * TEXTS_SHOWN]]
    return BlindCard(shown, max(len(texts) - 2 * TEXTS_SHOWN, 0), named(everyone.items())) if everyone else None


def brief(data: Mapping[str, object]) -> str:
    """A located loss in a few words, for the line of a folded host."""
    after = data.get("after")
    moment = f" {after_text(after)}" if isinstance(after, (int, float)) else ""
    return f"lost {clean(data.get('edge_text'))}{moment}"


def others(number: int) -> str:
    return f"and {counted(number, 'other')}"
