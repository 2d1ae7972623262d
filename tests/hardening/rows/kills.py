# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed before each writing system call: the module, its guard, the guard while it undoes, and all of them at once."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from labkit.segment import Host, Segment
from tests.hardening import declared, forked, syscalls, workers
from tests.hardening.declared import Change
from tests.hardening.row import Row, Tally

LAW = (
    "the next run converges (where a guard was killed, after that was decided), the one after it changes nothing,"
    " nothing of others is lost; before that, what a guard"
    " was left to undo is as it was, or confirmed"
)
#: Seconds for the confirmation, which comes at once.
CONFIRM = 5
#: Seconds that the kernel may take to end what it does by itself.
SETTLES = 5.0


@dataclass(frozen=True)
class Point:
    """A point at which something is killed: before its call of that number, from 0.

    first: for a guard that undoes, the module's call before which that was killed.
    """

    change: Change
    who: str
    number: int
    first: int = 0
    #: What a run that nobody kills ends in.
    reference: Any = None


@dataclass
class Killer:
    """Decides at each call; knows what came before."""

    point: Point | None
    calls: int = 0
    mine: int = 0
    module: int = 0
    module_calls: int = 0
    reached: bool = False

    def __call__(self, call: syscalls.Call) -> tuple[int, ...]:
        self.module = self.module or call.pid
        self.calls += 1
        by_module = call.pid == self.module
        if self.point is None or self.reached:
            self.module_calls += by_module
            return ()
        point = self.point
        if point.who == "undoing" and by_module:
            self.module_calls += 1
            return (call.pid,) if self.module_calls > point.first else ()
        if point.who == "undoing" and self.module_calls <= point.first:
            return ()
        if by_module != (point.who in ("module", "alone")) and point.who != "all":
            return ()
        self.mine += 1
        if self.mine <= point.number:
            return ()
        self.reached = True
        return tuple(syscalls.descendants(os.getpid())) if point.who == "all" else (call.pid,)


def work(host: Host, change: Change, guarded: bool) -> Callable[[], None]:
    """What is killed: a run with its confirmation, as a controller makes it, or one without a guard."""
    confirm = {"confirm_token": "a1", "confirm_timeout": CONFIRM} if guarded else {}

    def run() -> None:
        with tempfile.TemporaryFile() as output:
            forked.become(host.netns, output)
            forked.main_of("macvlan_link", {**change.args, **confirm})
            if guarded:
                forked.main_of("confirm_change", {"token": "a1", "wait": 1})

    return run


def settled(host: Host, wanted: dict[str, Any]) -> str:
    """How the host differs from what it should be; empty as soon as it does not."""
    deadline = time.monotonic() + SETTLES
    while True:
        wrong = declared.differences(declared.seen(host), wanted)
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.1)


def points(who: str, tally: Tally) -> Iterator[Point]:
    """Every point of one random change after the other."""
    while True:
        change = declared.changes(tally.random)
        with Segment() as segment:
            host = declared.host(segment, change)
            killer = Killer(None)
            syscalls.supervised(work(host, change, who != "alone"), killer)
            reference = declared.seen(host)
        if killer.module_calls < 10:  # nothing to change between these two
            continue
        point = Point(change, who, 0, reference=reference)
        if who == "undoing":
            # Half-way and at the end of the change; so many calls as a guard makes to undo it.
            for first in (killer.module_calls // 2, killer.module_calls * 3 // 4):
                yield from (replace(point, number=number, first=first) for number in range(3, 40))
        else:
            count = {"module": killer.module_calls, "alone": killer.module_calls, "all": killer.calls}
            yield from (
                replace(point, number=number) for number in range(count.get(who, killer.calls - killer.module_calls))
            )


def attack(point: Point) -> tuple[bool, bool, str, str]:
    """Whether the point exists, and comes after the first write; what was lost, and what failed."""
    with Segment() as segment:
        host = declared.host(segment, point.change)
        before = declared.seen(host)
        killer = Killer(point)
        syscalls.supervised(work(host, point.change, point.who != "alone"), killer)
        if not killer.reached:
            return False, False, "", ""
        name = f"{point.who} killed before call {point.number} ({point.first}) of {point.change}"
        lost = ""
        if point.who == "module":
            wrong = settled(host, before)
            if wrong and settled(host, point.reference):
                lost = f"neither as before nor confirmed: {wrong}: {name}"
        decide(host, point.change)
        runs = [forked.module(host.netns, "macvlan_link", point.change.args, check) for check in (False, True)]
        failed = next((f"the next run: {run['msg']}: {name}" for run in runs if run.get("failed")), "")
        if not failed and runs[1]["changed"]:
            failed = f"the run after the next one changes: {runs[1]['messages']}: {name}"
        wrong = "" if failed else settled(host, point.reference)
        lost = lost or (f"{wrong}: {name}" if wrong else "")
        return True, killer.calls > 1, lost, failed


def decide(host: Host, change: Change) -> None:
    """Do what a run says that is refused because a guard was killed."""
    refused = forked.module(host.netns, "macvlan_link", change.args, True)
    if "its guard was killed. Remedy: restart the host" in str(refused.get("msg")):
        for name in ("pending", "undoing"):
            shutil.rmtree(host.memory / "confirm" / name, ignore_errors=True)


def run(who: str, tally: Tally) -> None:
    workers.share(tally, partial(loop, who))
    tally.measured = (
        f"{tally.figures.get('later', 0)} of them after the first write, in {tally.figures.get('changes', 0)} changes"
    )


def loop(who: str, tally: Tally) -> None:
    seen = None
    for point in points(who, tally):
        if not tally.more():
            return
        reached, later, lost, failed = attack(point)
        # Some are not reached, as a guard has less to undo than that.
        tally.count += reached
        tally.note("later", reached and later)
        tally.note("changes", point.change != seen)
        seen = point.change
        for what, why in (("lost", lost), ("failed", failed)):
            if why:
                tally.broke(what, why)


WHO = {
    "module": (300, 6, "the module, which a guard watches"),
    "alone": (250, 4, "the module without a guard"),
    "guard": (60, 3, "the guard"),
    "undoing": (100, 3, "the guard while it undoes"),
    "all": (100, 3, "all of them at once, in the memory of a host that stays up"),
}
ROWS = [
    Row(f"kills/{who}", f"{text}, killed before any writing system call: {LAW}", partial(run, who), wanted, quick,
        syscalls.unable)
    for who, (wanted, quick, text) in WHO.items()
]  # fmt: skip
