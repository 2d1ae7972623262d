# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_link on a real kernel: change, repeat, undo, and a check mode that equals the run."""

from __future__ import annotations

import copy

import pytest

LINK = {
    "name": "lan0",
    "parent": "eth0",
    "mac": "02:00:00:00:00:10",
    "addresses": ["192.168.100.3"],
    "routes": [{"destination": "192.168.100.128/28"}],
    "sysctl": {"arp_filter": 1, "accept_ra": 0},
    "parent_sysctl": {"arp_filter": 1},
}


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])


def declare(host, *links, check=False, **options):
    result = host.module("macvlan_link", {"links": list(links), "host_id": "web1", **options}, check=check)
    assert not result.get("failed"), result["msg"]
    return result


def refused(host, *links, **options):
    """The problems of a refused call, which must have changed nothing."""
    before = state(host)
    result = host.module("macvlan_link", {"links": list(links), "host_id": "web1", **options})
    assert result.get("failed"), "this should have been refused"
    assert state(host) == before, "a refused call changed something"
    for problem in result["problems"]:
        assert problem["host"] == "web1"
        assert problem["remedy"]
    return {problem["key"]: problem["problem"] for problem in result["problems"]}


def state(host):
    """Everything that a run could touch, without what the kernel adds by itself later (link-local IPv6)."""
    links = [
        {key: link.get(key) for key in ("ifname", "link", "address", "mtu", "ifalias", "linkinfo")}
        | {"up": "UP" in link["flags"]}
        for link in host.json("link", "show")
    ]
    addresses = [(link["ifname"], host.addresses(link["ifname"])) for link in links]
    routes = [
        line
        for family in ("-4", "-6")
        for line in host.ip(family, "route", "show").stdout.splitlines()
        if not line.startswith("fe80::")
    ]
    return links, addresses, sorted(routes), host.sysctl("net/ipv4/conf/eth0/arp_filter")


def converges(host, *links, **options):
    """Check mode predicts the run, and the next run has nothing to do. Returns the result of the run."""
    before = state(host)
    predicted = declare(host, *links, check=True, **options)
    assert state(host) == before, "check mode changed something"
    done = declare(host, *links, **options)
    for key in ("changed", "diff", "messages", "links", "removed"):
        assert predicted[key] == done[key], f"check mode predicted another {key}"
    again = declare(host, *links, **options)
    assert not again["changed"], again["messages"]
    assert again["diff"] == []
    return done


def test_a_link_made_by_hand_is_taken_over_with_a_word(host):
    host.ip("link", "add", "lan0", "link", "eth0", "type", "macvlan", "mode", "bridge")
    for check in (True, False):
        assert "lan0 exists, and no file, profile or unit" in str(declare(host, LINK, check=check)["warnings"])
    again = declare(host, LINK)
    assert not again["changed"]
    assert "warnings" not in again
    assert declare(host, purge=True)["removed"] == ["lan0"]


def test_create_again_and_back(host):
    before = state(host)
    done = converges(host, LINK)
    assert done["changed"]
    link = host.link("lan0")
    assert link["linkinfo"]["info_data"]["mode"] == "bridge"
    assert link["address"] == "02:00:00:00:00:10"
    assert link["link"] == "eth0"
    assert "UP" in link["flags"]
    assert host.addresses("lan0") == ["192.168.100.3/32"]
    assert "192.168.100.128/28 dev lan0" in host.ip("route", "show").stdout
    assert host.sysctl("net/ipv4/conf/lan0/arp_filter") == "1"
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "1"
    back = converges(host, {"name": "lan0", "state": "absent"})
    assert back["removed"] == ["lan0"]
    assert state(host) == before, "the last link restores everything, also the parent's settings"


