# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand, of_links
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork

NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/28",
    "host_address": "192.168.100.3",
}
DUAL = {
    **NETWORK,
    "subnet": ["192.168.100.0/24", "fd00:100::/64"],
    "gateway": ["192.168.100.1", "fe80::1"],
    "container_range": ["192.168.100.128/28", "fd00:100::8000/113"],
    "host_address": ["192.168.100.3", "fd00:100::3"],
}


def expanded(*networks, links=()):
    problems = Problems("web1")
    return expand(list(networks), list(links), problems), problems


def test_the_shim_has_a_host_prefix_routes_and_one_mac_per_address():
    intent, problems = expanded(NETWORK)
    assert not problems
    (shim,) = intent.links
    assert shim["addresses"] == ["192.168.100.3/32"]
    assert shim["routes"] == [{"destination": "192.168.100.128/28"}]
    assert shim["sysctl"]["arp_filter"] == 1
    assert shim["parent_sysctl"] == {"arp_filter": 1}
    assert shim["sysctl"]["accept_ra"] == 0, "a router advertisement must not give the host a second default route"


def test_what_is_derived_is_itself_valid():
    intent, problems = expanded(
        NETWORK, {**DUAL, "name": "lan1", "segment": "other", "host_address": ["192.168.100.4", "fd00:100::4"]}
    )
    assert not problems
    link_parser.parse(list(intent.links), "web1", problems)
    assert not problems


def test_both_families():
    intent, problems = expanded(DUAL)
    assert not problems
    (shim,) = intent.links
    assert shim["addresses"] == ["192.168.100.3/32", "fd00:100::3/128"]
    assert [route["destination"] for route in shim["routes"]] == ["192.168.100.128/28", "fd00:100::8000/113"]


def test_without_a_host_address_there_is_no_shim_but_there_are_checks():
    intent, problems = expanded({**NETWORK, "host_address": "none"})
    assert not problems
    assert intent.links == ()
    assert intent.as_data()["networks"][0]["gateways"] == ["192.168.100.1"]


def test_containers_without_a_range_get_routes_of_their_own():
    intent, problems = expanded({**NETWORK, "container_range": None, "containers": ["192.168.100.40"]})
    assert not problems
    assert intent.links[0]["routes"] == [{"destination": "192.168.100.40/32"}]
    assert intent.networks[0].probed() == ["192.168.100.3", "192.168.100.40"]


def test_a_range_from_first_to_last_becomes_networks():
    intent, problems = expanded({**NETWORK, "container_range": "192.168.100.200 - 192.168.100.216"})
    assert not problems, problems.report()
    routes = ["192.168.100.200/29", "192.168.100.208/29", "192.168.100.216/32"]
    assert [route["destination"] for route in intent.links[0]["routes"]] == routes


def test_what_is_excluded_is_routed_and_not_assigned():
    declared = {"container_range": "192.168.100.192/27", "host_address": "192.168.100.223"}
    excluded = ["192.168.100.223", "192.168.100.200-192.168.100.201"]
    intent, problems = expanded({**NETWORK, **declared, "exclude": excluded})
    assert not problems, problems.report()
    assert [route["destination"] for route in intent.links[0]["routes"]] == ["192.168.100.192/27"]
    assigned = [address for block in intent.networks[0].assigned() for address in block]
    left_out = {ipaddress.ip_address(f"192.168.100.{number}") for number in (200, 201, 223)}
    assert set(assigned) == set(ipaddress.ip_network("192.168.100.192/27")) - left_out
    assert len(assigned) == 29


@pytest.mark.parametrize(
    ("more", "announced"),
    [
        ({"engine": "docker"}, ["192.168.100.128/28"]),
        ({}, None),
        ({"announce": True, "exclude": "192.168.100.128/29"}, ["192.168.100.136/29"]),
        ({"announce": True, "container_range": None, "containers": ["192.168.100.40"]}, ["192.168.100.40"]),
        ({"engine": "docker", "announce": False}, None),
    ],
)
def test_the_addresses_of_containers_are_announced(more, announced):
    intent, problems = expanded({**NETWORK, **more})
    assert not problems, problems.report()
    assert intent.links[0].get("announce") == announced
    assert intent.as_data()["networks"][0]["announce"] is (announced is not None)


def test_without_a_link_of_the_host_nothing_is_announced():
    intent, problems = expanded({**NETWORK, "host_address": None})
    assert not problems
    assert intent.as_data()["networks"][0]["announce"] is False
    dummy, problems = expanded({**NETWORK, "host_address": None, "announce": True})
    assert [problem.key for problem in problems.items] == ["macvlan_networks[0].announce"]


