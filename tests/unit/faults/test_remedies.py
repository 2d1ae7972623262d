# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of faults carries remedies out as they are written, of two faults at once those of both."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK, SOON, RemedyStep, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CONFIRMED, CauseVerdict
from tests.faults import remedies
from tests.faults.fault import Fault, both
from tests.faults.lab import NamespaceLab


class _Host:
    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, *argv: str) -> None:
        self.ran.append(argv[-1])
        if argv[-1] == "false":
            raise subprocess.CalledProcessError(1, argv, stderr="no")


def _carried_out(*steps: RemedyStep, remedy: str) -> tuple[remedies.Healing, list[str]]:
    """What became of a remedy, and what was done in which order."""
    host = _Host()
    lab = cast(NamespaceLab, SimpleNamespace(hosts={"web1": host}))
    verdict = CauseVerdict(CONFIRMED, remedy=remedy, host="web1", steps=steps)
    return remedies.carry_out(lab, verdict, lambda: host.ran.append("people")), host.ran


def test_people_do_their_part_once_and_in_turn() -> None:
    ask = RemedyStep(ASK, "ask for eth0", "web1")
    first, last = command("one", "web1"), command("two", "web1")
    done, order = _carried_out(first, ask, ask, last, remedy="one, ask for eth0, two")
    assert order == ["one", "people", "two"]
    assert (done.by_people, done.wrong, done.kinds) == (True, (), "command, ask")
    assert done.changes, "the next fault needs another lab"


def test_what_fails_or_is_not_in_the_remedy_is_wrong() -> None:
    done, _order = _carried_out(command("false", "web1"), command("true", "web1"), remedy="false")
    assert [text.split(":")[0] for text in done.wrong] == ["command failed", "a step is not in the remedy"]


@pytest.mark.parametrize(("remedy", "wrong"), [("true", ("lost",)), (f"true; it heals {SOON}", ())])
def test_only_what_a_remedy_says_takes_time_may_take_it(
    remedy: str, wrong: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([["lost"], []])
    monkeypatch.setattr(remedies, "_wrong", lambda _lab: next(found))
    done, _order = _carried_out(command("true", "web1"), remedy=remedy)
    assert remedies.healed(cast(Any, None), [done]).wrong == wrong


def test_two_faults_at_once_keep_their_parts() -> None:
    one, other = (Fault(name, print, print) for name in ("one", "other"))
    assert both(one, other).parts == (one, other)
