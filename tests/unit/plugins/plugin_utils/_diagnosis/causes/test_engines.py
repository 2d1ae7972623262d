# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that container engines know: stopped, rootless, another parent, ranges, colliding networks, DHCP."""

from __future__ import annotations

from typing import Any

import pytest

from . import causes_cases as cases

ADDRESS, PLACE = "192.168.100.129", "web1-c1"


def engine(fleet: dict[str, Any], name: str = "docker", declared: bool = True, **fields: Any) -> dict[str, Any]:
    """Add what is known of an engine to web1. networks: each as `network` gives it."""
    system = fleet["web1"]["system"]
    system.setdefault("engines", {})
    made = {"problem": "", "remedy": "", "networks": [], "stopped": [], "proxy": False, **fields}
    system["engines"][name] = made
    if declared:
        fleet["web1"]["networks"][0]["engine"] = name
    return made


def network(
    name: str = "lan0", assigned: Any = ("192.168.100.128", "192.168.100.143"), **fields: Any
) -> dict[str, Any]:
    pool = {"subnet": fields.pop("subnet", "192.168.100.0/24"), "assigned": list(assigned) if assigned else None}
    return {
        "name": name, "driver": "macvlan", "parent": "eth0", "user": "", "dhcp": False, "pools": [pool], **fields,
    }  # fmt: skip


def lose(fleet: dict[str, Any]) -> None:
    """The first container is declared and is not there."""
    watch = fleet["web1"]["watch"]
    for target in watch["targets"]:
        if target["target"] == ADDRESS or target["from"]["namespace"] == PLACE:
            target.update(received=0, first_loss=0.0, losses=[[0.0, watch["duration"]]])
    for moment in ("before", "after"):
        part = fleet["web1"][moment]
        part["namespaces"] = [item for item in part["namespaces"] if item["label"] != PLACE]
        scope = part["networks"]["lan0"]
        scope["containers"] = [item for item in scope["containers"] if item["namespace"] != PLACE]
    fleet["web1"]["networks"][0]["containers"] = [ADDRESS]


ALL = (
    "engine_stopped", "engine_rootless", "engine_parent_differs", "engine_range_absent", "engine_networks_collide",
    "podman_dhcp_stopped",
)  # fmt: skip


@pytest.mark.parametrize("cause", ALL)
def test_a_healthy_engine_is_no_cause(cause: str) -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, cause).status == "not_tested", "an earlier release did not look"
    engine(fleet, networks=[network()])
    assert cases.verdict(fleet, cause).status == "ruled_out"


def test_an_engine_that_does_not_run() -> None:
    fleet = cases.healthy()
    engine(fleet, problem="docker does not run", remedy="run systemctl start docker.service", networks=None)
    found = cases.verdict(fleet, "engine_stopped")
    assert (found.status, found.steps[0].text) == ("confirmed", "systemctl start docker.service")
    assert found.steps[0].text in found.remedy
    assert cases.confirmed(fleet) == {("web1", "engine_stopped")}
    lose(fleet)
    assert ("web1", "container_not_running") not in cases.confirmed(fleet), "it is the consequence"


def test_an_engine_that_nobody_declares_may_be_stopped() -> None:
    fleet = cases.healthy()
    engine(fleet, declared=False, problem="docker does not run", networks=None)
    assert cases.verdict(fleet, "engine_stopped").status == "ruled_out"


def test_a_rootless_engine() -> None:
    fleet = cases.healthy()
    engine(fleet, "podman", networks=[network("macnet", user="alice")])
    found = cases.verdict(fleet, "engine_rootless")
    assert found.status == "suspected", "nothing is missing"
    assert "of alice" in found.summary
    lose(fleet)
    assert cases.verdict(fleet, "engine_rootless").status == "confirmed"
    assert ("web1", "container_not_running") not in cases.confirmed(fleet)


def test_a_rootless_daemon_alone() -> None:
    fleet = cases.healthy()
    engine(fleet, problem="docker runs only rootless here, as alice", remedy="use a docker that runs as root")
    assert cases.confirmed(fleet) == {("web1", "engine_rootless")}


def test_a_network_on_another_parent() -> None:
    fleet = cases.healthy()
    engine(fleet, networks=[network(parent="eth1")])
    found = cases.verdict(fleet, "engine_parent_differs")
    assert (found.status, "eth1" in found.summary) == ("confirmed", True)
    engine(fleet, networks=[network(parent="lan0")])
    assert cases.verdict(fleet, "engine_parent_differs").status == "ruled_out", "macvlan on the host's link is on eth0"
    engine(fleet, networks=[network(parent="eth1", subnet="10.0.0.0/8", assigned=None)])
    assert cases.verdict(fleet, "engine_parent_differs").status == "ruled_out", "it is another network"


@pytest.mark.parametrize(
    ("assigned", "status"),
    [
        (None, "suspected"),
        (("192.168.100.64", "192.168.100.143"), "suspected"),
        (("192.168.100.128", "192.168.100.135"), "ruled_out"),
    ],
)
def test_a_network_without_ip_range(assigned: Any, status: str) -> None:
    fleet = cases.healthy()
    engine(fleet, networks=[network("macnet", assigned)])
    assert cases.verdict(fleet, "engine_range_absent").status == status


def test_a_network_with_any_ip_range_where_none_is_declared() -> None:
    fleet = cases.healthy()
    fleet["web1"]["networks"][0]["container_ranges"] = []
    engine(fleet, networks=[network("macnet", ("192.168.100.64", "192.168.100.79"))])
    assert cases.verdict(fleet, "engine_range_absent").status == "ruled_out"
    engine(fleet, networks=[network("macnet", None)])
    assert cases.verdict(fleet, "engine_range_absent").status == "suspected"


def test_two_networks_that_assign_the_same_addresses() -> None:
    fleet = cases.healthy()
    engine(fleet, networks=[network()])
    engine(fleet, "podman", declared=False, networks=[network("pnet", ("192.168.100.140", "192.168.100.150"))])
    found = cases.verdict(fleet, "engine_networks_collide")
    assert (found.status, "podman network pnet" in found.summary) == ("suspected", True)
    engine(fleet, "podman", declared=False, networks=[network("pnet", ("192.168.100.160", "192.168.100.175"))])
    assert cases.verdict(fleet, "engine_networks_collide").status == "ruled_out"


def test_dockers_only_network_of_a_parent_is_another_one() -> None:
    fleet = cases.healthy()
    engine(fleet, networks=[network("old", subnet="10.0.0.0/8", assigned=None)])
    found = cases.verdict(fleet, "engine_networks_collide")
    assert (found.status, "docker network old" in found.summary) == ("confirmed", True)


def test_podmans_dhcp_proxy() -> None:
    fleet = cases.healthy()
    podman = engine(fleet, "podman", networks=[network(dhcp=True, assigned=None)])
    assert cases.confirmed(fleet) == {("web1", "podman_dhcp_stopped")}
    podman["proxy"] = True
    assert cases.confirmed(fleet) == set()


def test_why_a_declared_container_does_not_run() -> None:
    fleet = cases.healthy()
    stopped = {
        "name": "web (docker)", "addresses": [ADDRESS], "networks": ["lan0"], "error": "Address already in use",
        "exit_code": 137, "out_of_memory": False,
    }  # fmt: skip
    engine(fleet, networks=[network()], stopped=[stopped])
    lose(fleet)
    found = cases.verdict(fleet, "container_not_running")
    assert found.status == "confirmed"
    assert found.summary.endswith("web (docker) is stopped (exit code 137): Address already in use")
