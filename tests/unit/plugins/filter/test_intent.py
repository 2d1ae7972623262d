# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles get of a declaration."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.linuxnet.macvlan.plugins.filter.intent import intent

NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/28",
    "host_address": "192.168.100.3",
}
BARE = {"name": "bare", "parent": "eth1", "subnet": "10.0.0.0/8"}
LINK = {"name": "mv1", "parent": "eth2", "addresses": ["172.16.0.1/24"]}


def of(networks, links=None, **variables):
    """The filter gets its context from Jinja."""
    return intent(variables, networks, links)


def test_the_addresses_that_nobody_else_may_have() -> None:
    data = of([NETWORK, BARE], [LINK, {"name": "mv2", "parent": "eth2"}])
    addresses = ["192.168.100.3", "192.168.100.128/28"]
    by_link = {"key": "macvlan_links[0]", "parent": "eth2", "addresses": ["172.16.0.1"]}
    by_network = {"key": "macvlan_networks[0]", "parent": "eth0", "addresses": addresses}
    assert data["probes"] == [by_network, by_link]
    assert data["dhcp_probes"] == [{**by_network, "subnets": ["192.168.100.0/24"]}, by_link]


def test_a_link_with_addresses_is_diagnosed_like_a_network() -> None:
    data = of([NETWORK], [LINK])
    assert [network["name"] for network in data["networks"]] == ["lan0"]
    assert [network["name"] for network in data["diagnosed"]] == ["lan0", "mv1"]
    assert [link["name"] for link in data["links"]] == ["lan0", "mv1"]


def test_yaml_text_is_as_good_as_a_list() -> None:
    assert of("[{name: bare, parent: eth1, subnet: 10.0.0.0/8}]") == of([BARE])


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        of([{**NETWORK, "gateway": "x"}, {**BARE, "parent": None}])
    assert "macvlan_networks[0].gateway = 'x'" in str(caught.value)
    assert "macvlan_networks[1].parent" in str(caught.value)