@pytest.mark.parametrize("given", ["192.168.100.0/28", "0.0.0.0/0", "x", 5])
def test_what_cannot_be_announced(given):
    problems = Problems("h1")
    link = {"name": "lan0", "parent": "eth0", "addresses": ["192.168.100.3/32"], "announce": [given]}
    link_parser.parse([link], "h1", problems)
    assert [problem.key for problem in problems.items] == ["links[0].announce[0]"]


def test_a_single_address_that_is_routed_to_the_host_has_its_gateway_outside():
    declared = {"subnet": "203.0.113.9/32", "gateway": "198.51.100.1", "container_range": None, "host_address": None}
    dummy, problems = expanded({**NETWORK, **declared, "containers": ["203.0.113.9"]})
    assert not problems, problems.report()
    dummy, problems = expanded({**NETWORK, "gateway": "198.51.100.1"})
    assert [problem.key for problem in problems.items] == ["macvlan_networks[0].gateway"]


def test_everything_else_follows_from_the_declaration():
    intent = expanded(NETWORK, links=[{"name": "mv1", "parent": "eth1"}])[0]
    data = intent.as_data()
    assert data["unmanaged_devices"] == ["interface-name:lan0", "interface-name:mv1"]
    assert intent.networks[0].probed() == ["192.168.100.3", "192.168.100.128/28"]
    assert [link["name"] for link in data["links"]] == ["lan0", "mv1"]


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"host_address": "192.168.100.130"}, "host_address", "inside the container range"),
        ({"gateway": "192.168.100.129"}, "gateway", "inside the container range"),
        ({"gateway": "192.168.200.1"}, "gateway", "not inside the subnet"),
        ({"host_address": "192.168.100.1"}, "host_address", "the gateway's address"),
        ({"host_address": "192.168.100.255"}, "host_address", "broadcast address"),
        ({"container_range": "192.168.101.128/28"}, "container_range", "not inside the subnet"),
        ({"container_range": "192.168.100.130/28"}, "container_range", "the network is 192.168.100.128/28"),
        ({"container_range": "192.168.100.140-192.168.100.130"}, "container_range", "ends before it begins"),
        ({"container_range": "192.168.100.140-fd00::1"}, "container_range", "two families"),
        ({"container_range": "192.168.100.x-192.168.100.130"}, "container_range", "not a range"),
        ({"exclude": "192.168.100.4"}, "exclude", "outside the container range"),
        ({"exclude": "192.168.0.0/16"}, "exclude", "the engine takes them one by one"),
        ({"exclude": "192.168.100.129", "containers": ["192.168.100.129"]}, "exclude", "a container has this"),
        ({"container_range": None, "containers": ["192.168.100.5"], "exclude": "192.168.100.4"}, "exclude",
         "no range to exclude"),
        ({"engine": "docker", "container_range": "192.168.100.128-192.168.100.130"}, "container_range",
         "takes one range"),
        ({"engine": "podman", "exclude": "192.168.100.130"}, "exclude", "podman cannot keep"),
        ({"container_range": None}, "host_address", "nothing that it could reach"),
        ({"containers": ["192.168.100.200"]}, "containers", "outside the container range"),
        ({"subnet": "192.168.100.1/24"}, "subnet", "the network is 192.168.100.0/24"),
        ({"subnet": None}, "subnet", "needs a subnet"),
        ({"parent": None}, "parent", "needs a parent"),
        ({"name": "a-very-long-network-name"}, "name", "at most 15 characters"),
        ({"engine": "rkt"}, "engine", "no such engine"),
        ({"colour": "red"}, "colour", "no such key"),
        ({"subnet": ["192.168.100.0/24", "fd00::/64"], "container_range": ["192.168.100.128/28", "fd00::/100"]},
         "host_address", "IPv6 and the host side has not"),
    ],
)  # fmt: skip
def test_each_fault_has_one_message(change, key, says):
    dummy, problems = expanded({**NETWORK, **change})
    assert [problem.key for problem in problems.items] == [f"macvlan_networks[0].{key}"]
    assert says in problems.items[0].problem


def test_a_long_name_is_fine_with_a_link_name():
    intent, problems = expanded({**NETWORK, "name": "a-very-long-network-name", "link_name": "lan0"})
    assert not problems
    assert intent.links[0]["name"] == "lan0"


def test_only_networks_of_one_segment_share_an_address_space():
    second = {**NETWORK, "name": "lan1", "host_address": "192.168.100.4"}
    dummy, problems = expanded(NETWORK, second)
    assert [problem.key for problem in problems.items] == ["macvlan_networks[1].container_range"]
    dummy, problems = expanded(NETWORK, {**second, "segment": "building 2"})
    assert not problems


