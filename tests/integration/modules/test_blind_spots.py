# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole matrix of holders of an address and vantages, and whether arp_conflict_check finds the holder.

No vantage receives everything: the kernel isolates a parent from its children, and children in other modes from each
other. What a vantage does not receive has to come from the host's kernel.
"""

from __future__ import annotations

import sys
import time

import pytest

from labkit.segment import Segment

from .asking import FRAMES, ask, check

PLACES = {
    "parent": "parent",
    "child": "child",
    "shim": "lan0",
    "sibling": {"link": "eth0", "namespace": "{prefix}-sibling"},
}
WIRE = frozenset(PLACES)
# A bridge-mode child receives frames of the host's own macvlan link, which answers for every IPv4 address of the host.
NEAR = frozenset({"child", "sibling"})

# Holder: last number of its address; the status; the vantages that see it, for IPv4 and for IPv6.
# Another host's macvlan link answers probes for all of that host's IPv4 addresses, and so does its parent: two MAC
# addresses, which are no conflict only if both are known to be one host's.
HOLDERS = {
    "a LAN host": (2, "in_use", WIRE, WIRE),
    "a container of another host": (30, "in_use", WIRE, WIRE),
    "another host's macvlan link": (31, "own", WIRE, WIRE),
    "the parent": (11, "own", NEAR, set()),
    "the host's own macvlan link": (12, "own", NEAR, NEAR),
    "an own child in bridge mode": (129, "own", {"child", "shim", "sibling"}, {"child", "shim", "sibling"}),
    "an own child in VEPA mode": (130, "own", set(), set()),
    "an own child in private mode": (131, "own", set(), set()),
    "the sibling that is asked from": (132, "own", {"child", "shim"}, {"child", "shim"}),
    "an own link that is down": (13, "own", NEAR, set()),
    "nobody": (99, "free_as_seen", set(), set()),
}


# Unknown to the host's own kernel.
ELSEWHERE = ("a LAN host", "a container of another host", "another host's macvlan link", "nobody")


def addresses(number):
    return f"192.168.100.{number}", f"fd00:100::{number}"


def configured(number):
    four, six = addresses(number)
    return [f"{four}/24", f"{six}/64"]


@pytest.fixture(scope="module")
def lan():
    with Segment() as segment:
        host = segment.host("h1", configured(11))
        segment.host("h2", configured(2))
        other = segment.host("h3", ["192.168.100.3/24"])
        other.container("c30", configured(30))
        link(other, "lan0", 31)
        link(host, "lan0", 12)
        link(host, "off0", 13)
        host.ip("link", "set", "off0", "down")
        for number in configured(13):
            host.ip("address", "replace", number, "dev", "off0", "nodad")
        for name, number, mode in (("c1", 129, "bridge"), ("c2", 130, "vepa"), ("c3", 131, "private")):
            host.container(name, configured(number), mode=mode)
        host.container("sibling", configured(132))
        yield host, [other.mac(), other.mac("lan0")]


def link(host, name, number):
    """A macvlan link in the host's own namespace, with host prefixes and one MAC address for each IPv4 address."""
    host.ip("link", "add", "link", "eth0", "name", name, "type", "macvlan", "mode", "bridge")
    for address in addresses(number):
        host.ip("address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
    for device in ("eth0", name):
        host.sysctl(f"net/ipv4/conf/{device}/arp_filter", 1)
    host.ip("link", "set", name, "up")


@pytest.mark.parametrize("place", PLACES)
def test_every_holder_is_found_from_every_place(lan, place):
    host, fleet = lan
    value = PLACES[place]
    if isinstance(value, dict):
        value = {**value, "namespace": value["namespace"].format(prefix=host.segment.prefix)}
    wanted = [address for number, *dummy in HOLDERS.values() for address in addresses(number)]
    result = check(host, *wanted, vantages=[value], known_macs=fleet)
    assert [(item["asked"], item["reason"]) for item in result["vantages"]] == [(True, "")]
    found = {item["address"]: item for item in result["results"]}
    table, expected = {}, {}
    for name, (number, status, *heard) in HOLDERS.items():
        for family, address, seen_from in zip(("IPv4", "IPv6"), addresses(number), heard, strict=True):
            item = found[address]
            sources = {holder["vantage"] for holder in item["holders"]}
            table[name, family] = (item["status"], len(sources - {"inventory"}), "inventory" in sources)
            expected[name, family] = (status, int(place in seen_from), name not in ELSEWHERE)
    assert table == expected
    # Links of this host are reported with their namespace.
    for number, namespace, device in ((11, "", "eth0"), (12, "", "lan0"), (131, f"{host.segment.prefix}-c3", "eth0")):
        places = [item["where"] for item in found[addresses(number)[1]]["holders"] if item["kind"] == "configured"]
        assert places == [{"namespace": namespace, "link": device}]


# What resembles a conflict and is none.


def whole(host, address, **options):
    """The result for one address, and its item."""
    result = check(host, address, **options)
    return result, result["results"][0]


def proxy_for_everybody(segment):
    """A router with proxy ARP for the addresses from .64 on, which are behind it."""
    router = segment.host("router", ["192.168.100.1/24"])
    router.sysctl("net/ipv4/conf/eth0/proxy_arp", 1)
    router.sysctl("net/ipv4/ip_forward", 1)
    router.ip("link", "add", "away", "type", "veth", "peer", "name", "far")
    router.ip("link", "set", "away", "up")
    router.ip("link", "set", "far", "up")
    router.ip("route", "add", "192.168.100.64/26", "dev", "away")
    return router


def test_a_linux_router_with_proxy_arp_whose_answer_is_overheard(segment):
    host, router = segment.host("h1", ["192.168.100.11/24"]), proxy_for_everybody(segment)
    host.pings("192.168.100.99")
    assert router.mac() in host.ip("neighbour", "show", "192.168.100.99").stdout, "it answers a host with an address"
    result, item = whole(host, "192.168.100.99")
    assert (item["status"], item["holders"], result["proxy_arp"]) == ("free_as_seen", [], [])
    # Without this the host itself would not ask again, as it has an answer.
    host.start("sh", "-c", "while :; do ip neigh flush dev eth0; ping -c 1 -W 0.2 192.168.100.99; done >/dev/null 2>&1")
    result, item = whole(host, "192.168.100.99", listen_seconds=4)
    assert (item["status"], item["conflict"]) == ("free_as_seen", "")
    assert {(holder["mac"], holder["kind"], holder["owner"]) for holder in item["holders"]} == {
        (router.mac(), "reply", "proxy_arp")
    }
    assert result["proxy_arp"] == [{"parent": "eth0", "mac": router.mac(), "answers_probes": False}]
    # An address of the router itself is not answered as a proxy.
    assert ask(host, "192.168.100.1")["status"] == "in_use"


def test_a_router_that_answers_everybody_for_everybody(segment):
    host, router = segment.host("h1", ["192.168.100.11/24"]), segment.host("router", ["192.168.100.1/24"])
    answering = router.start(sys.executable, str(FRAMES), "answer", "eth0", stdout=-1)
    answering.stdout.readline()
    result, item = whole(host, "192.168.100.99")
    assert (item["status"], item["conflict"]) == ("free_as_seen", "")
    assert {holder["owner"] for holder in item["holders"]} == {"proxy_arp"}
    assert result["proxy_arp"] == [{"parent": "eth0", "mac": router.mac(), "answers_probes": True}]
    # A neighbour behind it is still found, and so is the gateway.
    neighbour = segment.host("h2", ["192.168.100.2/24"])
    host.ip("route", "add", "default", "via", "192.168.100.1")
    dummy, item = whole(host, "192.168.100.2")
    assert item["status"] == "in_use"
    assert {holder["mac"] for holder in item["holders"] if holder["owner"] == "foreign"} == {neighbour.mac()}
    assert ask(host, "192.168.100.1")["status"] == "in_use"


VRRP = """
global_defs {{ vrrp_version 3 }}
vrrp_instance lan {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    use_vmac vrrp51
    vmac_xmit_base
    virtual_ipaddress {{ 192.168.100.1/24 }}
}}
"""


def test_routers_with_vrrp(segment, tmp_path):
    host = segment.host("h1", ["192.168.100.11/24"])
    routers = {}
    for number, priority in ((2, 100), (3, 200)):
        router = routers[number] = segment.host(f"r{number}", [f"192.168.100.{number}/24"])
        configuration = tmp_path / f"{number}.conf"
        configuration.write_text(VRRP.format(priority=priority), encoding="utf-8")
        files = [f"--{name}={tmp_path}/{number}.{name}" for name in ("pid", "vrrp_pid")]
        with open(tmp_path / f"{number}.log", "w", encoding="utf-8") as log:
            router.start(
                "keepalived", "--dont-fork", "--log-console", "--vrrp", f"--use-file={configuration}", *files,
                stdout=log, stderr=log,
            )  # fmt: skip
    master = routers[3]
    for dummy in range(600):
        if master.link("vrrp51") and master.addresses("vrrp51"):
            break
        time.sleep(0.1)
    assert master.addresses("vrrp51") == ["192.168.100.1/24"], (tmp_path / "3.log").read_text(encoding="utf-8")
    # From a host of the LAN, and from the backup router, which has the same MAC address.
    for place in (host, routers[2]):
        result, item = whole(place, "192.168.100.1", listen_seconds=1.5)
        assert (item["status"], item["conflict"]) == ("virtual_router", "")
        assert {(holder["mac"], holder["owner"]) for holder in item["holders"]} == {
            ("00:00:5e:00:01:33", "virtual_router")
        }
        assert result["duplicate_macs"] == []
    # The master reports it as its own, although the backup has the same MAC address.
    result, item = whole(master, "192.168.100.1", listen_seconds=1.5)
    assert (item["status"], result["duplicate_macs"]) == ("own", [])


def test_a_host_of_the_fleet_that_answers_with_two_macs(segment):
    host, other = segment.host("h1", ["192.168.100.11/24"]), segment.host("h2", ["192.168.100.2/24"])
    other.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    other.ip("address", "add", "192.168.100.3/24", "dev", "lan0")
    other.ip("link", "set", "lan0", "up")
    macs = {other.mac(), other.mac("lan0")}
    for address in ("192.168.100.2", "192.168.100.3"):
        dummy, item = whole(host, address, known_macs=sorted(macs))
        assert {holder["mac"] for holder in item["holders"]} == macs, "ARP flux: the host answers with both"
        assert (item["status"], item["conflict"]) == ("own", "")
        result, item = whole(other, address, vantages=["parent", "child", "lan0"])
        assert (item["status"], item["conflict"], result["duplicate_macs"]) == ("own", "", [])
