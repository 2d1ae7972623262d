# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Half an hour of flaps on a host of each manager, while a keeper keeps the link and a watch looks on."""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from labkit import modules as _modules
from labkit.lab import Lab
from tests.hardening.row import Row, Tally
from tests.integration.hosts.persistent import HOSTS, HostOfLab, in_any_order, topology

UNIT = "linuxnet-macvlan-lan0.service"
#: Seconds of one case, in which something happens on each host all the time, and until the link has to be as declared.
MINUTE, SETTLES = 60.0, 30.0
#: Limits of a keeper: KiB of memory more than at the start, processes more, seconds of a processor and lines of the
#: journal for each flap.
MEMORY, PROCESSES, CPU, LINES = 2048, 0, 1.0, 2.0
#: Limits of a watch: KiB of memory, and octets of its result.
WATCH_MEMORY, WATCH_RESULT = 120 << 10, 256 << 10
#: What the unit of a keeper takes: KiB of memory, processes, seconds of a processor (of ended children too), lines.
TAKES = r"""
import glob, json, os, subprocess, sys
unit, found = sys.argv[1], {"memory": 0, "processes": 0, "cpu": 0.0}
for path in glob.glob("/proc/[0-9]*"):
    try:
        if unit not in open(f"{path}/cgroup").read():
            continue
        ticks = open(f"{path}/stat").read().rpartition(")")[2].split()[11:15]
        lines = [line for line in open(f"{path}/status") if line.startswith("VmRSS")]
    except OSError:
        continue
    found["processes"] += 1
    found["memory"] += int(lines[0].split()[1]) if lines else 0
    found["cpu"] += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
said = subprocess.run(["journalctl", "-q", "--no-pager", "-o", "cat", "-u", unit], stdout=subprocess.PIPE)
print(json.dumps({**found, "lines": said.stdout.count(b"\n")}))
"""
#: The memory of a watch at its most, in KiB; 0 when there is none.
PEAK = r"""
most=0
for path in /proc/[0-9]*; do
    grep -qs macvlan_watch "$path/cmdline" || continue
    peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "$path/status" 2>/dev/null)
    test "${peak:-0}" -le "$most" || most=$peak
done
echo "$most"
"""


@dataclass
class Soaked:
    """A host, what its keeper took at first, and what has happened to it since."""

    host: HostOfLab
    chance: random.Random
    first: dict = field(default_factory=dict)
    last: dict = field(default_factory=dict)
    flaps: int = 0
    peak: int = 0
    watched: dict = field(default_factory=dict)

    def prepare(self) -> None:
        _modules.install(self.host.lab, self.host.name)
        self.host.link(links=[self.host.declared()])
        for flap in FLAPS:
            flap(self)
        self.flaps = 0
        self.first = self.takes()

    def takes(self) -> dict:
        return json.loads(self.host.run("python3", "-c", TAKES, UNIT))

    def watch(self, seconds: float) -> None:
        network = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24"]}
        args = {"networks": [network], "duration": seconds}
        self.watched = _modules.run(self.host.lab, self.host.name, "macvlan_watch", args)

    def minute(self) -> str:
        """How the link differs from what is declared after a minute of flaps; empty where it does not."""
        end = time.monotonic() + MINUTE
        while time.monotonic() < end:
            self.chance.choice(FLAPS)(self)
            time.sleep(self.chance.uniform(0.5, 5))
        self.peak = max(self.peak, int(self.host.shell(PEAK)))
        wanted = in_any_order(self.host.as_declared())
        deadline = time.monotonic() + SETTLES
        while (found := in_any_order(self.host.state())) != wanted:
            if time.monotonic() > deadline:
                return "; ".join(
                    f"{key} {found[key]}, not {wanted[key]}" for key in wanted if found[key] != wanted[key]
                )
            time.sleep(1)
        return ""

    def over(self) -> list[str]:
        """The limits that were passed."""
        self.last = self.takes()
        more = {name: self.last[name] - self.first[name] for name in self.first}
        flaps = max(self.flaps, 1)
        seen = {
            "KiB of memory more": (more["memory"], MEMORY),
            "processes more": (more["processes"], PROCESSES),
            "seconds of a processor for a flap": (more["cpu"] / flaps, CPU),
            "lines of the journal for a flap": (more["lines"] / flaps, LINES),
            "KiB of memory of the watch": (self.peak, WATCH_MEMORY),
            "octets of the watch": (len(json.dumps(self.watched)), WATCH_RESULT),
        }
        return [f"{found:.2f} {what}, at most {limit}" for what, (found, limit) in seen.items() if found > limit]

    @property
    def per_flap(self) -> tuple[float, float]:
        flaps = max(self.flaps, 1)
        return (self.last["cpu"] - self.first["cpu"]) / flaps, (self.last["lines"] - self.first["lines"]) / flaps