def test_links_without_a_network_say_what_can_be_diagnosed_of_them():
    problems = Problems()
    declared = [
        {
            "name": "lan0",
            "parent": "eth0",
            "addresses": ["192.168.100.3", "fd00::3/64"],
            "routes": [
                {"destination": "192.168.100.128/28"},
                {"destination": "0.0.0.0/0", "metric": 500},
                {"destination": "10.0.0.0/8", "gateway": "192.168.100.130"},
            ],
        },
        {"name": "lan1", "parent": {"default_route": True}, "addresses": ["10.9.9.1/24"]},
        {"name": "lan2", "parent": "eth0"},
    ]
    links = link_parser.parse(declared, "h1", problems).present
    taken = MacvlanNetwork("lan1", "eth1", ())
    first, second = (network.as_data() for network in of_links(links, [taken]))
    assert not problems
    assert first == {
        "name": "lan0", "parent": "eth0", "link": "lan0", "gateways": [], "containers": [], "engine": "none",
        "excluded": [], "segment": "", "of_link": True, "leased": False, "announce": False,
        "host_addresses": ["192.168.100.3", "fd00::3"], "container_ranges": ["192.168.100.128/28"],
        "subnets": ["192.168.100.3/32", "fd00::/64", "192.168.100.128/28"],
    }  # fmt: skip
    assert (second["name"], second["subnets"], second["container_ranges"]) == ("link lan1", ["10.9.9.0/24"], [])
    read_again = _networks.networks([first, second], problems)
    assert not problems, problems.report()
    assert [network.link for network in read_again] == ["lan0", "lan1"]


@pytest.mark.parametrize(
    "change",
    [
        {"host_address": "fe80::3%x;touch PWNED;true"},
        {"gateway": "fe80::1%lan0"},
        {"subnet": "fe80::%x/64"},
        {"container_range": "fd00::%x/64"},
        {"containers": "fd00::1%$(touch PWNED)"},
    ],
)
def test_no_address_has_a_zone_id(change):
    (key,) = change
    dummy, problems = expanded({**NETWORK, **change})
    problem = problems.items[0]
    assert (problem.host, problem.key) == ("web1", f"macvlan_networks[0].{key}")
    assert problem.remedy.endswith(", without a zone id (%…)")


@pytest.mark.parametrize("name", ["$(touch PWNED)", "a b", "-o", "a;b", "a\nb", "é", "a" * 65])
def test_a_network_has_a_plain_name(name):
    dummy, problems = expanded({**NETWORK, "name": name, "link_name": "lan0"})
    (problem,) = problems.items
    assert (problem.key, problem.value) == ("macvlan_networks[0].name", name)
    assert problem.remedy


def test_a_segment_has_a_printable_name():
    dummy, problems = expanded({**NETWORK, "segment": "office\x1b[2J"})
    assert [item.key for item in problems.items] == ["macvlan_networks[0].segment"]


def test_a_link_of_any_name_can_be_diagnosed():
    problems = Problems()
    declared = {"name": "mv+0", "parent": "eth0", "addresses": ["10.9.9.1/24"]}
    links = link_parser.parse([declared], "h1", problems).present
    for taken in ([], [MacvlanNetwork("mv+0", "eth1", ())]):
        _networks.networks([network.as_data() for network in of_links(links, taken)], problems)
    assert not problems, problems.report()


def test_a_link_without_an_address_of_its_own_has_routes_alone():
    """The kernel then sends from the parent's address."""
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "host_address": "parent"}
    intent = expand([{**declared, "container_range": "192.168.100.128/28"}], [], problems)
    assert not problems, problems.report()
    (link,) = intent.links
    assert (link["addresses"], link["routes"]) == ([], [{"destination": "192.168.100.128/28"}])
    assert link["sysctl"]["arp_filter"] == link["parent_sysctl"]["arp_filter"] == 1
    data = intent.as_data()["networks"][0]
    again = MacvlanNetwork.from_data(data, "networks[0]", problems)
    assert (again.link, again.host_addresses, problems.items) == ("lan0", (), [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "nothing that the link could reach"),
        ({"subnet": "fd00:100::/64", "container_range": "fd00:100::8000/120"}, "does not answer for the parent's IPv6"),
        ({"container_range": "192.168.100.128/28", "host_address": ["parent"]}, "not an IP address"),
    ],
)
def test_what_a_link_without_an_address_cannot_reach(changes, says):
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "host_address": "parent", **changes}
    expand([declared], [], problems)
    assert [problem.key for problem in problems.items if says in problem.problem]


LEASED = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "container_range": "192.168.100.128/28",
    "host_address": "dhcp",
}


