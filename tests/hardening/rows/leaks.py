# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module again and again: nothing may be left of a run."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import Counter
from functools import partial
from typing import Any

from labkit.segment import Segment
from tests.hardening import forked
from tests.hardening.row import Row, Tally

PARENT = [{"parent": "eth0", "addresses": ["192.168.100.1", "192.168.100.77"]}]
NETWORK = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24"], "container_ranges":
           ["192.168.100.128/28"],
           "host_addresses": ["192.168.100.3"], "gateways": ["192.168.100.1"], "link": "lan0"}  # fmt: skip
LINK = {"name": "lan1", "parent": "eth0", "mac": "02:00:00:00:00:11", "addresses": ["192.168.100.4"]}
#: Arguments of each module; of macvlan_link, in turn.
CALLS: dict[str, list[dict[str, Any]]] = {
    "arp_conflict_check": [{"probes": PARENT, "fail_on": []}],
    "confirm_change": [{"token": "a1", "wait": 0}],
    "dhcp_check": [{"probes": [{"parent": "eth0", "addresses": []}], "samples": 1, "listen_seconds": 0, "wait": 0.2}],
    "kmod_check": [{}],
    "macvlan_diagnose": [{"networks": [NETWORK], "host_id": "h1", "duration": 1, "active": False}],
    "macvlan_info": [{}],
    "macvlan_link": [{"links": [LINK], "host_id": "h1"},
                     {"links": [{"name": "lan1", "state": "absent"}], "host_id": "h1"}],
    "macvlan_survey": [{"kernel": {}, "exclusion": {"devices": ["interface-name:lan0"]}, "links": {"links": [LINK]},
                        "conflicts": {"probes": PARENT}, "reachability": {"networks": [NETWORK], "soak_seconds": 0,
                        "fail": False}, "host_id": "h1"}],
    "macvlan_verify": [{"networks": [NETWORK], "fail": False}],
    "macvlan_watch": [{"networks": [NETWORK], "duration": 1, "interval": 0.25}],
    "nm_unmanaged": [{"devices": ["interface-name:lan0"]}],
}  # fmt: skip
#: Runs before the first count: caches fill in them.
WARM = 3


def left() -> dict[str, int]:
    """What there is now, where /run is this process's own, with its temporary files."""
    files = sum(len(names) + len(folders) for path, folders, names in os.walk("/run") if "/netns" not in path)
    with open("/proc/self/task/self/children".replace("task/self", f"task/{os.getpid()}"), encoding="ascii") as stream:
        children = len(stream.read().split())
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "processes": children,
        "links": len(os.listdir("/proc/sys/net/ipv4/conf")),
        "files": files,
    }


def run(module: str, tally: Tally) -> None:
    calls = CALLS[module]

    def runs() -> dict[str, Any]:
        forked.own_mounts(("/run", "mode=755"))
        os.mkdir("/run/tmp")
        os.environ["TMPDIR"] = tempfile.tempdir = "/run/tmp"
        count, failures = 0, Counter()  # type: int, Counter[str]
        before: dict[str, int] = {}
        memory = 0
        for number in range(WARM * len(calls) + tally.wanted):
            if number == WARM * len(calls):
                before, memory = left(), resident()
            if before and not tally.in_time():
                break
            result = forked.module_here(module, calls[number % len(calls)])
            if result.get("failed"):
                failures[result["msg"]] += 1
            count += bool(before)
        # A turn of calls ends where it began.
        for number in range(count, -(-count // len(calls)) * len(calls)):
            forked.module_here(module, calls[number % len(calls)])
        after = left()
        more = {name: after[name] - before[name] for name in after if after[name] > before[name]}
        return {"count": count, "more": more, "failures": failures, "memory": resident() - memory}

    with Segment() as segment:
        segment.host("gw", ["192.168.100.1/24"])
        host = segment.host("h1", ["192.168.100.11/24"])
        host.ip("link", "add", "lan0", "link", "eth0", "type", "macvlan", "mode", "bridge")
        host.ip("link", "set", "lan0", "up")
        host.ip("address", "add", "192.168.100.3/32", "dev", "lan0")
        found = forked.inside(host.netns, runs)
    tally.count = found["count"]
    for message, times in found["failures"].items():
        tally.broke("failed", f"{times} times: {message}")
    if found["more"]:
        tally.broke("let_in", f"left after {found['count']} runs: {found['more']}")
    tally.measured = f"{found['memory'] // 1024} kB of memory more in one process that ran them all"


def resident() -> int:
    """Octets of memory that this process has."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


ROWS = [
    Row(
        f"leaks/{module}",
        f"{module} again and again in one process leaves no descriptor, thread, process, link or file",
        partial(run, module),
        wanted=200,
        quick=3 if module in ("macvlan_link", "macvlan_info", "confirm_change") else 0,
    )
    for module in CALLS
]
