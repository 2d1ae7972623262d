# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trial: make sick, diagnose, compare with what was expected, heal."""

from __future__ import annotations

from dataclasses import dataclass

from .diagnosis import Diagnosis, diagnose
from .fault import Fault
from .lab import NamespaceLab


@dataclass(frozen=True)
class Trial:
    """fault: None for a healthy lab."""

    fault: Fault | None
    diagnosis: Diagnosis
    lab: NamespaceLab

    @classmethod
    def healthy(cls, lab: NamespaceLab, duration: float = 2.0) -> Trial:
        return cls(None, diagnose(lab, duration), lab)

    @property
    def expected(self) -> set[str]:
        return self.fault.expected if self.fault else set()

    @property
    def found(self) -> set[str]:
        return self.diagnosis.causes

    @property
    def recalled(self) -> bool:
        """Whether the expected cause is confirmed on the host where it is."""
        return self.fault is None or any(
            item.cause == self.fault.cause and item.host == self.fault.host for item in self.diagnosis.confirmed
        )

    @property
    def culprit_right(self) -> bool | None:
        """None where there is none to be found."""
        if self.fault is None or self.fault.culprit is None:
            return None
        if not self.recalled:
            return False
        return self.fault.culprit(self.diagnosis.verdict(self.fault.cause, self.fault.host).culprit or {}, self.lab)

    @property
    def seconds(self) -> float:
        """From the injection, or from the start where the fault was there before, to the verdict."""
        return self.diagnosis.ended - (self.diagnosis.injected or self.diagnosis.started)

    @property
    def wrong(self) -> list[str]:
        """What is not as expected, in words."""
        said = []
        if not self.expected <= self.found:
            said.append(f"not found: {', '.join(sorted(self.expected - self.found))}")
        elif not self.recalled:
            said.append(f"found on another host than {self.fault.host if self.fault else ''}")
        if self.found - self.expected:
            said.append(f"found, and not there: {', '.join(sorted(self.found - self.expected))}")
        if self.fault is None and self.diagnosis.suspected:
            said.append(f"suspected: {', '.join(item.cause for item in self.diagnosis.suspected)}")
        if self.culprit_right is False:
            said.append("another culprit, or none")
        return said


def make(lab: NamespaceLab, fault: Fault) -> Trial:
    """Make a healthy lab sick, diagnose it, and heal it. Errors: AssertionError where it does not get well again."""
    if fault.prepare is not None:
        fault.prepare(lab)
    try:
        if fault.during:
            diagnosis = diagnose(lab, fault.duration, lambda: fault.inject(lab))
        else:
            fault.inject(lab)
            diagnosis = diagnose(lab, fault.duration)
    finally:
        fault.heal(lab)
    lab.rest()
    return Trial(fault, diagnosis, lab)
