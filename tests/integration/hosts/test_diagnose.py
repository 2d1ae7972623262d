# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`diagnose.yml` as an operator runs it: output, report, unreachable hosts, repair, and `verify.yml`."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
SCHEMA = json.loads((playbooks.ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
HOSTS = ("h1", "h2")
STATUS = "cat /run/linuxnet-macvlan/live-*/status || true"
ALL_ANSWER = re.compile(r'"targets": ([1-9]\d*), "answering": \1,')
LONG = {"diagnose_seconds": 600, "diagnose_after_break": 2}
SHORT = {"diagnose_seconds": 4, "diagnose_after_break": 1}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two hosts with their links deployed."""
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    try:
        run = playbooks.run("site", made.inventory_path, verify_soak_seconds=0)
        assert run.rc == 0, run.output
        yield made
    finally:
        made.down()


@pytest.fixture
def faulty(lab: Lab) -> Iterator[Lab]:
    """h1's link is in a mode in which it reaches no container."""
    lab.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "private")
    yield lab
    lab.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "bridge")


def report(directory: Path) -> dict:
    """report.json, validated against its schema; the other pages exist too."""
    data = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, SCHEMA)
    assert (directory / "report.md").read_text(encoding="utf-8").startswith("# macvlan diagnosis")
    assert "<svg" in (directory / "report.html").read_text(encoding="utf-8")
    return data


def test_healthy_fleet(lab: Lab, tmp_path: Path) -> None:
    run = playbooks.run("diagnose", lab.inventory_path, diagnose_report_dir=str(tmp_path / "new"), **SHORT)
    assert run.rc == 0, run.output
    assert set(run.changed.values()) == {0}
    assert "2 hosts: 2 healthy; 0 causes confirmed, 0 suspected" in run.output
    data = report(tmp_path / "new")
    assert {host["state"] for host in data["hosts"]} == {"healthy"}
    assert all(abs(host["clock"]["offset_seconds"]) < 5 for host in data["hosts"])
    assert data["parameters"]["diagnose_seconds"] == 4


def test_a_faulty_host_beside_an_unreachable_and_an_undeclared_one(faulty: Lab, tmp_path: Path) -> None:
    everything = yaml.safe_load(faulty.inventory_path.read_text(encoding="utf-8"))["all"]["hosts"]
    # 192.0.2.0/24 is for documentation (RFC 5737); the proxy that does not exist fails at once
    away = {"ansible_host": "192.0.2.1", "ansible_connection": "ssh", "ansible_ssh_common_args": "-oProxyCommand=false"}
    everything["h3"] = {**everything["h2"], **away}
    everything["h4"] = {"ansible_connection": "local"}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": everything}}), encoding="utf-8")
    run = playbooks.run("diagnose", inventory, diagnose_report_dir=str(tmp_path), **SHORT)
    assert run.rc == 2, run.output
    assert run.failed == ["h1", "h3"]
    assert "lan0 CONFIRMED wrong_mode" in run.output
    assert "lan0 on h1 is in mode private" in run.output
    assert "4 hosts: 1 healthy, 1 broken, 1 unreachable, 1 nothing declared; 1 cause confirmed" in run.output
    data = report(tmp_path)
    assert {host["host"]: host["state"] for host in data["hosts"]} == {
        "h1": "broken", "h2": "healthy", "h3": "unreachable", "h4": "nothing declared",
    }  # fmt: skip
    assert [(item["host"], item["cause"]) for item in data["verdicts"] if item["status"] == "confirmed"] == [
        ("h1", "wrong_mode")
    ]


def until(condition: Callable[[], bool], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.2)


def watched(lab: Lab, process: subprocess.Popen[str]) -> None:
    """Wait until all hosts are watched, and everything answers."""
    for host in HOSTS:
        until(
            lambda host=host: (
                process.poll() is not None or bool(ALL_ANSWER.search(lab.exec(host, "sh", "-c", STATUS).stdout))
            )
        )


def left(lab: Lab) -> list[str]:
    """What is left of watches that are over."""
    return [lab.exec(host, "sh", "-c", "ls -d /run/linuxnet-macvlan/live-* || true").stdout for host in HOSTS]


