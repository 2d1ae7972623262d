# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seconds between a break and its verdict go: one of many hosts breaks while ``diagnose.yml`` watches all of
them for its default of a minute.

.venv/bin/python -m tests.bench.verdict [HOSTS] [BREAK ...]        as root, default 20 and all of `BREAKS`
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._packed import unpacked
from labkit.lab import Lab
from labkit.segment import RUN_MODULE

from . import ROOT, playbooks
from .rows import converged

PROFILED = Path(__file__).resolve().parent / "profiled"
HOST = "h2"
#: Seconds from the moment when all hosts are watched to the break.
AFTER = 3.0
WATCHED = re.compile(r"watch: (\d+) of \1 hosts watched; (\d+) of \2 targets")
VERDICT = re.compile(r"CONFIRMED|LOCATED|located")
FILTER = """
table bridge portsecurity {{
    chain forward {{
        type filter hook forward priority 0;
        iifname {port} ether saddr != {mac} counter drop
    }}
}}
"""


def topology(count: int) -> Mapping[str, Any]:
    """As for site.yml, with a container on each host."""
    given = dict(converged.topology(count))
    given["containers"] = {
        f"c{number}": {
            "host": f"h{number}",
            "addresses": [f"10.0.{100 + number // 16}.{number % 16 * 16 + 1}/16"],
            "gateway": "10.0.0.1",
        }
        for number in range(1, count + 1)
    }
    return given


# ---- breaks ----------------------------------------------------------------------------------------------------------


def _filter(lab: Lab) -> None:
    link = json.loads(lab.exec(HOST, "ip", "-j", "link", "show", "eth0").stdout)[0]
    rules = FILTER.format(port=_port(lab, int(link["link_index"])), mac=link["address"])
    lab.exec("sw0", "nft", "-f", "-", input=rules)


def _port(lab: Lab, index: int) -> str:
    links = json.loads(lab.exec("sw0", "ip", "-j", "link").stdout)
    return next(str(link["ifname"]) for link in links if link["ifindex"] == index)


def _allow(lab: Lab) -> None:
    lab.exec("sw0", "nft", "delete", "table", "bridge", "portsecurity")


def _delete(lab: Lab) -> None:
    lab.exec(HOST, "ip", "link", "delete", "lan0")


def _remove(lab: Lab) -> None:
    lab.exec(HOST, "ip", "address", "flush", "dev", "lan0")


def _apply(lab: Lab) -> None:
    deploy(lab, HOST)


def deploy(lab: Lab, host: str) -> None:
    """The link as site.yml makes it, without its files."""
    problems = Problems()
    plan = read(HostDeclaration(host, lab.topology.hosts[host].variables["macvlan_networks"], []), problems)
    options = {"links": plan.intent.as_data()["links"], "host_id": host, "confirm_timeout": 0, "persistence": "none"}
    lab.exec(host, sys.executable, str(RUN_MODULE), "macvlan_link", input=json.dumps(options))


#: What breaks, and how that is undone.
BREAKS: dict[str, tuple[Callable[[Lab], None], Callable[[Lab], None]]] = {
    "port-filters-mac": (_filter, _allow),
    "link-deleted": (_delete, _apply),
    "address-removed": (_remove, _apply),
}


# ---- one run ---------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """All times are seconds since the epoch. ends: what happened when; cpu: seconds of the whole run, hosts included.

    lines: what was printed, and when."""

    broken: float = 0.0
    verdict: float = 0.0
    done: float = 0.0
    cpu: float = 0.0
    lines: list[tuple[float, str]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def fleet(count: int) -> Iterator[Lab]:
    """A lab of hosts that have what they declare."""
    lab = Lab.up(dict(topology(count)), f"verdict{count}")
    try:
        for host in lab.topology.hosts:
            deploy(lab, host)
        yield lab
    finally:
        lab.down()


def diagnose(lab: Lab, count: int, breaks: Callable[[Lab], None]) -> Run:
    """Errors: RuntimeError with the output where there is no verdict."""
    run = Run()
    before = _spent()
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "collected"
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_PLUGINS": str(PROFILED),
            "ANSIBLE_CALLBACKS_ENABLED": "collected",
            "LINUXNET_COLLECTED": str(written),
        }
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(lab.inventory_path)]
        command += ["--forks", str(count), str(ROOT / "playbooks" / "diagnose.yml")]
        command += ["-e", f"diagnose_report_dir={folder}/report"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        ) as process:
            try:
                _read(run, process, lambda: breaks(lab))
            except BaseException:
                process.kill()
                raise
        run.done = time.time()
        run.cpu = _spent() - before
        if not run.verdict:
            raise RuntimeError("\n".join(text for dummy, text in run.lines)[-6000:])
        run.records = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]
    return run


def _read(run: Run, process: subprocess.Popen[str], breaks: Callable[[], None]) -> None:
    """What it prints, until the end; something breaks some time after all hosts are watched."""
    for line in process.stdout or ():
        run.lines.append((time.time(), line.rstrip()))
        if not run.broken and WATCHED.match(line):
            time.sleep(AFTER)
            run.broken = time.time()
            breaks()
        elif run.broken and not run.verdict and VERDICT.search(line):
            run.verdict = time.time()


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def floor(lab: Lab, count: int) -> float:
    """Seconds of a playbook with one task on the same hosts."""
    with tempfile.TemporaryDirectory() as folder:
        playbook = Path(folder) / "floor.yml"
        playbook.write_text(converged.FLOOR, encoding="utf-8")
        return playbooks.seconds(playbook, lab.inventory_path, "--forks", str(count))


# ---- where they go ---------------------------------------------------------------------------------------------------


def phases(run: Run) -> dict[str, float]:
    """What was reached how many seconds after the break, in the order of time; of many hosts the last one counts."""
    hosts = {item["host"]: unpacked(item["evidence"]) for item in run.records if item.get("evidence")}
    came = {item["host"]: item["at"] for item in run.records if item.get("evidence")}
    judged = [item["at"] for item in run.records if item.get("task", "").endswith("Diagnose the hosts together")]
    watches = {name: item["watch"] for name, item in hosts.items() if item["watch"]}
    ends = {name: _moment(item["started"]) + item["duration"] for name, item in watches.items()}
    asked = {
        f"{name}, {item['id']}": _moment(item["at"])
        for name, one in hosts.items()
        for item in one["experiments"]
        if item["at"]
    }
    moments = {
        "the broken host's watch ends": ends.get(HOST),
        "the last watch ends": max(ends.values(), default=None),
        "the last experiment begins": max(asked.values(), default=None),
        f"the broken host ({HOST}) has collected": hosts[HOST]["ended"],
        "the last host has collected": max(item["ended"] for item in hosts.values()),
        "the first result is here": min(came.values()),
        "the last result is here": max(came.values()),
        "judging begins": judged[0] if judged else None,
        "the verdict is printed": run.verdict,
        "the playbook ends": run.done,
    }
    return {name: moment - run.broken for name, moment in moments.items() if moment is not None}


def _moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with fleet(count) as lab:
        for name in sys.argv[2:] or BREAKS:
            breaks, undo = BREAKS[name]
            before = floor(lab, count)
            run = diagnose(lab, count, breaks)
            undo(lab)
            print(f"{name}: {count} hosts, {run.cpu:.1f} s of processor time; one task takes {before:.2f} s")
            for what, seconds in phases(run).items():
                print(f"  {seconds:+7.2f} s  {what}")
            for moment, text in run.lines:
                if text.startswith("watch: ") or VERDICT.search(text):
                    print(f"  {moment - run.broken:+7.2f} s  | {text}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
