# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that run at the same time on the same hosts, as two operators start them."""

from __future__ import annotations

import itertools
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from labkit.lab import Lab
from tests.hardening import ROOT
from tests.hardening.row import Row, Tally
from tests.integration.hosts import playbooks

TOPOLOGY = ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
PLAYBOOKS = ("site", "verify", "diagnose", "teardown", "mac_list")
PAIRS = list(itertools.combinations_with_replacement(PLAYBOOKS, 2))
TRIPLES = [("site", "site", "site"), ("site", "teardown", "verify"), ("teardown", "teardown", "site"),
           ("diagnose", "site", "mac_list"), ("verify", "verify", "teardown")]  # fmt: skip
#: What a refusal says: another run is at work, or has changed what this one was about to judge.
REFUSALS = (
    "another change of this host",
    "another run",
    "is not confirmed yet",
    "no such link",
    "there is no link lan0",
)
TROUBLE = ("Traceback (most recent call last)", "MODULE FAILURE", "Unexpected failure", "ERROR!")


def run(tally: Tally) -> None:
    cases = [*PAIRS, *TRIPLES]
    tally.random.shuffle(cases)
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab.up(TOPOLOGY, name=f"hd{secrets.token_hex(4)}")
        try:
            attack(lab, directory, cases, tally)
        finally:
            lab.down()


def attack(lab: Lab, directory: str, cases: list[tuple[str, ...]], tally: Tally) -> None:
    refused = 0
    for names in itertools.cycle(cases):
        if not tally.more():
            break
        tally.count += 1
        first = started(lab, directory, "site")
        assert first.rc == 0, first.output[-2000:]
        with ThreadPoolExecutor(len(names)) as pool:
            runs = list(pool.map(partial(started, lab, directory), names))
        what = " and ".join(names)
        for name, done in zip(names, runs, strict=True):
            refused += bool(done.rc)
            trouble = next((word for word in TROUBLE if word in done.output), "")
            if trouble:
                tally.broke("failed", f"{name} of {what}: {done.output[done.output.find(trouble) :][:1500]}")
            elif done.rc and not expected(name, names, done):
                tally.broke("failed", f"{name} of {what} ended with {done.rc}: {done.output[-1500:]}")
        left = unfinished(lab, {*names})
        if left:
            tally.broke("lost", f"{what}: {left}")
    tally.measured = f"real playbooks on 2 hosts in namespaces; {refused} runs refused, or judged a link that was going"


def expected(name: str, names: tuple[str, ...], done: playbooks.Run) -> bool:
    """Whether a run may end like this: refused, or it judged a link that another run was just removing."""
    judges = name in ("verify", "diagnose") and "teardown" in names
    return judges or any(word in done.output for word in REFUSALS)


def started(lab: Lab, directory: str, name: str) -> playbooks.Run:
    options = {"mac_list_dir": directory} if name == "mac_list" else {}
    return playbooks.run(name, lab.inventory_path, **options)


def unfinished(lab: Lab, names: set[str]) -> str:
    """Why the state is none of those that one of the runs alone makes; empty where it is."""
    wanted = [name for name in ("site", "teardown") if name in names] or ["site"]
    checks = {name: playbooks.run(name, lab.inventory_path, options=("--check",)) for name in wanted}
    # Each host may be in the state of either.
    odd = [
        host
        for host in ("h1", "h2")
        if all(done.recap.get(host, {}).get("changed", 1) or done.recap[host]["failed"] for done in checks.values())
    ]
    return f"{', '.join(odd)}: neither as {' nor as '.join(wanted)} leaves it" if odd else ""


ROWS = [
    Row(
        "together",
        "two or three playbooks at once on the same hosts: no traceback, each run succeeds or refuses with a reason,"
        " and each host is as one of them leaves it",
        run,
        wanted=len(PAIRS) + len(TRIPLES),
    )
]