def test_watches_of_all_hosts_end_together_and_are_seen(lab: Lab, tmp_path: Path) -> None:
    process = playbooks.start("diagnose", lab.inventory_path, diagnose_report_dir=str(tmp_path), **LONG)
    watched(lab, process)
    lab.exec("h1", "ip", "link", "set", "lan0", "down")
    output = process.communicate()[0]
    lab.exec("h1", "ip", "link", "set", "lan0", "up")
    lab.exec("h1", "ip", "route", "replace", "192.168.100.128/28", "dev", "lan0")
    assert playbooks.Run(process.returncode, output).failed == ["h1"], output
    assert "lan0 CONFIRMED link_down" in output
    assert re.search(r"^watch: h1 .* s: lan0: up: yes -> no", output, re.MULTILINE), output
    assert re.search(r"^watch: h1 .* s: no answer from 192.168.100.129 ", output, re.MULTILINE), output
    assert re.search(r"^watch: 2 of 2 hosts watched; .* targets answer; broken: h1", output, re.MULTILINE), output
    assert all(host["timeline"]["duration"] < 600 for host in report(tmp_path)["hosts"])
    assert left(lab) == ["", ""]


def test_with_fewer_forks_than_hosts_the_later_ones_are_watched_for_a_moment(faulty: Lab, tmp_path: Path) -> None:
    given = {"diagnose_report_dir": str(tmp_path), **LONG}
    run = playbooks.run("diagnose", faulty.inventory_path, options=("--forks", "1"), **given)
    assert run.failed == ["h1"], run.output
    assert all(2 <= host["timeline"]["duration"] < 600 for host in report(tmp_path)["hosts"])


def test_an_interrupted_play_leaves_no_watch_behind(lab: Lab) -> None:
    process = playbooks.start("diagnose", lab.inventory_path, **LONG)
    watched(lab, process)
    process.send_signal(signal.SIGINT)
    output = "".join(process.communicate())
    assert process.returncode == 99, output
    assert "User interrupted execution" in output
    until(lambda: left(lab) == ["", ""])


def test_links_without_a_network_are_diagnosed_by_what_they_declare(faulty: Lab, tmp_path: Path) -> None:
    everything = yaml.safe_load(faulty.inventory_path.read_text(encoding="utf-8"))["all"]["hosts"]
    for host, number, containers in (("h1", 3, "128/28"), ("h2", 4, "144/28"), ("h3", 3, "128/28")):
        everything[host] = {**everything["h1" if host == "h3" else host]}
        everything[host].pop("macvlan_networks", None)
        routes = [{"destination": f"192.168.100.{containers}"}]
        link = {"name": "lan0", "parent": "eth0", "addresses": [f"192.168.100.{number}"], "routes": routes}
        # what site.yml has set for the network
        link["parent_sysctl"] = {"arp_filter": 1}
        everything[host]["macvlan_links"] = [link if host != "h3" else {"name": "lan0", "parent": "eth0"}]
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": everything}}), encoding="utf-8")
    run = playbooks.run("diagnose", inventory, diagnose_report_dir=str(tmp_path), **SHORT)
    # The link of h3 has no address, so nothing can be asked of it; but it is not as declared.
    assert (run.rc, run.failed) == (2, ["h1", "h3"]), run.output
    assert "lan0 CONFIRMED wrong_mode" in run.output
    assert "link lan0 has mode private instead of bridge" in run.output
    data = report(tmp_path)
    assert [host["state"] for host in data["hosts"]] == ["broken", "healthy", "blind"]
    asked = {(item["kind"], item["target"]) for item in data["hosts"][0]["timeline"]["targets"]}
    assert ("host_to_container", "192.168.100.129") in asked
    assert not {kind for kind, dummy in asked if kind.startswith("gateway")}
    found = {(item["host"], item["cause"]): item["status"] for item in data["verdicts"]}
    assert [key for key, status in found.items() if status in ("confirmed", "suspected")] == [("h1", "wrong_mode")]
    assert (found["h2", "wrong_mode"], found["h2", "mac_filtering_upstream"]) == ("ruled_out", "not_tested")
    # Both ask the same; of h3 nothing can be asked, which is not ok either.
    verified = playbooks.run("verify", inventory, verify_drift=False, verify_soak_seconds=1)
    assert "h1" in verified.failed, verified.output
    assert "h2" not in verified.failed, verified.output
    assert "192.168.100.129" in verified.output


