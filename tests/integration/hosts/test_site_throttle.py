# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_throttle: one host at a time, and the outcome of a run in which all hosts work at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

#: A busy machine may need longer than the default until a new connection confirms the change.
ONCE = {"verify_soak_seconds": 0, "interfaces_confirm_timeout": 600}
HOSTS = ("h1", "h2", "h3")
#: Each start and end of a module on any host is one line, in their order, as a line is appended at once. Where there is
#: a meeting place, the first module of each host waits until all hosts are there.
PYTHON = """#!/bin/bash
echo "begin {host}" >> {log}
if [ -d {meeting} ] && [ ! -e {meeting}/{host} ]; then
    touch {meeting}/{host}
    for second in $(seq 300); do
        [ "$(ls {meeting} | wc -l)" = {count} ] && break
        sleep 1
    done
fi
{inner} "$@"
code=$?
echo "end {host}" >> {log}
exit $code
"""


def topology() -> dict:
    """The two hosts of the demo, and a third one like them."""
    path = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
    text = path.read_text(encoding="utf-8")
    made = yaml.safe_load(text)
    third = re.sub(r"192\.168\.100\.12/24", "192.168.100.13/24", yaml.safe_dump(made["hosts"]["h2"]))
    for before, after in (("144/28", "160/28"), ("100.4\n", "100.5\n"), ("100.145", "100.161"), ("100.146", "100.162")):
        third = third.replace(before, after)
    made["hosts"]["h3"] = yaml.safe_load(third)
    for number, address in enumerate((161, 162), start=1):
        made["containers"][f"h3-c{number}"] = {
            "host": "h3", "addresses": [f"192.168.100.{address}/24"], "gateway": "192.168.100.1"
        }  # fmt: skip
    return made


class Recorded:
    """A lab whose hosts record when modules begin and end."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab, self.log, self.meeting = lab, directory / "log", directory / "meeting"
        self.inventory = directory / "inventory.yml"
        content = yaml.safe_load(lab.inventory_path.read_text(encoding="utf-8"))
        for host in HOSTS:
            variables, python = content["all"]["hosts"][host], directory / f"python-{host}"
            inner = variables["ansible_python_interpreter"]
            text = PYTHON.format(host=host, log=self.log, meeting=self.meeting, inner=inner, count=len(HOSTS))
            python.write_text(text, encoding="utf-8")
            python.chmod(0o755)
            variables["ansible_python_interpreter"] = str(python)
        self.inventory.write_text(yaml.safe_dump(content), encoding="utf-8")

    def site(self, **variables: object) -> tuple[playbooks.Run, list[str]]:
        """A run, and what was recorded."""
        self.log.write_text("", encoding="utf-8")
        run = playbooks.run("site", self.inventory, **ONCE, **variables)
        return run, self.log.read_text(encoding="utf-8").splitlines()

    def state(self) -> dict[str, str]:
        """Links, addresses, routes and settings of the hosts, without the indexes of links, which differ."""
        shown = "ip -details link show type macvlan; ip -4 address show; ip route; sysctl net.ipv4.conf.eth0"
        found = {host: self.lab.exec(host, "sh", "-c", shown).stdout for host in HOSTS}
        return {host: re.sub(r"^\d+: ", "", text, flags=re.MULTILINE) for host, text in found.items()}


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    made = Lab.up(topology(), name=f"t{secrets.token_hex(4)}")
    yield Recorded(made, tmp_path)
    made.down()


def at_once(log: list[str]) -> int:
    """The most modules that ran at the same time."""
    return max(accumulate(1 if line.startswith("begin ") else -1 for line in log))


def test_one_host_at_a_time_and_the_same_outcome(recorded: Recorded) -> None:
    recorded.meeting.mkdir()
    free, met = recorded.site()
    state = recorded.state()
    # without it they do run at the same time, and the records show it
    assert (free.rc, at_once(met)) == (0, len(HOSTS)), free.output
    assert playbooks.run("teardown", recorded.lab.inventory_path).rc == 0
    assert recorded.state() != state

    throttled, log = recorded.site(macvlan_throttle=1)
    assert {line.split()[1] for line in log} == set(HOSTS)
    assert at_once(log) == 1, "\n".join(log)
    assert throttled.recap == free.recap, throttled.output
    assert [throttled.row(host) for host in HOSTS] == [free.row(host) for host in HOSTS]
    assert recorded.state() == state

    again, log = recorded.site(macvlan_throttle=1)
    assert (again.rc, set(again.changed.values()), at_once(log)) == (0, {0}, 1), again.output
