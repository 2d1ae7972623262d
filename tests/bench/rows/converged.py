# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml on hosts on which nothing differs, beside a playbook with one task and beside ten hand-written tasks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from labkit.lab import Lab
from tests.bench import ROOT, playbooks
from tests.bench.row import Row, Work

FLOOR = "- {hosts: macvlan_hosts, gather_facts: false, tasks: [{ansible.builtin.ping: }]}\n"
#: What people write instead, task by task. Namespace hosts share the files of the machine: one is written beside the
#: playbook instead of below /etc.
TEN = """
- hosts: macvlan_hosts
  gather_facts: false
  vars: {address: "{{ macvlan_networks[0].host_address }}", range: "{{ macvlan_networks[0].container_range }}"}
  tasks:
    - {ansible.builtin.command: "modinfo macvlan", changed_when: false, failed_when: false}
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.conf"
        content: "[keyfile]\\nunmanaged-devices+=interface-name:lan0\\n"
        mode: "0644"
    - {ansible.builtin.command: "ip link show lan0", register: there, changed_when: false, failed_when: false}
    - ansible.builtin.command: ip link add lan0 link eth0 type macvlan mode bridge
      when: there.rc != 0
    - {ansible.builtin.command: "ip link set lan0 up", changed_when: false}
    - {ansible.builtin.command: "ip address replace {{ address }}/32 dev lan0", changed_when: false}
    - {ansible.builtin.command: "ip route replace {{ range }} dev lan0", changed_when: false}
    - {ansible.builtin.shell: "echo 1 >/proc/sys/net/ipv4/conf/lan0/arp_filter", changed_when: false}
    - {ansible.builtin.command: "ip -j address show dev lan0", changed_when: false}
    - {ansible.builtin.command: "ping -c 1 -W 2 10.0.0.1", changed_when: false}
"""
#: Runs a playbook, and returns what of it is compared.
Measured = Callable[..., float]
#: On a busy machine a new connection may confirm the first convergence late.
SITE_OPTIONS = ("--extra-vars", '{"verify_soak_seconds": 0, "interfaces_confirm_timeout": 600}')


def topology(count: int) -> Mapping[str, object]:
    hosts = {
        f"h{number}": {
            "kind": "netns",
            "groups": ["macvlan_hosts"],
            "nics": [{"name": "eth0", "switch": "sw0", "addresses": [f"10.0.1.{number}/16"], "gateway": "10.0.0.1"}],
            "vars": {
                "macvlan_networks": [
                    {
                        "name": "lan0",
                        "parent": "eth0",
                        "subnet": "10.0.0.0/16",
                        "gateway": "10.0.0.1",
                        "container_range": f"10.0.{100 + number // 16}.{number % 16 * 16}/28",
                        "host_address": f"10.0.2.{number}",
                    }
                ]
            },
        }
        for number in range(1, count + 1)
    }
    return {"switches": {"sw0": {}}, "stations": {"gateway": {"addresses": ["10.0.0.1/16"]}}, "hosts": hosts}


@contextmanager
def converged(count: int) -> Iterator[tuple[Lab, Path]]:
    """A lab on which site.yml has run, and a directory for playbooks."""
    lab = Lab.up(dict(topology(count)), f"bench{count}")
    try:
        with tempfile.TemporaryDirectory() as folder:
            site(lab)
            yield lab, Path(folder)
    finally:
        lab.down()


def site(lab: Lab, measured: Measured = playbooks.seconds) -> float:
    return measured(ROOT / "playbooks" / "site.yml", lab.inventory_path, *SITE_OPTIONS)


@contextmanager
def beside(count: int, name: str, text: str, measured: Measured = playbooks.seconds) -> Iterator[dict[str, Work]]:
    with converged(count) as (lab, folder):
        playbook = folder / "other.yml"
        playbook.write_text(text, encoding="utf-8")
        yield {"site.yml": partial(site, lab, measured), name: partial(measured, playbook, lab.inventory_path)}


ROWS = [
    *(
        Row(
            f"converged/{count}",
            f"{count} namespace hosts, nothing to change",
            partial(beside, count, "a playbook with one task", FLOOR),
        )
        for count in (2, 10, 50, 100)
    ),
    *(
        Row(
            f"converged/{count}/processor",
            f"the same for {count} hosts, in seconds of the processors",
            partial(beside, count, "a playbook with one task", FLOOR, playbooks.processor_seconds),
        )
        for count in (10, 50)
    ),
    Row(
        "converged/tasks",
        "10 namespace hosts, nothing to change",
        partial(beside, 10, "ten hand-written tasks", TEN),
    ),
]
