# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps of a playbook run: what --tags and --skip-tags mean for it. Pure.

All tasks of the playbooks are tagged ``always``, and conditions select by the steps: with Ansible's own selection a
later step would run without the registered results of an earlier one.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems

from .playbooks import EXCLUSION, LINKS, PLAN, PLAYBOOKS, PROBE, REPORT, STEPS

ALL, ALWAYS, TAGGED = "all", "always", "tagged"
#: What Ansible calls --tags and --skip-tags; problems name them as keys.
TAGS, SKIP_TAGS = "--tags", "--skip-tags"


def choose(
    playbook: str, tags: Sequence[str], skipped: Sequence[str], inherited: Collection[str], problems: Problems
) -> list[str]:
    """The steps that run, in their order.

    tags, skipped: as given to Ansible. inherited: the tags of the plan's task, among them those that a playbook which
    imports this one has given to all of its tasks.
    """
    known = PLAYBOOKS[playbook].steps
    others = set(inherited) - {ALWAYS, *STEPS}
    if not tags or ALL in tags or TAGGED in tags or others.intersection(tags):
        wanted = set(known)
    else:
        wanted = _wanted(playbook, tags, problems)
    _check_skipped(playbook, skipped, problems)
    return [step for step in known if step in wanted and step not in skipped]


def plan_alone(playbook: str, tags: Sequence[str], steps: Sequence[str]) -> bool:
    """Whether nothing but the plan was asked for. Some playbooks have no other step, and do more than that."""
    return list(steps) == [PLAN] and (len(PLAYBOOKS[playbook].steps) > 1 or PLAN in tags)


def _wanted(playbook: str, tags: Sequence[str], problems: Problems) -> set[str]:
    known = PLAYBOOKS[playbook].steps
    for tag in tags:
        if tag not in known and tag != ALWAYS:
            problems.add(TAGS, tag, f"{playbook}.yml has no step of this name", _instead(tag, known))
    wanted = set(known).intersection(tags)
    if set(tags) == {REPORT}:
        problems.add(TAGS, REPORT, "alone it has nothing to report", "add a step, such as verify")
    if playbook == "teardown" and wanted >= {EXCLUSION} and LINKS not in wanted:
        what = "NetworkManager would configure the links as soon as their exclusion is removed"
        problems.add(TAGS, EXCLUSION, what, f"add {LINKS}")
    # nothing is written before the addresses have been probed, and no failure goes unreported
    if LINKS in wanted and PROBE in known:
        wanted.add(PROBE)
    if wanted - {PLAN} and REPORT in known:
        wanted.add(REPORT)
    return wanted | {PLAN}


def _check_skipped(playbook: str, skipped: Sequence[str], problems: Problems) -> None:
    if PLAN in skipped:
        problems.add(SKIP_TAGS, PLAN, "no host is touched without the plan", "leave it out")
    if REPORT in skipped and REPORT in PLAYBOOKS[playbook].steps:
        problems.add(SKIP_TAGS, REPORT, "the report is what fails for hosts that failed", "leave it out")
    if playbook == "teardown" and LINKS in skipped and EXCLUSION not in skipped:
        what = "NetworkManager would configure the links as soon as their exclusion is removed"
        problems.add(SKIP_TAGS, LINKS, what, f"skip {EXCLUSION} too")


def _instead(tag: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(tag, known, 1)
    return f"write {close[0]}" if close else f"use one of {', '.join(known)}"