def test_host_and_container_talk_and_the_lan_sees_one_mac_per_address(segment, host):
    container = host.container("c1", addresses=["192.168.100.129/24"])
    other = segment.host("lan", addresses=["192.168.100.2/24"])
    assert not container.pings("192.168.100.11")
    declare(host, LINK)
    assert host.pings("192.168.100.129")
    assert container.pings("192.168.100.11")
    assert container.pings("192.168.100.3")
    assert other.pings("192.168.100.3")
    neighbours = {item["dst"]: item.get("lladdr") for item in other.json("neigh", "show")}
    assert neighbours["192.168.100.3"] == host.mac("eth0"), "arp_filter: the LAN learns one MAC for the host"


def test_a_stable_mac_survives_recreation(host):
    unset = {key: value for key, value in LINK.items() if key != "mac"}
    declare(host, unset)
    mac = host.mac("lan0")
    declare(host, {"name": "lan0", "state": "absent"})
    declare(host, unset)
    assert host.mac("lan0") == mac
    assert host.link("lan0")["address"][:2] != "00"


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("mode", "private"),
        ("mode", "vepa"),
        ("mac", "02:00:00:00:00:11"),
        ("mtu", 1400),
        ("bcqueuelen", 2000),
        ("up", False),
        ("addresses", ["192.168.100.4/32", "fd00:100::4/128"]),
        ("addresses", ["192.168.100.3/24"]),
        ("addresses", []),
        ("routes", []),
        ("routes", [{"destination": "192.168.100.144/28", "metric": 50}, {"destination": "192.168.100.128/28"}]),
        ("sysctl", {"arp_filter": 0, "accept_ra": 0}),
    ],
)
def test_each_attribute_changes_in_place_and_back(host, attribute, value):
    full = {**LINK, "bcqueuelen": 1000, "mtu": 1500, "up": True}
    declare(host, full)
    index = host.link("lan0")["ifindex"]
    there = converges(host, {**full, attribute: value})
    assert there["changed"]
    back = converges(host, full)
    assert back["changed"]
    assert host.link("lan0")["ifindex"] == index, "the link was recreated"
    assert host.addresses("lan0") == ["192.168.100.3/32"]


@pytest.mark.parametrize(
    "then", [{"addresses": ["192.168.100.4/24", "fd00:100::3/128"]}, {"addresses": ["192.168.100.5/24"]}, {"up": False}]
)
def test_addresses_that_the_kernel_flushes_are_added_again(host, then):
    """Those of a subnet go with the first of them, IPv6 ones when the link goes down."""
    full = {**LINK, "addresses": ["192.168.100.3/24", "192.168.100.4/24", "fd00:100::3/128"]}
    assert host.sysctl("net/ipv4/conf/all/promote_secondaries") == "0"
    declare(host, full)
    converges(host, {**full, **then})
    converges(host, full)


def test_an_ipv6_source_address_waits_for_duplicate_detection(host):
    link = {
        **LINK,
        "addresses": ["fd00:100::3"],
        "routes": [{"destination": "fd00:100::8000/113", "source": "fd00:100::3"}],
    }
    converges(host, link)
    assert "src fd00:100::3" in host.ip("-6", "route", "show", "fd00:100::8000/113").stdout


def test_a_route_of_the_parent_is_never_taken(host):
    """Both have the subnet, with the same metric: the parent's connected route stays, also after the removal."""
    before = state(host)
    rival = {**LINK, "routes": [{"destination": "192.168.100.0/24"}, {"destination": "fd00:100::/64", "metric": 256}]}
    converges(host, rival)
    for family, subnet in (("-4", "192.168.100.0/24"), ("-6", "fd00:100::/64")):
        devices = {route["dev"] for route in host.json(family, "route", "show", "exact", subnet)}
        assert devices == {"eth0", "lan0"}
    converges(host, purge=True)
    assert state(host) == before


