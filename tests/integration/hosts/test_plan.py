# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml refuses a contradictory declaration with all its problems, before it connects to a host."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from . import playbooks

GOOD = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/28",
    "host_address": "{{ shim }}",
}


@pytest.fixture
def touched(tmp_path: Path) -> Path:
    """A file that exists once a connection to a host was tried."""
    return tmp_path / "touched"


@pytest.fixture
def inventory(tmp_path: Path, touched: Path):
    def write(hosts: dict[str, dict]) -> Path:
        variables = {"macvlan_networks": [GOOD], "ansible_ssh_common_args": f"-o ProxyCommand='touch {touched}'"}
        path = tmp_path / "inventory.yml"
        path.write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": hosts}}))
        return path

    return write


def test_all_problems_at_once_and_no_host_touched(inventory, touched: Path) -> None:
    hosts = {
        "h1": {"shim": "192.168.100.3"},
        "h2": {"shim": "192.168.100.3"},
        "h3": {"shim": "192.168.100.130"},
        "h4": {},
        "h5": {"macvlan_networks": [], "macvlan_links": "- {name: much-too-long-for-linux, parent: lo, mode: bridged}"},
        "h6": {"macvlan_networks": "[unclosed"},
        "h7": {"macvlan_networks": [{**GOOD, "host_address": "192.168.100.7", "gateway": "192.168.101.1", "vlan": 5}]},
        "h8": {"macvlan_networks": [], "ansible_host": "192.168.100.7", "verify_soak_seconds": "long"},
    }
    run = playbooks.run("site", inventory(hosts))
    assert run.rc != 0
    for reported in (
        "h1: macvlan_networks[0].host_address = '192.168.100.3': this is declared by h2 too",
        "h1: macvlan_networks[0].container_range = '192.168.100.128/28': this is declared by h2, h3, h7 too",
        "h3: macvlan_networks[0].host_address = '192.168.100.130': this is inside the container range",
        "h4: macvlan_networks: this cannot be templated: 'shim' is undefined",
        "h5: macvlan_links[0].name = 'much-too-long-for-linux'",
        "h5: macvlan_links[0].mode = 'bridged'",
        "h6: macvlan_networks: this text is not YAML",
        "h7: macvlan_networks[0].vlan = 5: there is no such key",
        "h7: macvlan_networks[0].gateway = '192.168.101.1': this is not inside the subnet",
        "h7: macvlan_networks[0].host_address = '192.168.100.7': this is taken: Ansible reaches h8 by it",
        "h8: verify_soak_seconds = 'long': the role verify refuses it: argument 'verify_soak_seconds'",
    ):
        assert reported in run.output
    assert "11 problems, nothing was changed" in run.output
    assert not touched.exists()


def test_verify_refuses_options_before_it_connects(inventory, touched: Path) -> None:
    run = playbooks.run("verify", inventory({"h1": {"shim": "nonsense", "verify_interval": "often"}}))
    assert run.rc != 0
    assert "h1: verify_interval = 'often': the role verify refuses it" in run.output
    assert not touched.exists()


def test_hosts_that_are_left_out_are_compared_with(inventory, touched: Path) -> None:
    hosts = {"h1": {"shim": "192.168.100.3"}, "h2": {"shim": "192.168.100.4"}, "h3": {"shim": "nonsense"}}
    run = playbooks.run("site", inventory(hosts), options=("--limit", "h1"))
    assert run.rc != 0
    assert (
        "h1: macvlan_networks[0].container_range = '192.168.100.128/28': this is declared by h2, h3 too" in run.output
    )
    assert "hosts that this run leaves out have 1 problems, such as: h3:" in run.output
    assert not touched.exists()


def test_a_range_that_the_group_shares(inventory, touched: Path) -> None:
    shared = {**GOOD, "container_range": "192.168.100.128/26", "container_range_per_host": 28}
    hosts = {f"h{number}": {"shim": f"192.168.100.{number}"} for number in range(2, 7)}
    hosts["h5"]["shim"] = "192.168.100.190"
    run = playbooks.run("site", inventory(hosts), macvlan_networks=[shared])
    assert run.rc != 0
    assert (
        "h6: macvlan_networks[0].container_range = '192.168.100.128/26': this is exhausted: it has 4 slices"
        in run.output
    )
    assert "'192.168.100.190': this is inside the container range 192.168.100.128/26" in run.output
    assert "2 problems, nothing was changed" in run.output
    named = playbooks.run("site", inventory(hosts), macvlan_networks=[{**shared, "container_range_group": "edge"}])
    assert "container_range_group = 'edge': the inventory has no such group" in named.output
    assert not touched.exists()


def test_when_no_host_can_be_reached_the_table_says_so(inventory, touched: Path) -> None:
    run = playbooks.run("site", inventory({"h1": {"shim": "192.168.100.3"}}))
    assert (run.rc, run.failed) == (2, ["h1"]), run.output
    assert run.row("h1") == ["h1", "lan0", "eth0", *["-"] * 6, "UNREACHABLE"]
    assert touched.exists()


def test_every_mistake_of_a_run_is_found_before_it_connects(inventory, touched: Path) -> None:
    options = ("--tags", "verifi", "--skip-tags", "report")
    wrong = {"macvlan_serial": "0", "macvlan_max_fail_percentage": "half", "interfaces_recreate": "maybe"}
    run = playbooks.run(
        "site", inventory({"h1": {"shim": "192.168.100.3"}}), options=options, verify_soak_secnds=1, **wrong
    )
    assert run.rc != 0
    for reported in (
        "macvlan_serial = '0': this is no number of hosts above 0",
        "macvlan_max_fail_percentage = 'half': argument 'macvlan_max_fail_percentage' is of type",
        "h1: interfaces_recreate = 'maybe': the role interfaces refuses it",
        "--tags = 'verifi': site.yml has no step of this name. Remedy: write verify.",
        "--skip-tags = 'report': the report is what fails for hosts that failed",
        "nothing reads the extra variable verify_soak_secnds: verify_soak_seconds may be meant",
        "5 problems, nothing was changed",
    ):
        assert reported in run.output, run.output
    assert not touched.exists()


def test_a_pattern_that_matches_no_host_is_an_error(inventory, touched: Path) -> None:
    run = playbooks.run("verify", inventory({"h1": {"shim": "192.168.100.3"}}), macvlan_hosts="webs")
    assert run.rc != 0
    assert "macvlan_hosts matches no host of the inventory" in run.output
    assert not touched.exists()