def unplugged(soaked: Soaked) -> None:
    lab, name = soaked.host.lab, soaked.host.name
    lab.cable(name, "eth0", plugged=False)
    time.sleep(soaked.chance.uniform(0.05, 3))
    lab.cable(name, "eth0", plugged=True)
    soaked.flaps += 1


def narrowed(soaked: Soaked) -> None:
    pause = soaked.chance.uniform(0.05, 2)
    soaked.host.shell(f"ip link set eth0 mtu 1400; sleep {pause:.2f}; ip link set eth0 mtu 1500")
    soaked.flaps += 1


def taken_down(soaked: Soaked) -> None:
    pause = soaked.chance.uniform(0.05, 2)
    soaked.host.shell(f"ip link set eth0 down; sleep {pause:.2f}; ip link set eth0 up")
    soaked.flaps += 1


FLAPS = (unplugged, narrowed, taken_down)


def run(tally: Tally) -> None:
    lab = Lab.up(topology(), name=f"hd{secrets.token_hex(4)}")
    try:
        hosts = [Soaked(HostOfLab(lab, _modules.run, name), random.Random(f"{tally.seed} {name}")) for name in HOSTS]
        with ThreadPoolExecutor(len(hosts)) as pool:
            list(pool.map(Soaked.prepare, hosts))
            minutes = min(float(tally.wanted), tally.minutes)
            watches = [threading.Thread(target=item.watch, args=(max(1.0, MINUTE * minutes),)) for item in hosts]
            for thread in watches:
                thread.start()
            while tally.more():
                tally.count += 1
                for item, wrong in zip(hosts, pool.map(Soaked.minute, hosts), strict=True):
                    if wrong:
                        tally.broke("lost", f"{item.host.name}, minute {tally.count}: {wrong}")
            for thread in watches:
                thread.join()
            for item, over in zip(hosts, pool.map(Soaked.over, hosts), strict=True):
                for what in over:
                    tally.broke("let_in", f"{item.host.name}: {what}")
                if item.watched.get("failed"):
                    tally.broke("failed", f"{item.host.name}: {item.watched['msg']}")
                if item.host.link(links=[item.host.declared()])["changed"]:
                    tally.broke("lost", f"{item.host.name}: the next run changes something")
    finally:
        lab.down()
    tally.measured = in_words(hosts)


def in_words(hosts: list[Soaked]) -> str:
    flaps = sum(item.flaps for item in hosts)
    cpu, lines = (max(item.per_flap[number] for item in hosts) for number in (0, 1))
    memory = max(item.last["memory"] - item.first["memory"] for item in hosts)
    peak, octets = max(item.peak for item in hosts), max(len(json.dumps(item.watched)) for item in hosts)
    return (
        f"{flaps} flaps on {len(hosts)} hosts; a keeper at most {memory} KiB more, {cpu:.2f} s of a processor and"
        f" {lines:.1f} lines of the journal for a flap; a watch at most {peak >> 10} MiB and {octets >> 10} KiB"
    )


ROWS = [
    Row(
        "soak",
        "half an hour of flaps on a host of each manager: each minute ends as declared, and neither keeper nor watch"
        f" takes more ({MEMORY} KiB and no process more, {CPU:g} s and {LINES:g} lines of the journal for a flap;"
        f" a watch {WATCH_MEMORY >> 10} MiB and {WATCH_RESULT >> 10} KiB)",
        run,
        wanted=30,
    )
]
