# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import declaration as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network_data as _verify_input
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.soak import times

NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnets": ["192.168.100.0/24", "fd00::/64"],
    "gateways": ["192.168.100.1"],
    "container_ranges": ["192.168.100.128/28"],
    "host_addresses": ["192.168.100.3"],
    "containers": ["192.168.100.130"],
    "link": "lan0",
}


def parse(*networks):
    problems = Problems()
    return _verify_input.networks(list(networks), problems), [item.key for item in problems.items]


def test_what_planning_returns_comes_back_as_it_was():
    problems = Problems()
    declared = {
        "name": "lan0",
        "parent": {"mac": "02:00:00:00:00:01"},
        "subnet": ["192.168.100.0/24", "fd00::/64"],
        "gateway": "192.168.100.1",
        "container_range": "192.168.100.128/28",
        "host_address": ["192.168.100.3"],
        "containers": ["192.168.100.130"],
        "engine": "docker",
    }
    intent = _networks.expand([declared, {"name": "bare", "parent": "eth1", "subnet": "10.0.0.0/8"}], [], problems)
    parsed = _verify_input.networks(intent.as_data()["networks"], problems)
    assert not problems, problems.report()
    for made, planned in zip(parsed, intent.networks, strict=True):
        for field in ("name", "parent", "subnets", "gateways", "ranges", "host_addresses", "containers", "link"):
            assert getattr(made, field) == getattr(planned, field)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"name": ""}, ["name"]),
        ({"name": None}, ["name"]),
        ({"parent": None}, ["parent"]),
        ({"parent": {"colour": "blue"}}, ["parent"]),
        ({"subnets": []}, ["subnets"]),
        ({"subnets": ["192.168.100.1/24"]}, ["subnets[0]"]),
        ({"subnets": ["fd00::/64"]}, ["gateways", "container_ranges", "host_addresses", "containers"]),
        ({"gateways": ["gateway"]}, ["gateways[0]"]),
        ({"gateways": ["10.0.0.1"]}, ["gateways"]),
        ({"containers": ["192.168.100.130/24"]}, ["containers[0]"]),
        ({"container_ranges": ["192.168.0.0/16"]}, ["container_ranges"]),
        ({"host_addresses": []}, ["host_addresses"]),
        ({"link": "far-too-long-for-a-link"}, ["link"]),
        ({"subnet": "192.168.100.0/24"}, ["subnet"]),
        ({"gateways": "192.168.100.1"}, []),
        ({"link": None, "host_addresses": []}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(changes, keys):
    dummy, found = parse({**NETWORK, **changes})
    assert found == [f"networks[0].{key}" for key in keys]


def test_all_faults_of_all_networks_at_once():
    dummy, found = parse(NETWORK, "lan1", {**NETWORK, "gateways": ["x"]})
    assert found == ["networks[1]", "networks[2].gateways[0]", "networks[2].name"]


@pytest.mark.parametrize(
    ("soak", "interval", "timeout", "keys"),
    [
        (10.0, 1.0, 1.0, []),
        (0.0, 1.0, 1.0, []),
        (-1.0, 1.0, 1.0, ["soak_seconds"]),
        (math.inf, 0.0, math.nan, ["soak_seconds", "interval", "timeout"]),
        (10.0, 0.01, 1.0, ["interval"]),
        (86400.0, 0.1, 1.0, ["interval"]),
        (10.0, 1.0, 0.0, ["timeout"]),
    ],
)
def test_times(soak, interval, timeout, keys):
    problems = Problems()
    times(soak, interval, timeout, problems)
    assert [item.key for item in problems.items] == keys