def test_drift_is_shown_and_repaired_exactly(host):
    extra = {**LINK, "addresses": ["192.168.100.3", "192.168.100.5"]}
    declare(host, extra)
    host.ip("address", "delete", "192.168.100.3/32", "dev", "lan0")
    drift = declare(host, extra, check=True)
    assert drift["messages"] == ["link lan0 addresses: add 192.168.100.3/32"]
    assert drift["diff"] == [
        {
            "before_header": "link lan0",
            "after_header": "link lan0",
            "before": "addresses: 192.168.100.5/32\n",
            "after": "addresses: 192.168.100.3/32\naddresses: 192.168.100.5/32\n",
        }
    ]
    converges(host, extra)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("link set lan0 down", "link lan0 up: False -> True"),
        ("link set lan0 address 02:00:00:00:00:99", "link lan0 mac: 02:00:00:00:00:99 -> 02:00:00:00:00:10"),
        ("link set lan0 type macvlan mode vepa", "link lan0 mode: vepa -> bridge"),
        ("link set lan0 mtu 1400", "link lan0 mtu: 1400 -> 1500"),
        ("address add 192.168.100.9/32 dev lan0", "link lan0 addresses: remove 192.168.100.9/32"),
        ("route delete 192.168.100.128/28", "link lan0 routes: add 192.168.100.128/28"),
        ("route add 192.168.100.200 dev lan0", "link lan0 routes: remove 192.168.100.200/32"),
        ("link delete lan0", "link lan0: add"),
    ],
)
def test_every_kind_of_drift_is_found(host, command, says):
    declare(host, LINK)
    host.ip(*command.split())
    done = converges(host, LINK)
    assert any(message.startswith(says) for message in done["messages"]), done["messages"]


def test_a_link_follows_the_mtu_of_its_parent_unless_declared(host):
    declare(host, LINK)
    host.ip("link", "set", "eth0", "mtu", "1400")
    host.ip("link", "set", "eth0", "mtu", "1500")
    assert host.link("lan0")["mtu"] == 1400, "the kernel shrinks a child and does not grow it again"
    done = converges(host, LINK)
    assert done["messages"] == ["link lan0 mtu: 1400 -> 1500"]


def test_purge_removes_only_what_is_ours(host):
    host.ip("link", "add", "link", "eth0", "name", "theirs", "type", "macvlan", "mode", "bridge")
    declare(host, LINK, {"name": "lan1", "parent": "eth0"})
    done = converges(host, {"name": "lan1", "parent": "eth0"}, purge=True)
    assert done["removed"] == ["lan0"]
    assert host.link("theirs") is not None
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "0"
    done = converges(host, purge=True)
    assert done["removed"] == ["lan1"]


def test_a_parent_setting_stays_while_another_link_needs_it(host):
    second = {**LINK, "name": "lan1", "mac": "02:00:00:00:00:12", "addresses": ["192.168.100.4"], "routes": []}
    declare(host, LINK, second)
    converges(host, second, purge=True)
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "1"
    converges(host, purge=True)
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "0"


def test_what_was_set_before_us_stays_set(host):
    host.sysctl("net/ipv4/conf/eth0/arp_filter", 1)
    declare(host, LINK)
    declare(host, purge=True)
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "1"


def test_a_parent_that_gets_another_mac_gets_its_setting_back(host):
    declare(host, LINK)
    host.ip("link", "set", "eth0", "address", "02:00:00:00:00:99")
    again = declare(host, LINK)
    assert not again["changed"], again["messages"]
    converges(host, purge=True)
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "0"


def test_a_bridge_that_takes_the_mac_of_a_port_gets_its_setting_back(host):
    host.ip("link", "add", "br0", "type", "bridge")
    host.ip("link", "set", "eth0", "master", "br0")
    host.ip("link", "set", "br0", "up")
    before = host.mac("br0")
    on_bridge = {**LINK, "parent": "br0"}
    declare(host, on_bridge)
    assert host.sysctl("net/ipv4/conf/br0/arp_filter") == "1"
    host.ip("link", "add", "port", "address", "00:00:00:00:00:01", "type", "veth", "peer", "name", "unused")
    host.ip("link", "set", "port", "master", "br0")
    assert host.mac("br0") != before
    assert not declare(host, on_bridge)["changed"]
    declare(host, purge=True)
    assert host.sysctl("net/ipv4/conf/br0/arp_filter") == "0"


