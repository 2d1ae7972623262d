# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_plan on whole inventories: the task as ansible-playbook runs it, with templated variables."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench import fleets, playbooks
from tests.bench.row import Row, Work

NETWORKS = 4
PLAY = "- {hosts: all, gather_facts: false, tasks: [{%s: , run_once: true}]}\n"
PLAN, NOTHING = "linuxnet.macvlan.fleet_plan", "ansible.builtin.debug"


@contextmanager
def growth() -> Iterator[dict[str, Work]]:
    with tempfile.TemporaryDirectory() as folder:
        yield {f"{count:,} hosts": work(Path(folder), count, PLAN) for count in (10_000, 1_000)}


@contextmanager
def floor() -> Iterator[dict[str, Work]]:
    with tempfile.TemporaryDirectory() as folder:
        yield {
            "fleet_plan": work(Path(folder), 10_000, PLAN),
            "one task that does nothing": work(Path(folder), 10_000, NOTHING),
        }


def work(folder: Path, count: int, module: str) -> Work:
    inventory, playbook = folder / f"{count}.json", folder / f"{module}.yml"
    inventory.write_text(json.dumps(declared(count)), encoding="utf-8")
    playbook.write_text(PLAY % module, encoding="utf-8")
    return partial(playbooks.seconds, playbook, inventory)


def declared(count: int) -> dict[str, object]:
    """One declaration in the group; addresses and ranges come from variables of each host."""
    networks = [
        {**one, "host_address": f"{{{{ address_{number} }}}}", "container_range": f"{{{{ range_{number} }}}}"}
        for number, one in enumerate(fleets.declared(0, NETWORKS))
    ]
    hosts = {}
    for host in range(count):
        own = enumerate(fleets.declared(host, NETWORKS))
        hosts[f"h{host}"] = {
            key: value
            for number, one in own
            for key, value in (
                (f"address_{number}", one["host_address"]),
                (f"range_{number}", one["container_range"]),
            )
        }
    return {"all": {"vars": {"macvlan_networks": networks}, "hosts": hosts}}


ROWS = [
    Row("plan/growth", f"fleet_plan, {NETWORKS} networks per host, ten times the hosts", growth),
    Row("plan/floor", f"fleet_plan of 10,000 hosts, {NETWORKS} networks each", floor),
]
