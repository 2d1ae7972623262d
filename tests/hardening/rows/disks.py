# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/run that is full at any moment of a run, or cannot be written to at all."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from typing import Any

from labkit.segment import Segment
from tests.hardening import declared, forked, workers
from tests.hardening.declared import Change
from tests.hardening.row import Row, Tally

LAW = (
    "the run makes its change, or fails with a message and leaves a guarded host as it was; with room again the next"
    " run converges, and the one after it changes nothing"
)
#: Pages of 4096 octets that a run may fill before /run is full; a whole run needs no more.
PAGES = 14
FAILED = ("No space left on device", "Read-only file system")
ROOM = "size=4m"


def attack(change: Change, options: str, guarded: bool) -> tuple[str, str]:
    """What was lost, and what failed, for a /run with these mount options."""
    with Segment() as segment:
        host = declared.host(segment, change)
        reference = forked.module(host.netns, "macvlan_link", change.args)
        assert not reference.get("failed"), reference["msg"]
        wanted = declared.seen(host)

    def runs() -> list[dict[str, Any]]:
        forked.own_mounts(("/run", ROOM))
        declared.start(change, "")
        before = declared.kernel()
        subprocess.run(["mount", "-o", f"remount,{options}", "/run"], check=False)
        confirm = {"confirm_token": "a1", "confirm_timeout": 1} if guarded else {}
        made = forked.module("", "macvlan_link", {**change.args, **confirm})
        # A change that was made is undone, as nobody confirms it.
        state = _until_quiet(before) if guarded else ""
        subprocess.run(["mount", "-o", f"remount,rw,{ROOM}", "/run"], check=True)
        again = [forked.module("", "macvlan_link", change.args, check) for check in (False, True)]
        return [made, {"state": state}, *again]

    with Segment() as segment:
        host = declared.host(segment, Change(None, change.target))
        made, left, again, third = forked.inside(host.netns, runs)
        wrong = declared.differences(declared.seen(host), wanted)
    lost = f"not as it was: {left['state']} after {made.get('msg', 'a change')}" if left["state"] else ""
    failed = ""
    if made.get("failed") and not any(word in made["msg"] for word in FAILED):
        failed = f"the message does not say why: {made['msg']}"
    if again.get("failed") or third.get("failed") or third["changed"]:
        failed = failed or f"the runs after it: {again.get('msg')}, {third.get('msg', third.get('messages'))}"
    return lost or wrong, failed


def _until_quiet(wanted: dict[str, Any]) -> str:
    deadline = time.monotonic() + 20
    while True:
        try:
            wrong = declared.differences(declared.kernel(), wanted)
        except OSError as error:  # a link goes while its settings are read
            wrong = str(error)
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.3)


def run(kind: str, tally: Tally) -> None:
    workers.share(tally, partial(loop, kind))


def loop(kind: str, tally: Tally) -> None:
    while tally.more():
        change = declared.changes(tally.random)
        options = "ro" if kind == "read-only" else f"size={4 * tally.random.randint(1, PAGES)}k"
        guarded = tally.random.random() < 0.6
        tally.count += 1
        for what, why in zip(("lost", "failed"), attack(change, options, guarded), strict=True):
            if why:
                tally.broke(what, f"{why}: {options}, {'with' if guarded else 'without'} a guard, {change}")


ROWS = [
    Row("disks/full", f"/run becomes full at any moment: {LAW}", partial(run, "full"), wanted=60, quick=3),
    Row("disks/read-only", f"/run is read-only: {LAW}", partial(run, "read-only"), wanted=15, quick=1),
]
