# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand, keyed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import (
    DATA,
    DECLARED,
    ENGINES,
    MacvlanNetwork,
    networks,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.ways import Way

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


def parse(*given_networks):
    problems = Problems()
    return networks(list(given_networks), problems), [item.key for item in problems.items]


def test_what_planning_returns_comes_back_as_it_was():
    problems = Problems()
    declared = {
        "name": "lan0",
        "parent": {"mac": "02:00:00:00:00:01"},
        "subnet": ["192.168.100.0/24", "fd00::/64"],
        "gateway": "192.168.100.1",
        "container_range": ["192.168.100.128/28", "fd00::80/124"],
        "container_fixed_range": "192.168.100.144/28",
        "host_address": ["192.168.100.3", "fd00::3"],
        "containers": ["192.168.100.130"],
        "engine": "docker",
    }
    intent = expand([declared, {"name": "bare", "parent": "eth1", "subnet": "10.0.0.0/8"}], [], problems)
    parsed = networks(intent.as_data()["networks"], problems)
    assert not problems, problems.report()
    for made, planned in zip(parsed, intent.networks, strict=True):
        for field in DATA:
            assert getattr(made, field) == getattr(planned, field)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"name": ""}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "$(touch PWNED)"}, ["name"]),
        ({"name": "a b"}, ["name"]),
        ({"segment": "a\nb"}, ["segment"]),
        ({"gateways": ["fe80::1%lan0"]}, ["gateways[0]"]),
        ({"host_addresses": ["fe80::3%x;touch PWNED;true"]}, ["host_addresses[0]"]),
        ({"parent": None}, ["parent"]),
        ({"parent": {"colour": "blue"}}, ["parent"]),
        ({"subnets": []}, ["subnets"]),
        ({"subnets": ["192.168.100.1/24"]}, ["subnets[0]"]),
        ({"subnets": ["fd00::/64"]}, ["gateways", "container_ranges", "host_addresses", "containers"]),
        ({"gateways": ["gateway"]}, ["gateways[0]"]),
        ({"gateways": ["10.0.0.1"]}, ["gateways"]),
        ({"containers": ["192.168.100.130/24"]}, ["containers[0]"]),
        ({"container_ranges": ["192.168.0.0/16"]}, ["container_ranges"]),
        # its routes alone
        ({"host_addresses": []}, []),
        ({"link": "far-too-long-for-a-link"}, ["link"]),
        ({"subnet": "192.168.100.0/24"}, ["subnet"]),
        ({"gateways": "192.168.100.1"}, []),
        ({"gateways": ["192.168.100.1", "fe80::1"]}, []),
        ({"containers": ["192.168.100.130", "192.168.100.130"]}, ["containers[1]"]),
        ({"engine": "rkt"}, ["engine"]),
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


# ---- every field comes back ------------------------------------------------------------------------------------------

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=15).filter(
    lambda it: it not in (".", "..")
)
MACS = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))
SUBNETS = st.one_of(
    st.builds(lambda a, p: ipaddress.ip_network((a, p), strict=False), st.ip_addresses(v=4), st.integers(8, 30)),
    st.builds(lambda a, p: ipaddress.ip_network((a, p), strict=False), st.ip_addresses(v=6), st.integers(16, 126)),
)


def unique(strategy, **sizes):
    return st.lists(strategy, unique=True, max_size=3, **sizes).map(tuple)


def inside(subnet):
    return st.integers(0, subnet.num_addresses - 1).map(lambda number: subnet[number])


def part_of(subnet):
    prefixes = st.integers(subnet.prefixlen, subnet.max_prefixlen)
    return st.builds(lambda a, p: ipaddress.ip_network((a, p), strict=False), inside(subnet), prefixes)


WAYS = [Way("icmp"), Way("arp", ipaddress.ip_address("10.0.0.5")), Way("tcp", ipaddress.ip_address("fd00::5"), 443)]


#: What only the engine's network has, which modules get in another form.
OF_ENGINE = {"fixed", "internal", "labels", "driver_options", "mode"}


@st.composite
def valid_networks(draw) -> MacvlanNetwork:
    """A network without a fault, each field anything that the field may be."""
    subnets = draw(unique(SUBNETS, min_size=1))
    addresses = st.sampled_from(subnets).flatmap(inside)
    selectors = st.one_of(
        st.fixed_dictionaries({"mac": MACS}),
        st.fixed_dictionaries({"subnet": SUBNETS.map(str)}),
        st.just({"default_route": True}),
    )
    link = draw(st.none() | NAMES)
    values = {
        "name": draw(st.from_regex("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", fullmatch=True)),
        "parent": draw(NAMES | selectors),
        "subnets": subnets,
        "gateways": draw(unique(addresses | st.just(ipaddress.ip_address("fe80::1")))),
        "ranges": draw(unique(st.sampled_from(subnets).flatmap(part_of))),
        "excluded": draw(unique(addresses)),
        "host_addresses": draw(unique(addresses)),
        "containers": draw(unique(addresses)),
        "engine": draw(st.sampled_from(ENGINES)),
        "segment": draw(st.text().filter(str.isprintable)),
        "link": link,
        "of_link": draw(st.booleans()),
        "leased": draw(st.booleans()),
        "announce": draw(st.booleans()),
        "checks": tuple(draw(st.lists(st.sampled_from(WAYS), unique=True))),
        "key": draw(st.text()),
    }
    assert {*values, *OF_ENGINE} == {field.name for field in fields(MacvlanNetwork)}, "a new field belongs here"
    return MacvlanNetwork(**values)


@given(valid_networks())
def test_plain_data_is_the_whole_network(network):
    problems = Problems()
    # what reaches a module came as JSON
    data = json.loads(json.dumps(keyed(network) | {"key": None}))
    assert MacvlanNetwork.from_data(data, network.key, problems) == network
    assert not problems, problems.report()


def test_plain_data_has_a_key_for_every_field():
    network = MacvlanNetwork("lan0", "eth0", ())
    assert set(DATA) == {field.name for field in fields(MacvlanNetwork)} - {"key", "checks", *OF_ENGINE}
    assert list(network.as_data()) == list(DATA.values())


@given(valid_networks())
def test_no_field_of_a_declaration_is_dropped(network):
    """Whether the whole of it makes sense is another question, which other tests ask."""
    assert set(DECLARED) == {field.name for field in fields(MacvlanNetwork)} - {
        "link",
        "of_link",
        "leased",
        "key",
        "mode",
    }
    of_engine = {"fixed": [], "internal": True, "labels": {"a": "b"}, "driver_options": {"mtu": 1400}}
    data = {**network.as_data(), "checks": [str(way) for way in network.checks], **of_engine}
    declared = {DECLARED[name]: data[DATA.get(name, name)] for name in DECLARED}
    declared["host_address"] = [*declared["host_address"], *(["dhcp"] if network.leased else [])]
    (made,) = expand([declared], [], Problems()).networks
    segment = network.segment or ", ".join(data["subnets"])
    link = network.name if network.families else None
    announce = network.announce and link is not None and bool(network.ranges or network.containers)
    given = {"internal": True, "labels": (("a", "b"),), "driver_options": (("mtu", "1400"),)}
    key = "macvlan_networks[0]"
    assert made == replace(network, segment=segment, link=link, of_link=False, announce=announce, key=key, **given)