def test_repair_restores_the_declaration_and_proves_it(faulty: Lab) -> None:
    run = playbooks.run("diagnose", faulty.inventory_path, diagnose_fix=True, verify_soak_seconds=1, **SHORT)
    assert run.rc == 0, run.output
    assert run.changed == {"h1": 1, "h2": 0}
    assert "h1 works again" in run.output
    again = playbooks.run("diagnose", faulty.inventory_path, diagnose_fix=True, **SHORT)
    assert (again.rc, set(again.changed.values())) == (0, {0}), again.output


def test_repair_that_does_not_help_is_reported(lab: Lab) -> None:
    again = "while :; do ip link set lan0 type macvlan mode private; sleep 0.3; done >/dev/null 2>&1 & echo $!"
    pid = lab.exec("h1", "sh", "-c", again).stdout.strip()
    try:
        run = playbooks.run("diagnose", lab.inventory_path, diagnose_fix=True, verify_soak_seconds=1, **SHORT)
    finally:
        lab.exec("h1", "kill", pid)
        lab.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "bridge")
    assert (run.rc, run.failed) == (2, ["h1"]), run.output
    assert "not repaired" in run.output


def test_without_experiments_nothing_is_sent_and_it_says_so(lab: Lab, tmp_path: Path) -> None:
    options = {**SHORT, "diagnose_active": False, "diagnose_report_dir": str(tmp_path)}
    run = playbooks.run("diagnose", lab.inventory_path, **options)
    assert run.rc == 0, run.output
    data = report(tmp_path)
    assert {item["ran"] for host in data["hosts"] for item in host["experiments"]} == {False}
    assert {item["status"] for item in data["verdicts"] if item["cause"] == "mac_filtering_upstream"} == {"not_tested"}


def test_a_clock_that_is_minutes_off_is_reported(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    date = tmp_path / "date"
    date.write_text(f"#!/bin/sh\nexec {shutil.which('date')} -d '3 minutes' \"$@\"\n", encoding="utf-8")
    date.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    run = playbooks.run("diagnose", lab.inventory_path, **SHORT)
    assert run.rc == 0, run.output
    assert "its clock is 180." in run.output or "its clock is 179." in run.output


def test_wrong_options_are_reported_with_a_remedy(lab: Lab) -> None:
    run = playbooks.run("diagnose", lab.inventory_path, diagnose_seconds=0.1, diagnose_targets="not-an-address")
    assert (run.rc, run.failed) == (2, ["h1"]), "the plan refuses it, before any host is touched"
    for words in ("this is not from 1 to 3600", "these are no IP addresses"):
        assert words in run.output


def test_verify_diagnoses_on_request(faulty: Lab) -> None:
    options = {"verify_soak_seconds": 0, "macvlan_diagnose": True, "macvlan_diagnose_seconds": 3}
    run = playbooks.run("verify", faulty.inventory_path, **options)
    assert (run.rc, run.failed) == (2, ["h1"]), run.output
    assert run.output.count("lan0 CONFIRMED wrong_mode") == 1
    faulty.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "bridge")
    well = playbooks.run("verify", faulty.inventory_path, **options)
    assert well.rc == 0, well.output
    assert "Collect the evidence" not in well.output


def test_verify_diagnoses_a_conflict_that_only_the_comparison_shows(lab: Lab) -> None:
    lab.exec("lan", "ip", "address", "add", "192.168.100.130/32", "dev", "eth0")
    try:
        run = playbooks.run(
            "verify", lab.inventory_path, verify_soak_seconds=0, macvlan_diagnose=True, macvlan_diagnose_seconds=3
        )
    finally:
        lab.exec("lan", "ip", "address", "del", "192.168.100.130/32", "dev", "eth0")
    assert (run.rc, run.failed) == (2, ["h1"]), run.output
    assert "192.168.100.130 on eth0 (a container's address of h1) is held more than once" in " ".join(
        run.output.split()
    )
    assert "lan0 CONFIRMED duplicate_ip" in run.output
