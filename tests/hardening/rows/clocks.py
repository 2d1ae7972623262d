# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of a host is set by an hour, forward or back, while a guard waits or a watch runs.

No namespace has a CLOCK_REALTIME of its own, so it is the process's: what Python says that time it is.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from labkit import netns
from labkit.segment import Host, Segment
from tests.hardening.row import Row, Tally

#: Seconds from the start of a module to the step, and of the step.
AFTER, STEP = 1.2, 3600
SITECUSTOMIZE = f"""
import os, time
real, begin = time.time, time.monotonic()
time.time = lambda: real() + (int(os.environ["CLOCK_STEP"]) if time.monotonic() - begin > {AFTER} else 0)
"""
LINK = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:10", "addresses": ["192.168.100.3"]}
#: Seconds for the confirmation, and those more in which a guard acts, on a busy machine.
TIMEOUT, GRACE = 4, 30
DURATION = 4


def change(host: Host, place: str, timeout: int) -> dict:
    args = {"links": [LINK], "host_id": "web1", "confirm_token": "a1", "confirm_timeout": timeout}
    return host.module("macvlan_link", args, path=place)


def unconfirmed(host: Host, place: str) -> str:
    """Why its end is wrong; empty where it is right."""
    began = time.monotonic()
    change(host, place, TIMEOUT)
    if not netns.idle(host.netns, TIMEOUT + GRACE):
        return "the guard still waits"
    seconds = time.monotonic() - began
    state = host.module("confirm_change", {"token": "a1", "wait": 0})["state"]
    if seconds < TIMEOUT or state != "undone" or host.link("lan0") is not None:
        return f"not undone in its time: {state} after {seconds:.1f} s"
    return ""


def confirmed(host: Host, place: str) -> str:
    change(host, place, 60)
    time.sleep(AFTER)
    state = host.module("confirm_change", {"token": "a1", "wait": 10}, path=place)["state"]
    return "" if state == "confirmed" and host.link("lan0") is not None else f"it was {state}"


def watched(host: Host, place: str) -> str:
    # On a busy machine the watch begins late.
    script = "for mtu in $(seq 1499 -1 1300); do sleep 0.5; ip link set eth0 mtu $mtu; done"
    host.start("sh", "-c", script)
    network = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24"]}
    result = host.module("macvlan_watch", {"networks": [network], "duration": DURATION}, path=place)
    seen = [event["data"]["changed"]["mtu"][1] for event in result["events"] if "mtu" in str(event["data"])]
    if seen != sorted(seen, reverse=True) or not seen:
        return f"events in another order: {seen}"
    return "" if DURATION <= result["duration"] < DURATION + 5 else f"it took {result['duration']} s"


CASES = [(check, step) for check in (unconfirmed, confirmed, watched) for step in (STEP, -STEP)]


def run(tally: Tally) -> None:
    order = [*CASES]
    tally.random.shuffle(order)
    with tempfile.TemporaryDirectory() as place:
        Path(place, "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="ascii")
        while tally.more():
            check, step = order[tally.count % len(order)]
            tally.count += 1
            os.environ["CLOCK_STEP"] = str(step)
            with Segment() as segment:
                why = check(segment.host("h1", ["192.168.100.11/24"]), place)
            if why:
                tally.broke("failed", f"{check.__name__}, {step} s: {why}")
    tally.measured = "the clock is that of the module's and the guard's Python"


ROWS = [
    Row(
        "clocks",
        "clock steps of an hour, both ways, during a guard and a watch change neither limit nor order",
        run,
        wanted=len(CASES),
        quick=2,
    )
]
