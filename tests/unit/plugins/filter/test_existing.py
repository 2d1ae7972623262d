# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of what a host has already."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.linuxnet.macvlan.plugins.filter.existing import existing
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand

SHIM = {
    "namespace": "", "name": "macvlan-shim", "kind": "macvlan", "parent": "eth0", "mode": "bridge",
    "mac": "02:00:00:00:00:10", "mtu": 1500, "addresses": ["192.168.100.3/32"],
    "routes": ["192.168.100.128/28 proto boot", "192.168.100.7 via 192.168.100.1 metric 50"],
}  # fmt: skip
DOCKER = {
    "Name": "lan", "Driver": "macvlan", "Options": {"parent": "eth0"},
    "IPAM": {"Config": [{
        "Subnet": "192.168.100.0/24", "Gateway": "192.168.100.1", "IPRange": "192.168.100.128/28",
        "AuxiliaryAddresses": {"host": "192.168.100.3", "printer": "192.168.100.130"},
    }]},
}  # fmt: skip
PODMAN = {
    "name": "pod", "driver": "macvlan", "network_interface": "eth1", "options": {"mode": "private"},
    "subnets": [{
        "subnet": "192.0.2.0/24", "gateway": "192.0.2.1",
        "lease_range": {"start_ip": "192.0.2.129", "end_ip": "192.0.2.143"},
    }],
}  # fmt: skip


def test_a_network_of_docker_with_the_shim_of_the_host() -> None:
    found = existing([SHIM], [DOCKER, {"Name": "bridge", "Driver": "bridge"}])
    assert found["macvlan_links"] == []
    assert found["macvlan_networks"] == [{
        "name": "lan", "parent": "eth0", "subnet": "192.168.100.0/24", "gateway": "192.168.100.1",
        "container_range": "192.168.100.128/28", "exclude": "192.168.100.130", "engine": "docker",
        "host_address": "192.168.100.3", "mac": "02:00:00:00:00:10", "link_name": "macvlan-shim",
    }]  # fmt: skip


def test_a_network_of_podman() -> None:
    (network,) = existing([], [], [PODMAN])["macvlan_networks"]
    assert network == {
        "name": "pod", "parent": "eth1", "mode": "private", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1",
        "container_range": "192.0.2.128/28", "engine": "podman",
    }  # fmt: skip


def test_links_without_a_network_and_those_of_containers() -> None:
    found = existing([SHIM, {**SHIM, "namespace": "process 7 (nginx)"}])
    assert found["macvlan_links"] == [{
        "name": "macvlan-shim", "parent": "eth0", "mac": "02:00:00:00:00:10", "addresses": ["192.168.100.3/32"],
        "routes": [
            {"destination": "192.168.100.128/28"},
            {"destination": "192.168.100.7", "gateway": "192.168.100.1", "metric": 50},
        ],
    }]  # fmt: skip


def test_what_the_kernel_makes_by_itself_is_left_out() -> None:
    addresses = ["192.168.100.3/24", "192.168.200.3/32", "fd00:100::3/64", "fe80::10:ff:fe00:10/64"]
    routes = ["192.168.100.0/24", "192.168.200.128/28", "fd00:100::/64", "fe80::/64", "10.0.0.0/8 via 192.168.100.1"]
    (link,) = existing([{**SHIM, "addresses": addresses, "routes": routes}])["macvlan_links"]
    assert link["addresses"] == addresses[:-1]
    assert link["routes"] == [
        {"destination": "192.168.200.128/28"},
        {"destination": "10.0.0.0/8", "gateway": "192.168.100.1"},
    ]


def test_what_is_printed_is_a_declaration() -> None:
    found = existing([SHIM], [DOCKER], [PODMAN])
    problems = Problems()
    expand(found["macvlan_networks"], found["macvlan_links"], problems)
    assert not problems, problems.report()


def test_an_address_with_a_lifetime_is_leased() -> None:
    shim = {**SHIM, "addresses": ["192.168.100.57/24"], "leased": ["192.168.100.57/24"]}
    assert existing([shim], [DOCKER])["macvlan_networks"][0]["host_address"] == "dhcp"
    assert existing([shim])["macvlan_links"][0]["addresses"] == ["dhcp"]


def test_something_else_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="this is not what"):
        existing([{}])
