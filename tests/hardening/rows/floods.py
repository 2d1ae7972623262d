# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of frame, as fast as asked for, at a module that listens to it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from labkit.segment import Host, Segment
from tests.hardening import ROOT
from tests.hardening.row import Row, Tally

PROGRAMS = ROOT / "tests" / "integration"
#: Frames per second.
RATE = 50_000
#: Octets of a result, seconds besides the module's own, and KiB of memory: about twice what a quiet network takes.
RESULT, SECONDS, MEMORY = 256 * 1024, 60.0, 120 * 1024
HOLDER, HOLDER6 = "192.168.100.99", "fd00:100::63"
NETWORK = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24", "fd00:100::/64"], "gateways": [HOLDER]}
ASK = ("arp_conflict_check", {"probes": [{"parent": "eth0", "addresses": ["192.168.100.0/25"]}], "fail_on": []})
ASK6 = ("arp_conflict_check", {"probes": [{"parent": "eth0", "addresses": [HOLDER6, "fd00:100::50"]}], "fail_on": []})
WATCH = ("macvlan_watch", {"networks": [NETWORK], "duration": 4})
LEASES = (
    "dhcp_check",
    {"probes": [{"parent": "eth0", "addresses": ["192.168.100.192/28", "fd00:100::c0/124"]}], "attempts": 1, "wait": 2},
)
SWITCHES = ("macvlan_info", {"parents": ["eth0"], "lldp_seconds": 3})
#: The modules that each kind is for.
CALLS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "arp": [ASK, WATCH],
    "arp_one": [ASK, WATCH],
    "nd": [ASK6, WATCH],
    "na": [ASK6, WATCH],
    "imitate": [ASK, WATCH],
    "dhcp": [LEASES],
    "dhcp6": [LEASES],
    "lldp": [SWITCHES],
}


def run(kind: str, tally: Tally) -> None:
    figures: dict[str, list[float]] = {}
    rate = 0.0
    while tally.more():
        module, args = CALLS[kind][tally.count % len(CALLS[kind])]
        tally.count += 1
        result, memory, seconds, rate = attack(kind, module, args)
        size = len(json.dumps({key: value for key, value in result.items() if key != "invocation"}))
        best = figures.setdefault(module, [0.0, 0.0, 0.0])
        figures[module] = [max(pair) for pair in zip(best, (seconds, memory / 1024, size / 1024), strict=True)]
        for name, found, limit in (("seconds", seconds, SECONDS), ("KiB", memory, MEMORY), ("octets", size, RESULT)):
            if found > limit:
                tally.broke("failed", f"{module}: {found:.0f} {name}, more than {limit:.0f}")
        if result.get("failed"):
            tally.broke("failed", f"{module}: {result['msg']}")
        elif hidden(module, args, result):
            tally.broke("let_in", f"{module}: {hidden(module, args, result)}")
    words = [f"{module} {s:.0f} s, {m:.0f} MiB, {k:.0f} KiB" for module, (s, m, k) in figures.items()]
    tally.measured = f"{'; '.join(words)}; {rate:.0f} frames/s"


def hidden(module: str, args: dict[str, Any], result: dict[str, Any]) -> str:
    """Whether the flood hid a real holder behind a statement that nobody has its address."""
    if module != "arp_conflict_check":
        return ""
    asked = HOLDER6 if args is ASK6[1] else HOLDER
    # Of a network only addresses of which something was seen are listed, and of many only the first; all are counted.
    unlisted = "free_as_seen" if result["summary"]["free_as_seen"] else "left out"
    found = {item["address"]: item["status"] for item in result["results"]}.get(asked, unlisted)
    return f"{asked} is held, and was reported as free" if found == "free_as_seen" else ""


def attack(kind: str, module: str, args: dict[str, Any]) -> tuple[dict[str, Any], float, float, float]:
    """The result, KiB, seconds, and frames sent per second."""
    with Segment() as segment, tempfile.TemporaryDirectory() as directory:
        host = segment.host("h1", ["192.168.100.11/24", "fd00:100::11/64"])
        segment.host("h2", [f"{HOLDER}/24", f"{HOLDER6}/64"])
        sender: Any = segment.host("h3")
        device = "eth0"
        if kind == "lldp":  # no switch forwards it, so that it comes from the switch itself
            sender, device = segment.switch, host.port
        argv = [sys.executable, str(PROGRAMS / "flood.py"), kind, device, str(RATE), "300"]
        flood = sender.start(*argv, stdout=subprocess.PIPE)
        flood.stdout.readline()
        measured = Path(directory, "measured")
        result = measure(host, module, args, measured)
        memory, seconds = map(float, measured.read_text(encoding="ascii").split())
        flood.terminate()
        sent = float(flood.stdout.readline() or 0)
        return result, memory, seconds, sent / max(seconds, 0.1)


def measure(host: Host, module: str, args: dict[str, Any], measured: Path) -> dict[str, Any]:
    wrapper = [sys.executable, str(PROGRAMS / "measure.py"), str(measured)]
    try:
        return host.module(module, args, wrapper=wrapper)
    except AssertionError as error:
        return {"failed": True, "msg": str(error)[-1500:]}


ROWS = [
    Row(
        f"floods/{kind}",
        f"{RATE} frames/s asked for: no module takes {SECONDS:.0f} s, {MEMORY // 1024} MiB or a result of"
        f" {RESULT // 1024} KiB, and none calls a held address free",
        partial(run, kind),
        wanted=3 * len(CALLS[kind]),
        quick=1 if kind in ("arp", "lldp") else 0,
    )
    for kind in CALLS
]