def test_a_parent_that_was_renamed_gets_its_setting_back(host):
    declare(host, LINK)
    host.ip("link", "set", "eth0", "down")
    host.ip("link", "set", "eth0", "name", "uplink")
    host.ip("link", "set", "uplink", "up")
    done = declare(host, purge=True)
    assert done["messages"][-1] == "interface uplink arp_filter: 1 -> 0"
    assert host.sysctl("net/ipv4/conf/uplink/arp_filter") == "0"


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"subnet": "192.168.100.0/24"}, "eth0"),
        ({"subnet": "fd00:100::/64"}, "eth0"),
        ({"default_route": True}, "eth0"),
    ],
)
def test_parent_selectors(host, selector, found):
    host.ip("route", "add", "default", "via", "192.168.100.1")
    done = converges(host, {**LINK, "parent": selector})
    assert done["links"][0]["parent"] == found


def test_parent_by_mac_and_by_alternative_name(host):
    host.ip("link", "property", "add", "dev", "eth0", "altname", "uplink")
    converges(host, {**LINK, "parent": {"mac": host.mac("eth0").upper()}})
    assert not declare(host, {**LINK, "parent": "uplink"})["changed"]


def test_another_parent_needs_consent(segment, host):
    segment.plug(host, "eth1")
    declare(host, LINK)
    problems = refused(host, {**LINK, "parent": "eth1"})
    assert "its parent is eth0 and shall be eth1" in problems["links[0].parent"]
    done = converges(host, {**LINK, "parent": "eth1"}, recreate="when_needed")
    assert done["changed"]
    assert host.link("lan0")["link"] == "eth1", "the kernel accepts a new parent and ignores it"
    assert host.sysctl("net/ipv4/conf/eth0/arp_filter") == "0"
    assert host.sysctl("net/ipv4/conf/eth1/arp_filter") == "1"


def test_passthru_is_recreated_and_carries_its_parents_mac(host):
    plain = {key: value for key, value in LINK.items() if key != "mac"}
    declare(host, plain)
    assert "links[0].mode" in refused(host, {**plain, "mode": "passthru"})
    converges(host, {**plain, "mode": "passthru"}, recreate="when_needed")
    assert host.mac("lan0") == host.mac("eth0")
    converges(host, plain, recreate="when_needed")


def test_a_link_made_by_hand_is_adopted_in_place(host):
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan")
    index = host.link("lan0")["ifindex"]
    converges(host, LINK)
    assert host.link("lan0")["ifindex"] == index


