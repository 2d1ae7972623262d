# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a diagnosis as plain data: what report.json holds. docs/report.schema.json says the same to others.

What came from a host stands in it as the host gave it; the evidence's schema has the types of that.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import ExperimentData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ClockData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TimelineData

SCHEMA = "linuxnet.macvlan/diagnosis/1"


class Culprit(TypedDict):
    """A process (pid, name, unit, command), a file (path), or a machine (mac, host). text: in one line.

    rule: by what it was found: how the watch knows the process (``known_by``), or one of the rules in `verdict`.
    """

    text: str
    rule: str
    pid: NotRequired[int | None]
    name: NotRequired[str | None]
    unit: NotRequired[str | None]
    command: NotRequired[str | None]
    path: NotRequired[str]
    mac: NotRequired[str | None]
    host: NotRequired[str | None]


class EvidenceItemData(TypedDict):
    """where: host, namespace and link; at: ISO 8601 by the host's clock, empty where it was not noted."""

    what: str
    where: str
    at: str
    value: str


class RemedyStepData(TypedDict):
    """One step of a remedy: see `remedy.RemedyStep`."""

    kind: str
    text: str
    host: str
    namespace: str
    values: dict[str, object]


class VerdictData(TypedDict):
    """after: seconds after the start of the watch. explained_by: the confirmed cause that this is a consequence of.
    steps: of the remedy, empty where there is none. targets: ids of all the broken targets of the host's timeline that
    it explains; empty for one that is ruled out or not tested.

    hosts: all hosts that the same verdict is about, where it is one about the fleet; else empty. Only the verdict of
    the first of them has all: others have `verdict.HOSTS_NAMED`, and how many are left out.
    """

    host: str
    network: str
    cause: str
    status: str
    title: str
    summary: str
    explanation: str
    after: float | None
    evidence: list[EvidenceItemData]
    culprit: Culprit | None
    remedy: str
    steps: list[RemedyStepData]
    explained_by: str | None
    targets: list[str]
    hosts: list[str]
    hosts_left_out: NotRequired[int]


class ReportContainer(TypedDict):
    """A container's link with all its addresses. absent: it was asked for, and not found."""

    namespace: str
    link: str
    mac: str
    mode: str
    addresses: list[str]
    absent: NotRequired[bool]


_EdgeSource = TypedDict("_EdgeSource", {"from": str})


class ReportEdge(_EdgeSource):  # pylint: disable=inherit-non-class  # a TypedDict by call: its key is a keyword
    """Whether one box of the drawing reaches another, as far as a target of the timeline shows it."""

    to: str
    state: str
    target_id: str


class ReportLink(TypedDict):
    """One declared network as it is on the host. link: None where the host declares no link of its own.

    parent_downs, link_downs: how often each was set down, or lost its carrier, during the watch.
    """

    network: str
    parent: str
    parent_mac: str | None
    parent_state: str
    parent_downs: int
    link: str | None
    link_mac: str | None
    link_state: str | None
    link_downs: int
    mode: str | None
    addresses: list[str]
    gateway: list[str]
    containers: list[ReportContainer]
    edges: list[ReportEdge]


class AccountData(TypedDict):
    """One broken target: what explains it, or where and when it is lost. `Account` says what each field means."""

    network: str
    target_id: str
    name: str
    after: float | None
    share: float
    explained_by: list[str]
    explained_on: list[str]
    edge: list[str]
    edge_text: str
    direction: str
    pattern: str
    period: float | None
    losses: int
    before: list[str]
    when: str
    ask: str
    text: str


class ReportHost(TypedDict):
    """message: why there is no evidence. problems: what could not be read.

    accounts: one for each broken target. unlike: what was not found as declared. unasked: what could not be asked.
    notes: what is fine and worth knowing.
    """

    host: str
    state: str
    message: str
    clock: ClockData | None
    links: list[ReportLink]
    timeline: TimelineData | None
    experiments: list[ExperimentData]
    problems: list[str]
    accounts: list[AccountData]
    unlike: list[str]
    unasked: list[str]
    notes: list[str]


class ReportSummary(TypedDict):
    """Hosts in all and by state, verdicts by status."""

    hosts: int
    healthy: int
    blind: int
    broken: int
    suspect: int
    unreachable: int
    failed: int
    nothing_declared: int
    confirmed: int
    suspected: int


class ReportData(TypedDict):
    """parameters: the variables of the run, by their names."""

    schema: str
    generated: str
    version: str
    parameters: dict[str, object]
    summary: ReportSummary
    hosts: list[ReportHost]
    verdicts: list[VerdictData]