def test_a_leased_address_is_known_to_nobody_before():
    problems = Problems()
    intent = expand(
        [{**LEASED, "subnet": ["192.168.100.0/24", "fd00::/64"], "host_address": ["dhcp", "fd00::3"]}], [], problems
    )
    assert not problems, problems.report()
    (link,) = intent.links
    assert (link["addresses"], link["routes"]) == (["dhcp", "fd00::3/128"], [{"destination": "192.168.100.128/28"}])
    # the link answers for its own address, and its parent does not
    assert (link["sysctl"]["arp_ignore"], link["sysctl"]["arp_filter"]) == (1, 0)
    assert link["parent_sysctl"] == {"arp_ignore": 1, "arp_announce": 2}
    data = intent.as_data()
    assert (data["unmanaged_devices"], data["leased_devices"]) == ([], ["interface-name:lan0"])
    again = MacvlanNetwork.from_data(data["networks"][0], "networks[0]", problems)
    assert (again.leased, [str(item) for item in again.host_addresses], again.families) == (True, ["fd00::3"], {4, 6})
    assert again.probed() == ["fd00::3", "192.168.100.128/28"]
    parsed = link_parser.parse([link], "h1", problems).present[0]
    assert (parsed.dhcp, [str(item) for item in parsed.addresses]) == (True, ["fd00::3/128"])
    assert not problems, problems.report()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host_address": ["dhcp", "192.168.100.3"]}, "two addresses of one family"),
        ({"host_address": ["dhcp", "dhcp"]}, "listed twice"),
        ({"subnet": "fd00::/64", "container_range": "fd00::8000/120"}, "has no IPv4 subnet"),
        ({"container_range": None}, "nothing that it could reach"),
        ({"gateway": "dhcp"}, "not an IP address"),
        ({"containers": ["dhcp"]}, "not an IP address"),
    ],
)
def test_what_cannot_be_leased(changes, says):
    problems = Problems()
    expand([{**LEASED, **changes}], [], problems)
    assert [problem.remedy for problem in problems.items if says in problem.problem]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"addresses": ["dhcp", "192.168.100.3/32"]}, "links[0].addresses"),
        ({"addresses": "dhcp", "up": False}, "links[0].up"),
        ({"addresses": "dhcp", "mode": "passthru"}, "links[0].mode"),
    ],
)
def test_what_a_link_with_a_lease_cannot_be(changes, key):
    problems = Problems()
    link_parser.parse([{"name": "lan0", "parent": "eth0", **changes}], "h1", problems)
    assert [(problem.key, bool(problem.remedy)) for problem in problems.items] == [(key, True)]


def test_a_single_link_with_a_lease_is_diagnosed_by_its_routes():
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth0", "addresses": ["dhcp"]}
    routes = [{"destination": "192.168.100.128/28"}]
    links = link_parser.parse([{**declared, "routes": routes}, {**declared, "name": "lan1"}], "h1", problems).present
    (network,) = of_links(links, [])
    assert not problems, problems.report()
    assert (network.link, network.leased, [str(item) for item in network.subnets]) == (
        "lan0",
        True,
        ["192.168.100.128/28"],
    )


def container_network(**changes):
    problems = Problems()
    declared = {
        "name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "gateway": "192.168.100.1", "engine": "docker",
        "container_range": "192.168.100.128/28", "host_address": "192.168.100.3", **changes,
    }  # fmt: skip
    intent = expand([declared], [], problems)
    return intent.as_data(), [str(item) for item in problems.items]


def test_the_network_of_the_engine_gets_the_dynamic_part_alone():
    data, problems = container_network(container_fixed_range="192.168.100.144/28", exclude="192.168.100.130")
    (made,) = data["container_networks"]
    assert problems == []
    assert (made["ranges"], made["reserved"]) == (["192.168.100.128/28"], ["192.168.100.3", "192.168.100.130"])
    assert made["routed"] == ["192.168.100.128/28", "192.168.100.144/28"]
    assert [route["destination"] for route in data["links"][0]["routes"]] == made["routed"]
    assert data["networks"][0]["container_ranges"] == made["routed"]


def test_without_an_engine_there_is_no_container_network():
    assert container_network(engine="none")[0]["container_networks"] == []


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        (
            {"container_range": None, "container_fixed_range": "192.168.100.144/28"},
            "container_range",
            "there is none in",
        ),
        ({"container_fixed_range": "192.168.100.136/29"}, "container_fixed_range", "this overlaps 192.168.100.128/28"),
        ({"container_fixed_range": "10.0.0.0/29"}, "container_fixed_range", "this is not inside the subnet"),
        ({"container_fixed_range": "192.168.100.0/29"}, "host_address", "inside the container range 192.168.100.0/29"),
        ({"internal": "yes"}, "internal", "neither true nor false"),
        ({"labels": ["a"]}, "labels", "this is not a mapping"),
        ({"labels": {"a": [1]}}, "labels.a", "neither text nor a number"),
        ({"engine": "none", "labels": {"a": "b"}}, "labels", "no engine is declared"),
    ],
)
def test_bad_container_networks(changes, key, message):
    _data, problems = container_network(**changes)
    assert any(f"macvlan_networks[0].{key}" in problem and message in problem for problem in problems), problems
