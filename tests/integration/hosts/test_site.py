# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks on five hosts with four kinds of network management, from a fresh host back to its original state."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

HERE = Path(__file__).parent
TOPOLOGY = HERE.parents[1] / "lab" / "topologies" / "fleet5.yml"
HOSTS = ["h1", "h2", "h3", "h4", "h5"]
NOTHING = dict.fromkeys(HOSTS, 0)
WELL = ["ok", "ok", "2/2", "4/4", "2/2"]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def snapshots(lab: Lab) -> dict[str, dict]:
    """Files, links, addresses, routes, rules and settings of each host."""
    script = (HERE / "snapshot.py").read_text(encoding="utf-8")

    def one(host: str) -> dict:
        return json.loads(lab.exec(host, "python3", "-", input=script).stdout)

    with ThreadPoolExecutor() as pool:
        return dict(zip(HOSTS, pool.map(one, HOSTS), strict=True))


def addresses(lab: Lab, host: str, link: str = "lan0") -> list[str]:
    return lab.exec(host, "ip", "-brief", "-4", "address", "show", "dev", link).stdout.split()[2:]


@pytest.fixture(scope="module")
def before(lab: Lab) -> dict[str, dict]:
    """The hosts after the lab has started and duplicate address detection is over."""
    for host in HOSTS:
        lab.exec(host, "sh", "-c", 'until test -z "$(ip -6 address show tentative)"; do sleep 0.1; done')
    return snapshots(lab)


@pytest.fixture(scope="module")
def first(lab: Lab, before: dict) -> playbooks.Run:
    """The first run of site.yml, with the checks repeated for three seconds."""
    return playbooks.run("site", lab.inventory_path, verify_soak_seconds=3)


def test_check_mode_on_fresh_hosts_predicts_and_changes_nothing(lab: Lab, before: dict) -> None:
    run = playbooks.run("site", lab.inventory_path, options=("--check", "--diff"))
    assert run.rc == 0, run.output
    assert all(run.changed.values())
    assert run.row("h2") == ["h2", "lan0", "eth0", "networkd", *["not run"] * 5, "would change"]
    assert "+addresses: 192.168.100.7/32" in run.diff
    assert snapshots(lab) == before


def test_first_run_makes_the_links_and_proves_that_they_work(lab: Lab, first: playbooks.Run) -> None:
    assert first.rc == 0, first.output
    kept_by = {"h1": "systemd", "h2": "networkd", "h3": "ifupdown", "h4": "netplan", "h5": "systemd"}
    for host in HOSTS:
        assert first.row(host) == [host, "lan0", "eth0", kept_by[host], *WELL, "changed"]
    assert lab.exec("h1-c1", "ping", "-n", "-c", "1", "-W", "1", "192.168.100.3").returncode == 0


def test_second_run_changes_nothing(lab: Lab, first: playbooks.Run) -> None:
    assert first.rc == 0
    run = playbooks.run("site", lab.inventory_path, options=("--diff",), verify_soak_seconds=0)
    assert (run.rc, run.changed, run.diff) == (0, NOTHING, []), run.output


def test_an_address_removed_by_hand_is_shown_and_repaired(lab: Lab, first: playbooks.Run) -> None:
    assert first.rc == 0
    two = ("--diff", "--limit", "h1,h2")
    lab.exec("h2", "ip", "address", "delete", "192.168.100.4/32", "dev", "lan0")
    seen = playbooks.run("verify", lab.inventory_path, options=two, verify_soak_seconds=0)
    assert (seen.rc, seen.failed) == (2, ["h2"]), seen.output
    assert "not as declared: link lan0 addresses: add 192.168.100.4/32" in seen.output
    drift = [
        "--- before: link lan0", "+++ after: link lan0", "+addresses: 192.168.100.4/32", "+routes: 192.168.100.144/28",
    ]  # fmt: skip
    check = playbooks.run("site", lab.inventory_path, options=("--check", *two))
    assert (check.rc, check.changed, check.diff) == (0, {"h1": 0, "h2": 1}, drift), check.output
    assert addresses(lab, "h2") == []
    run = playbooks.run("site", lab.inventory_path, options=two, verify_soak_seconds=0)
    assert (run.rc, run.changed, run.diff) == (0, {"h1": 0, "h2": 1}, drift), run.output
    assert addresses(lab, "h2") == ["192.168.100.4/32"]


def test_hosts_that_fail_or_cannot_be_reached_do_not_stop_the_others(
    lab: Lab, first: playbooks.Run, tmp_path: Path
) -> None:
    assert first.rc == 0
    gone = {
        "ansible_host": "192.0.2.1",
        "ansible_ssh_common_args": "-o ProxyCommand=false",
        "macvlan_networks": [{"name": "far", "parent": "eth0", "subnet": "10.0.0.0/24"}],
    }
    inventory = tmp_path / "more.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"h0": gone, "idle": {"ansible_host": "192.0.2.2"}}}}))
    lab.exec("lan", "ip", "address", "add", "192.168.100.7/32", "dev", "eth0")
    lab.exec("h3", "ip", "address", "delete", "192.168.100.5/32", "dev", "lan0")
    try:
        run = playbooks.run("site", lab.inventory_path, inventory, verify_soak_seconds=0)
    finally:
        lab.exec("lan", "ip", "address", "delete", "192.168.100.7/32", "dev", "eth0")
    assert (run.rc, run.failed) == (2, ["h0", "h5"]), run.output
    assert run.changed["h3"] == 1
    assert [run.row(host)[-1] for host in ("h0", "h1", "h3", "h5")] == ["UNREACHABLE", "ok", "changed", "FAILED"]
    assert run.row("idle") == ["idle", *["-"] * 8, "nothing declared"]
    assert "192.168.100.7 on eth0" in run.output.partition("PLAY [Report]")[2]


def test_a_host_comes_back_from_a_reboot_as_declared(lab: Lab, first: playbooks.Run) -> None:
    assert first.rc == 0
    lab.reboot("h1", "h2")
    run = playbooks.run("verify", lab.inventory_path, verify_soak_seconds=2)
    assert run.rc == 0, run.output
    assert [run.row(host)[4:] for host in ("h1", "h2")] == [[*WELL, "ok"], [*WELL, "ok"]]


def test_teardown_leaves_each_host_as_it_was(lab: Lab, before: dict, first: playbooks.Run) -> None:
    assert first.rc == 0
    run = playbooks.run("teardown", lab.inventory_path)
    assert run.rc == 0, run.output
    assert all(run.changed.values())
    after = snapshots(lab)
    for host in HOSTS:
        for part, value in before[host].items():
            assert after[host][part] == value, f"{part} of {host}"
    again = playbooks.run("teardown", lab.inventory_path)
    assert (again.rc, again.changed) == (0, NOTHING), again.output