def test_a_killed_run_is_continued(host):
    host.ip("link", "add", "link", "eth0", "name", "lan0", "address", LINK["mac"], "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "alias", "linuxnet.macvlan")
    converges(host, LINK)
    assert host.addresses("lan0") == ["192.168.100.3/32"]


def test_many_links_in_one_call(host):
    links = [{"name": f"mv{number}", "parent": "eth0", "addresses": [f"10.0.{number}.1/32"]} for number in range(60)]
    converges(host, *links)
    converges(host, purge=True)


def test_bad_parents(segment, host):
    host.ip("link", "add", "bridge1", "type", "bridge")
    host.ip("link", "add", "port1", "type", "veth", "peer", "name", "port2")
    host.ip("link", "set", "port1", "master", "bridge1")
    host.ip("link", "add", "link", "eth0", "name", "child", "type", "macvlan")
    host.ip("tuntap", "add", "tun0", "mode", "tun")
    problems = refused(host, *({"name": f"mv{number}", "parent": parent} for number, parent in enumerate(
        ["nowhere", "lo", "port1", "child", "tun0", {"subnet": "10.9.9.0/24"}, {"default_route": True}]
    )))  # fmt: skip
    assert "no such interface" in problems["links[0].parent"]
    assert "loopback" in problems["links[1].parent"]
    assert "port of bridge1" in problems["links[2].parent"]
    assert "is a macvlan link itself" in problems["links[3].parent"]
    assert "not an Ethernet interface" in problems["links[4].parent"]
    assert "no interface of this host matches" in problems["links[5].parent"]
    assert "no interface of this host matches" in problems["links[6].parent"]


def test_all_bad_values_are_reported_at_once(segment, host):
    container = host.container("c1")
    host.ip("link", "add", "veth9", "type", "veth", "peer", "name", "veth8")
    bad = [
        {"name": "a-name-that-is-too-long", "parent": "eth0"},
        {"name": "mv1", "parent": "eth0", "mac": "01:00:5e:00:00:01"},
        {"name": "mv2", "parent": "eth0", "mac": host.mac("eth0")},
        {"name": "mv3", "parent": "eth0", "mac": container.mac("eth0")},
        {"name": "mv4", "parent": "eth0", "bcqueuelen": 0},
        {"name": "mv5", "parent": "eth0", "mtu": 9000},
        {"name": "mv6", "parent": "eth0", "addresses": ["192.168.100.300"]},
        {"name": "mv7", "parent": "eth0", "addresses": ["192.168.100.11/32"]},
        {"name": "mv8", "parent": "eth0"},
        {"name": "mv8", "parent": "eth0"},
        {"name": "veth9", "parent": "eth0"},
        {"name": "mv9", "parent": "eth0", "mode": "passthru"},
    ]
    problems = refused(host, *bad)
    assert "at most 15 characters" in problems["links[0].name"]
    assert "multicast" in problems["links[1].mac"]
    assert "its parent has the same MAC" in problems["links[2].mac"]
    assert "in network namespace" in problems["links[3].mac"]
    assert "from 1 to" in problems["links[4].bcqueuelen"]
    assert "above the MTU of its parent eth0, which is 1500" in problems["links[5].mtu"]
    assert "not an IP address" in problems["links[6].addresses[0]"]
    assert "eth0 of this host has this address" in problems["links[7].addresses"]
    assert "has the same name" in problems["links[9].name"]
    assert "has a veth interface of this name" in problems["links[10].name"]
    assert "only one" in problems["links[11].mode"]


def test_a_mode_that_does_not_exist(host):
    assert (
        "no such macvlan mode" in refused(host, {"name": "mv0", "parent": "eth0", "mode": "bridged"})["links[0].mode"]
    )


def test_absent_never_removes_another_kind_of_interface(host):
    assert "no macvlan link" in refused(host, {"name": "eth0", "state": "absent"})["links[0].name"]


def test_ipv6_that_is_disabled(host):
    host.sysctl("net/ipv6/conf/all/disable_ipv6", 1)
    problems = refused(host, {**LINK, "addresses": ["fd00:100::3"]})
    assert "IPv6 is disabled" in problems["links[0].addresses"]


def test_without_privileges_the_message_says_so(host):
    arguments = {"links": [LINK], "host_id": "web1"}
    result = host.module(
        "macvlan_link", arguments, wrapper=["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-all"]
    )
    assert result["failed"]
    assert "CAP_NET_ADMIN" in result["msg"]
    assert "become" in result["msg"]


@pytest.mark.parametrize(("version", "says"), [(None, "is not installed"), ("0.6.9", "pyroute2 >= 0.7.2 is needed")])
def test_without_a_usable_pyroute2_the_message_says_so(host, tmp_path, version, says):
    package = tmp_path / "pyroute2"
    package.mkdir()
    body = f"__version__ = {version!r}\n" if version else "raise ImportError('pyroute2')\n"
    (package / "__init__.py").write_text(body)
    result = host.module("macvlan_link", copy.deepcopy({"links": [LINK], "host_id": "web1"}), path=str(tmp_path))
    assert result["failed"]
    assert says in result["msg"]
    assert "-m pip install 'pyroute2>=0.7.2'" in result["msg"]


def test_a_usable_pyroute2_is_not_imported(host, tmp_path):
    package = tmp_path / "pyroute2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('this takes time')\n")
    (tmp_path / "pyroute2-0.7.2.dist-info").mkdir()
    assert host.module("macvlan_link", {"links": [LINK], "host_id": "web1"}, path=str(tmp_path))["changed"]


