# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause on every network of every host, under the laws. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import HostEvidence, NetworkData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork

from . import laws, shape
from .case import Case
from .cause import Cause
from .explained import naming
from .fleet import gather
from .names import natural
from .registry import CAUSES
from .shape import NotUnderstood
from .snapshot import Lacking
from .verdict import CONFIRMED, NOT_TESTED, STATUSES, SUSPECTED, CauseVerdict


def understood(data: object) -> HostEvidence:
    """The evidence of one host, checked as far as judging it needs. Errors: NotUnderstood."""
    evidence = shape.understood(data)
    for moment, snapshot in (("before", evidence["before"]), ("after", evidence["after"])):
        if snapshot is not None and not snapshot["namespaces"]:
            raise NotUnderstood(f"its snapshot {moment} the watch lacks the host's own network namespace")
    problems = Problems()
    networks(evidence, problems)
    if problems:
        raise NotUnderstood(f"its declared networks are not valid: {problems.items[0]}")
    return evidence


def judge(hosts: Mapping[str, HostEvidence], absent: Mapping[str, str] | None = None) -> list[CauseVerdict]:
    """All verdicts, in the order of reports. absent: hosts without evidence, and why."""
    fleet = gather(hosts, absent)
    found = []
    for evidence in hosts.values():
        for network in networks(evidence, Problems()):
            made = [verdict(cause, Case(evidence, network, fleet)) for cause in CAUSES]
            found += [laws.possible(item, evidence) for item in laws.rooted(made, evidence["watch"])]
    return sorted(found, key=order)


def networks(evidence: HostEvidence, problems: Problems) -> list[MacvlanNetwork]:
    """The declared networks of a host. Keys of a later release are left out."""
    known = NetworkData.__annotations__
    return _networks.networks(
        [{key: value for key, value in item.items() if key in known} for item in evidence["networks"]], problems
    )


def order(item: CauseVerdict) -> tuple[int, list[tuple[int, int, str]], float, str, str]:
    """Confirmed first; within a status by host, and by time, what was there from the start first."""
    after = item.after if item.after is not None else 0.0
    return STATUSES.index(item.status), natural(item.host), after, item.network, item.cause


def verdict(cause: Cause, case: Case) -> CauseVerdict:
    """What a cause says; that it was not tested where evidence is missing, or its judge fails on what there is."""
    missing = [reason for reason in map(case.lacks, cause.needs) if reason]
    try:
        made = CauseVerdict(NOT_TESTED, missing[0]) if missing else cause.judge(case)
    except Lacking as error:
        made = CauseVerdict(NOT_TESTED, str(error))
    # One judge that does not expect what it sees on a broken host must not keep the others from their verdicts.
    except Exception as error:  # noqa: BLE001
        made = CauseVerdict(NOT_TESTED, f"this could not be judged: {type(error).__name__}: {error}")
    made = laws.bounded(made, cause, case)
    if made.status in (CONFIRMED, SUSPECTED):
        made = naming(made, cause, case)
    return placed(made, case.host, case.network.name, cause)


def placed(item: CauseVerdict, host: str, network: str, cause: Cause) -> CauseVerdict:
    """The verdict with its host and network, and with the words that are the cause's own."""
    offered = item.status in (CONFIRMED, SUSPECTED)
    remedy = item.remedy or (cause.remedy if offered else "")
    steps = item.steps or ((cause.step(remedy),) if offered else ())
    return replace(
        item,
        host=host,
        network=network,
        cause=cause.id,
        title=cause.title,
        explanation=cause.explanation,
        remedy=remedy,
        steps=tuple(replace(step, host=step.host or host) for step in steps),
    )
