# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a converged ``site.yml`` goes, for each module that it runs, on one namespace host.

.venv/bin/python tests/bench/profile.py [RUNS]      as root, default 3; medians in milliseconds

controller: templating, building and unpacking; transfer: the connection, without the module's process. Of that process:
interpreter, imports (loading and compiling) and work, the processor's time until Python is up, in import statements and
in all else, its programs included; kernel: in system calls; waiting: for the network, daemons, or a processor.
KiB: what is sent, arguments included.
"""

from __future__ import annotations

import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit.segment import Host, Segment  # noqa: E402  (the path is set up above)

PROFILED = Path(__file__).resolve().parent / "profiled"
HOST, CONTROLLER = "LINUXNET_PROFILE_HOST", "LINUXNET_PROFILE_CONTROLLER"
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "host_address": "192.168.100.3",
    "container_range": "192.168.100.128/28",
}
COLUMNS = ("wall", "controller", "transfer", "interpreter", "imports", "work", "kernel", "waiting")

Record = dict[str, Any]


def prepare(directory: Path, host: Host) -> Path:
    """An interpreter inside the namespace, and the inventory that names it."""
    python = directory / "python"
    inside = shlex.join(["ip", "netns", "exec", host.netns, sys.executable])
    settings = f"PYTHONPATH={shlex.quote(str(PROFILED))} {HOST}={shlex.quote(str(directory / 'host'))}"
    python.write_text(f'#!/bin/sh\n{settings} exec {inside} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": str(python),
        "macvlan_networks": [NETWORK],
        "verify_soak_seconds": 0,
    }
    inventory = directory / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"h1": variables}}}), encoding="utf-8")
    return inventory


def play(directory: Path, inventory: Path) -> tuple[float, list[Record], list[Record]]:
    """Seconds of site.yml, and what controller and host wrote."""
    written = [directory / "controller", directory / "host"]
    for path in written:
        path.write_text("", encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(PROFILED),
        "ANSIBLE_CALLBACKS_ENABLED": "spent",
        "ANSIBLE_PIPELINING": "true",
        CONTROLLER: str(written[0]),
    }
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, "playbooks/site.yml"]
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode:
        raise SystemExit(f"site.yml failed:\n{done.stdout}\n{done.stderr}")
    return seconds, *([json.loads(line) for line in path.read_text().splitlines()] for path in written)


def rows(controller: list[Record], host: list[Record]) -> dict[str, Record]:
    """What each module run took, by task and module; tasks without one are added up."""
    walls = {record["task"]: record for record in controller if "wall" in record}
    result: dict[str, Record] = {}
    for run in (record for record in controller if "module" in record):
        task = walls.pop(run["task"], {"wall": run["ended"] - run["begun"], "name": "within the task above"})
        inside = [record for record in host if run["begun"] <= record["at"] <= run["ended"]]
        spent = {key: sum(one[key] for one in inside) for key in ("wall", "interpreter", "imports", "user", "kernel")}
        row = {
            "wall": task["wall"],
            "controller": task["wall"] - run["connection"],
            "transfer": run["connection"] - spent["wall"],
            "interpreter": spent["interpreter"],
            "imports": spent["imports"],
            "work": max(spent["user"] - spent["interpreter"] - spent["imports"], 0.0),
            "kernel": spent["kernel"],
            "octets": run["octets"],
        }
        row["waiting"] = max(spent["wall"] - spent["user"] - spent["kernel"], 0.0)
        name = f"{run['module'].rpartition('.')[2]}: {task['name'].rpartition(' : ')[2]}"
        while name in result:
            name += " (again)"
        result[name] = row
    rest = sum(record["wall"] for record in walls.values())
    result[f"{len(walls)} tasks without a module"] = {"wall": rest, "controller": rest}
    return result


def table(measured: dict[str, list[Record]]) -> str:
    lines = [f"{'':58}" + "".join(f"{column:>12}" for column in (*COLUMNS, "KiB"))]
    for name, records in measured.items():
        values = [statistics.median(record.get(column, 0.0) for record in records) * 1000 for column in COLUMNS]
        size = statistics.median(record.get("octets", 0) for record in records) / 1024
        lines.append(f"{name[:57]:58}" + "".join(f"{value:12.0f}" for value in (*values, size)))
    return "\n".join(lines)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    measured: dict[str, list[Record]] = defaultdict(list)
    with Segment() as segment, tempfile.TemporaryDirectory() as directory:
        host = segment.host("h1", addresses=["192.168.100.11/24"])
        inventory = prepare(Path(directory), host)
        play(Path(directory), inventory)
        for _run in range(runs):
            seconds, controller, inside = play(Path(directory), inventory)
            found = rows(controller, inside)
            tasks = sum(row["wall"] for row in found.values())
            found["start and end of ansible-playbook"] = {"wall": seconds - tasks, "controller": seconds - tasks}
            found["site.yml"] = {
                column: sum(row.get(column, 0.0) for row in found.values()) for column in (*COLUMNS, "octets")
            }
            for name, row in found.items():
                measured[name].append(row)
    print(table(measured))


if __name__ == "__main__":
    main()