# ---- other links in the same subnet ----------------------------------------------------------------------------------


def second_uplink(host, *, first=False, address="192.168.100.21/24"):
    host.ip("link", "add", "eth1", "type", "veth", "peer", "name", "port1")
    host.ip("link", "set", "port1", "up")
    host.ip("link", "set", "eth1", "up")
    host.ip("address", "add", address, "dev", "eth1")
    if first:
        host.ip("link", "set", "eth0", "down")
        host.ip("link", "set", "eth0", "up")


@pytest.mark.parametrize(
    ("first", "says"),
    [(True, "sends what eth0 has to answer out of eth1"), (False, "the one that comes up first takes all packets")],
)
def test_a_second_uplink_in_the_subnet_is_refused(host, first, says):
    second_uplink(host, first=first)
    problems = refused(host, LINK)
    assert list(problems) == ["links[0].parent"]
    assert "eth1 of this host has 192.168.100.21/24" in problems["links[0].parent"]
    assert says in problems["links[0].parent"]


def test_a_sibling_with_the_whole_subnet_is_refused(host):
    host.ip("link", "add", "shim", "link", "eth0", "type", "macvlan", "mode", "bridge")
    host.ip("address", "add", "192.168.100.9/24", "dev", "shim")
    host.ip("link", "set", "shim", "up")
    assert "shim of this host has 192.168.100.9/24" in refused(host, LINK)["links[0].parent"]
    host.ip("address", "del", "192.168.100.9/24", "dev", "shim")
    host.ip("address", "add", "192.168.100.9/32", "dev", "shim")
    assert declare(host, LINK)["changed"]


def test_a_second_uplink_that_cannot_take_the_traffic_is_none_of_ours(host):
    second_uplink(host)
    host.ip("route", "del", "192.168.100.0/24", "dev", "eth1")
    host.ip("route", "add", "192.168.100.0/24", "dev", "eth1", "metric", "600")
    assert declare(host, LINK)["changed"]
    host.ip("route", "del", "192.168.100.0/24", "dev", "eth1")
    host.ip("route", "add", "192.168.100.0/24", "dev", "eth1", "table", "7")
    host.ip("rule", "add", "from", "192.168.100.21", "lookup", "7")
    assert not declare(host, LINK)["changed"]


def test_a_parent_that_is_down_is_set_up_on_consent_only(host):
    host.ip("link", "set", "eth0", "down")
    refused = host.module("macvlan_link", {"links": [LINK], "host_id": "web1"})
    (warning,) = refused["warnings"]
    assert "eth0, the parent of lan0, is down, and nothing gets through: set parent_up: true for" in str(warning)
    assert "UP" not in host.link("eth0")["flags"]
    asked = {"links": [{**LINK, "parent_up": True}], "host_id": "web1"}
    predicted = host.module("macvlan_link", asked, check=True)
    assert "interface eth0 up: False -> True" in predicted["messages"]
    assert "UP" not in host.link("eth0")["flags"]
    made = host.module("macvlan_link", asked)
    assert (made["changed"], made["messages"], made.get("warnings", [])) == (True, predicted["messages"], [])
    assert {"UP"} <= {*host.link("eth0")["flags"]} & {*host.link("lan0")["flags"]}
    assert not host.module("macvlan_link", asked)["changed"]
