# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trial: inject a fault, diagnose, compare the findings with what was expected, undo the fault."""

from __future__ import annotations

import contextlib
import copy
import subprocess
from dataclasses import dataclass, replace
from functools import partial

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CONFIRMED, UNKNOWN

from .diagnosis import Diagnosis, diagnose
from .fault import Fault
from .healthy import CONDITIONS, Condition
from .lab import NamespaceLab
from .remedies import Healing, carry_out, healed

#: Seconds by which a moment may be off: some rounds of probes, on a busy machine.
TOLERANCE = 3.0


#: What a culprit says where events of processes were lost (`_watch/processes`).
EVENTS_LOST = "only the start was seen"


@dataclass(frozen=True)
class Trial:
    """fault: None for a healthy lab."""

    fault: Fault | None
    diagnosis: Diagnosis
    condition: str = ""
    #: None where there is none to be found.
    culprit_right: bool | None = None
    #: None where the remedy was not carried out.
    healing: Healing | None = None
    #: Whether the lab is no longer as it was: what the remedy did in part could not be undone, or it changed settings.
    spent: bool = False

    @classmethod
    def healthy(cls, lab: NamespaceLab, condition: Condition = CONDITIONS[0], duration: float = 3.0) -> Trial:
        """Diagnose a lab in which nothing is wrong."""
        with condition.during(lab):
            diagnosis = diagnose(lab, duration)
        lab.rest()
        return cls(None, diagnosis, condition.name)

    @property
    def expected(self) -> set[str]:
        return self.fault.expected if self.fault else set()

    @property
    def found(self) -> set[str]:
        """The confirmed causes, and suspected ones where the fault's cause can be no more than that."""
        statuses = {CONFIRMED, self.fault.status} if self.fault else {CONFIRMED}
        return {item.cause for status in statuses for item in self.diagnosis.with_status(status)}

    @property
    def recalled(self) -> bool:
        """Whether the expected cause has its status on the host where it is."""
        return self.fault is None or any(
            item.cause == self.fault.cause and item.host == self.fault.host
            for item in self.diagnosis.with_status(self.fault.status)
        )

    @property
    def seconds(self) -> float:
        """From the injection, or from the start where the fault was there before, to the verdict."""
        return self.diagnosis.ended - (self.diagnosis.injected or (self.diagnosis.started,))[0]

    @property
    def beyond(self) -> float:
        """These seconds without those that the fault takes to show itself."""
        return self.seconds - (self.fault.signature if self.fault else 0.0)

    @property
    def moment_wrong(self) -> str:
        """How the moment in the verdict differs from that of a fault during the watch; empty where it is right."""
        if self.fault is None or self.diagnosis.injected is None or not self.recalled:
            return ""
        named = self.diagnosis.moment(self.diagnosis.verdict(self.fault.cause, self.fault.host))
        begin, end = self.diagnosis.injected
        if named is None:
            return "the verdict names no moment"
        if begin - TOLERANCE <= named <= end + self.fault.signature + TOLERANCE:
            return ""
        return f"the verdict names a moment {named - begin:+.1f} s after the injection began"

    @property
    def wrong(self) -> list[str]:
        """What is not as expected, in words."""
        said = []
        if not self.expected <= self.found:
            said.append(f"not found: {', '.join(sorted(self.expected - self.found))}")
        elif not self.recalled:
            said.append(f"not {self.fault.status} on {self.fault.host}" if self.fault else "")
        if self.found - self.expected:
            said.append(f"found, and not there: {', '.join(sorted(self.found - self.expected))}")
        if self.fault is None and self.diagnosis.suspected:
            said.append(f"suspected: {', '.join(item.cause for item in self.diagnosis.suspected)}")
        if self.moment_wrong:
            said.append(self.moment_wrong)
        if self.culprit_right is False:
            said.append("another culprit, or none")
        if self.healing is not None:
            said += self.healing.wrong
        return said


def make(lab: NamespaceLab, fault: Fault, remedy: bool = False) -> Trial:
    """Inject a fault into a healthy lab, diagnose and undo it. Errors: AssertionError if the lab does not recover.

    remedy: also carry out the remedy before.
    """
    declared = copy.deepcopy(lab.declared)
    done: dict[Fault, Healing] = {}
    spent = False
    if fault.prepare is not None:
        fault.prepare(lab)
    diagnosis = _diagnosed(lab, fault)
    try:
        trial = Trial(fault, diagnosis)
        if fault.culprit is not None:
            named = diagnosis.verdict(fault.cause, fault.host).culprit or {}
            right = trial.recalled and fault.culprit(named, lab)
            # On a busy machine a program may end before it can be read: the verdict has to say so.
            excused = trial.recalled and named.get("rule") == UNKNOWN and EVENTS_LOST in named["text"]
            trial = replace(trial, culprit_right=None if excused else right)
        if remedy and trial.recalled:
            for part in fault.parts or (fault,):
                people = partial(part.asked or part.undo, lab)
                done[part] = carry_out(lab, diagnosis.verdict(part.cause, part.host), people)
            healing = healed(lab, list(done.values()))
            if fault.restored and not fault.restored(lab):
                healing = replace(healing, wrong=(*healing.wrong, "what was removed is not there again"))
            trial = replace(trial, healing=healing)
    finally:
        if not done:
            fault.undo(lab)
        else:
            # What a remedy declared is not there any more once the fault is undone.
            lab.declared = declared
            undone = [_undone(lab, part, healing) for part, healing in reversed(done.items())]
            spent = not all(undone)
    if not spent:
        lab.rest()
    return replace(trial, spent=spent or any(one.changes for one in done.values()))


def _undone(lab: NamespaceLab, fault: Fault, healing: Healing) -> bool:
    """Whether a fault is undone now. What its remedy has done already cannot be."""
    if healing.by_people and not fault.asked:
        return True
    try:
        fault.undo(lab)
    except subprocess.CalledProcessError:
        return False
    return True


def _diagnosed(lab: NamespaceLab, fault: Fault) -> Diagnosis:
    """What fails first is reported, and not that a fault which was not injected cannot be undone."""
    try:
        if fault.during:
            return diagnose(lab, fault.duration, lambda: fault.inject(lab))
        fault.inject(lab)
        return diagnose(lab, fault.duration)
    except (AssertionError, subprocess.CalledProcessError):
        with contextlib.suppress(subprocess.CalledProcessError):
            fault.undo(lab)
        raise
