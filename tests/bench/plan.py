# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the plan takes for fleets of several sizes: ``python tests/bench/plan.py [HOSTS...]``.

``core`` is the pure part, for hosts that agree and for hosts that all declare the same addresses; ``fleet_plan`` is the
whole task as Ansible runs it, with templated variables, minus the time of an empty play on the same inventory.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, plan  # noqa: E402  (the path is set up above)

SIZES = (100, 1000, 10000)
SUBNET = ipaddress.ip_network("10.0.0.0/8")
PLAY = "- {hosts: all, gather_facts: false, tasks: [{%s: , run_once: true}]}\n"


def network(number: int) -> dict:
    return {
        "name": "lan0",
        "parent": "eth0",
        "subnet": str(SUBNET),
        "gateway": "10.0.0.1",
        "host_address": str(SUBNET[0x800000 + number]),
        "container_range": f"{SUBNET[0x10000 + 16 * number]}/28",
    }


def core(networks: list[dict]) -> tuple[float, int]:
    """Seconds, and the number of problems found."""
    hosts = [HostDeclaration(f"h{number}", [one], []) for number, one in enumerate(networks)]
    started = time.monotonic()
    found = plan(hosts, {host.host for host in hosts})
    return time.monotonic() - started, len(found.problems)


def task(inventory: Path, module: str) -> float:
    """Seconds of a play with one task."""
    playbook = inventory.with_name(f"{module}.yml")
    playbook.write_text(PLAY % module, encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, playbook]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    started = time.monotonic()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    return time.monotonic() - started


def whole(count: int) -> float:
    """Seconds of fleet_plan for that many hosts with variables of their own and one declaration in the group."""
    declared = {**network(0), "host_address": "{{ shim }}", "container_range": "{{ containers }}"}
    lines = ["all:", "  vars:", f"    macvlan_networks: [{declared}]", "  hosts:"]
    for number in range(count):
        one = network(number)
        lines.append(f"    h{number}: {{shim: {one['host_address']}, containers: {one['container_range']}}}")
    with tempfile.TemporaryDirectory() as folder:
        inventory = Path(folder) / "inventory.yml"
        inventory.write_text("\n".join(lines), encoding="utf-8")
        return task(inventory, "linuxnet.macvlan.fleet_plan") - task(inventory, "ansible.builtin.debug")


def main() -> None:
    print(f"{'hosts':>8}  {'core, all agree':>16}  {'core, all the same':>18}  {'fleet_plan':>10}")
    for count in [int(word) for word in sys.argv[1:]] or SIZES:
        agree, none = core([network(number) for number in range(count)])
        same, some = core([network(0)] * count)
        assert (none, some) == (0, 2), (none, some)
        print(f"{count:>8}  {agree:>14.2f} s  {same:>16.2f} s  {whole(count):>8.1f} s", flush=True)


if __name__ == "__main__":
    main()
