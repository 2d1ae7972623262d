# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dhcp_check against real DHCP servers: it sees what they offer, and takes no lease."""

from __future__ import annotations

import ipaddress
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit import dhcp as dhcp_servers

HOST, SERVER = "192.168.100.11", "192.168.100.1"
RANGE = "192.168.100.192/28"
POOL = ("192.168.100.100", "192.168.100.200")
INTEGRATION = Path(__file__).resolve().parents[1]
COLLECTIONS = INTEGRATION.parents[1] / "collections"
RUN_MODULE = INTEGRATION / "run_module.py"


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=[f"{HOST}/24"])


@pytest.fixture
def router(segment):
    return segment.host("router", addresses=[f"{SERVER}/24"])


def dnsmasq(router, folder, pool=POOL):
    return dhcp_servers.dnsmasq(router, folder, f"--dhcp-range={pool[0]},{pool[1]},1h")


def kea(router, folder, pool=POOL):
    options = {"routers": SERVER, "domain-name-servers": "192.168.100.53"}
    return dhcp_servers.kea(router, folder, "192.168.100.0/24", f"{pool[0]} - {pool[1]}", options)


def isc(router, folder, pool=POOL):
    text = f"subnet 192.168.100.0 netmask 255.255.255.0 {{ range {pool[0]} {pool[1]}; ping-check false; }}"
    return dhcp_servers.isc(router, folder, text)


SERVERS = [dnsmasq, kea, isc]

#: Magic cookie and message type of a discovery, as hex.
DISCOVER = "63825363350101"


def run(host, *addresses, parent="eth0", check=False, wait=1, probe=None, **options):
    """The module's result; waits less than by default, as no server here pings before it offers."""
    probes = [{"parent": parent, "addresses": list(addresses), **(probe or {})}]
    result = host.module("dhcp_check", {"probes": probes, "attempts": 1, "wait": wait, **options}, check=check)
    assert result.get("changed", False) is False
    return result


def check(host, *addresses, **options):
    """The result of a check that must succeed."""
    result = run(host, *addresses, **options)
    assert not result.get("failed"), result["msg"]
    return result


def kinds(result):
    return [finding["kind"] for finding in result["findings"]]


def within(subnet, addresses):
    """The addresses, each of which must lie in the subnet."""
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network(subnet) for address in addresses)
    return set(addresses)


def links(host):
    return [(link["ifname"], link["address"], link["flags"], link["promiscuity"]) for link in host.json("link", "show")]


@pytest.mark.parametrize("vantage", ["child", "parent"])
@pytest.mark.parametrize("serve", SERVERS)
def test_an_overlap_is_seen_and_nothing_is_leased(host, router, tmp_path, serve, vantage):
    server = serve(router, tmp_path)
    before = links(host)
    result = check(host, RANGE, "192.168.100.150", "192.168.100.3", vantage=vantage)
    assert kinds(result) == ["overlap", "overlap"]
    overlaps = {finding["declared"]: finding["addresses"] for finding in result["findings"]}
    assert list(overlaps) == [RANGE, "192.168.100.150"]
    assert overlaps["192.168.100.150"] == ["192.168.100.150"]
    # a request for an address outside of the pool gets an offer of any other, so by chance one in the range
    assert "192.168.100.192" in within(RANGE, overlaps[RANGE])
    (found,) = result["servers"]
    assert (found["server"], found["macs"], found["relays"]) == (SERVER, [router.mac()], [])
    assert found["subnets"] == ["192.168.100.0/24"]
    assert found["lease_seconds"] == {dnsmasq: 3600, kea: 7200, isc: 43200}[serve]
    asked = {item["asked_for"]: item["offered"] for item in result["discoveries"]}
    assert asked["192.168.100.192"] == ["192.168.100.192"]
    # outside of the pool: the server offers something else
    assert all(offered and offered != [address] for address, offered in asked.items() if address in (
        "192.168.100.207", "192.168.100.3"))  # fmt: skip
    assert (found["leases"], server.leases) == (0, [])
    assert links(host) == before


@pytest.mark.parametrize("serve", SERVERS)
def test_ranges_beside_the_pool_pass_and_repeating_takes_no_lease(host, router, tmp_path, serve):
    server = serve(router, tmp_path)
    results = [check(host, "192.168.100.208/28", "192.168.100.3", check=number == 1) for number in range(2)]
    assert [kinds(result) for result in results] == [[], []]
    offered = [[item["offered"] for item in result["discoveries"]] for result in results]
    if serve is not kea:
        # the same temporary clients get the same offers again; Kea forgets an offer and continues through its pool
        assert offered[0] == offered[1]
    assert server.leases == []


@pytest.mark.parametrize("pool", [("192.168.100.194", "192.168.100.205"), ("192.168.100.207", "192.168.100.220")])
def test_a_pool_inside_the_range_or_over_its_last_address(host, router, tmp_path, pool):
    dnsmasq(router, tmp_path, pool)
    assert kinds(check(host, RANGE)) == ["overlap"]


def test_a_server_that_pings_each_address_before_it_offers_it(host, router, tmp_path):
    """dnsmasq with its defaults: three seconds, one address after the other."""
    dhcp_servers.dnsmasq(router, tmp_path, f"--dhcp-range={POOL[0]},{POOL[1]},1h", ping=True)
    result = check(host, "192.168.100.150", wait=4)
    assert kinds(result) == ["overlap"]
    assert all(len(item["offered"]) == 1 for item in result["discoveries"])


def test_lease_file_reading_notices_a_real_lease(host, router, tmp_path):
    """The proof that nothing is leased is valid: a client that does take a lease shows."""
    for serve in SERVERS:
        folder = tmp_path / serve.__name__
        folder.mkdir()
        server = serve(router, folder)
        (address,) = take(host)
        assert server.leases == [address], serve
        server.process.kill()
        server.process.wait()


def take(host):
    """Take a lease, like a client."""
    done = host.run(sys.executable, "-c", CLIENT, str(COLLECTIONS))
    return [json.loads(done.stdout)]


CLIENT = """
import ipaddress, json, socket, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import datagram, message as m
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.packet_socket import packet_socket
sock = packet_socket("eth0", datagram.program())
sock.settimeout(2)
mac = sock.getsockname()[4].hex(":")
def ask(body, kind):
    for dummy in range(5):  # RFC 2131, 4.1: the client sends again what is not answered
        sock.send(datagram.build(datagram.from_client(mac, m.build(body))))
        try:
            while True:
                heard = datagram.parse(sock.recv(4096))
                found = m.parse(heard.payload) if heard else None
                if found and found.kind == kind:
                    return found
        except TimeoutError:
            pass
    raise SystemExit(f"no answer of kind {kind}")
offer = ask(m.discover(7, mac, b"\\0taker", b"test"), m.OFFER)
options = {m.MESSAGE_TYPE: bytes((m.REQUEST,)), m.CLIENT_ID: b"\\0taker", m.REQUESTED_ADDRESS: offer.yiaddr.packed,
           m.SERVER_ID: offer.server_id.packed}
print(json.dumps(str(ask(m.DhcpMessage(1, 7, mac, options, broadcast=True), m.ACK).yiaddr)))
"""


def test_what_others_lease_is_heard_without_asking(host, router, segment, tmp_path):
    dnsmasq(router, tmp_path)
    other = segment.host("h2")
    probes = [{"parent": "eth0", "addresses": ["192.168.100.0/24"], "subnets": ["192.168.100.0/24"]}]
    arguments = {"probes": probes, "samples": 0, "listen_seconds": 4}
    listening = host.start(sys.executable, str(RUN_MODULE), "dhcp_check", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    listening.stdin.write(json.dumps(arguments))
    listening.stdin.close()
    taken = [take(other)]
    while listening.poll() is None:
        taken.append(take(other))
    result = json.loads(listening.stdout.read())
    assert result["discoveries"] == []
    assert kinds(result) == ["overlap"]
    assert {item["kind"] for item in result["addresses"]} == {"offer", "request", "lease"}
    assert {item["address"] for item in result["addresses"]} == {address for (address,) in taken}
    assert {item["client_mac"] for item in result["addresses"]} == {other.mac()}


def test_two_servers_one_of_them_foreign(host, router, segment, tmp_path):
    dnsmasq(router, tmp_path)
    rogue = segment.host("rogue", addresses=["10.9.9.1/24"])
    folder = tmp_path / "rogue"
    folder.mkdir()
    dhcp_servers.dnsmasq(rogue, folder, "--dhcp-range=10.9.9.20,10.9.9.30,1h")
    result = check(host, RANGE, probe={"servers": [SERVER]})
    assert sorted(kinds(result)) == ["foreign_subnet", "overlap", "several_servers", "unexpected_server"]
    found = {server["server"]: server for server in result["servers"]}
    assert {name: server["expected"] for name, server in found.items()} == {SERVER: True, "10.9.9.1": False}
    assert found["10.9.9.1"]["macs"] == [rogue.mac()]
    assert {item["in_subnet"] for item in result["addresses"] if item["server"] == "10.9.9.1"} == {False}
    failed = run(host, RANGE, fail_on=["foreign_subnet"])
    assert failed["failed"]
    assert "10.9.9.1" in failed["msg"]
    assert failed["servers"]


def test_a_server_behind_a_relay(host, segment, tmp_path):
    """The server is on a link of its own behind the relay."""
    relay = segment.host("relay", addresses=["192.168.100.254/24"])
    far = segment.host("far")
    relay.ip("link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", far.netns)
    relay.ip("address", "add", "10.1.0.254/24", "dev", "wire")
    relay.ip("link", "set", "wire", "up")
    far.ip("link", "delete", "eth0")
    far.ip("link", "set", "wire", "name", "eth0")
    far.ip("address", "add", "10.1.0.1/24", "dev", "eth0")
    far.ip("link", "set", "eth0", "up")
    far.ip("route", "add", "192.168.100.0/24", "via", "10.1.0.254")
    relay.sysctl("net/ipv4/ip_forward", 1)
    server = dhcp_servers.dnsmasq(far, tmp_path, "--dhcp-range=192.168.100.100,192.168.100.200,255.255.255.0,1h")
    dhcp_servers.relay(relay, "192.168.100.254", "10.1.0.1")
    result = check(host, RANGE)
    (found,) = result["servers"]
    assert (found["relays"], found["macs"]) == (["192.168.100.254"], [relay.mac()])
    assert kinds(result) == ["overlap"]
    assert server.leases == []


def dnsmasq6(router, folder):
    return dhcp_servers.dnsmasq(router, folder, "--dhcp-range=fd00:100::100,fd00:100::1ff,64,1h")


def kea6(router, folder):
    return dhcp_servers.kea(router, folder, "fd00:100::/64", "fd00:100::100 - fd00:100::1ff")


@pytest.mark.parametrize("serve", [dnsmasq6, kea6])
def test_ipv6(host, router, tmp_path, serve):
    router.ip("address", "add", "fd00:100::1/64", "dev", "eth0", "nodad")
    # the server sends from its link-local address, which duplicate address detection delays at first
    while "tentative" in router.ip("-6", "address", "show", "dev", "eth0").stdout:
        time.sleep(0.05)
    server = serve(router, tmp_path)
    result = check(host, "fd00:100::1f0/124", "fd00:100::3", probe={"subnets": ["fd00:100::/64"]})
    assert kinds(result) == ["overlap", "no_server"]
    overlap = result["findings"][0]
    assert overlap["declared"] == "fd00:100::1f0/124"
    assert {"fd00:100::1f0", "fd00:100::1ff"} <= within(overlap["declared"], overlap["addresses"])
    (found,) = result["servers"]
    assert (found["version"], found["macs"], found["leases"]) == (6, [router.mac()], 0)
    assert found["sources"][0].startswith("fe80:")
    asked = {item["asked_for"]: item["offered"] for item in result["discoveries"] if item["version"] == 6}
    assert asked["fd00:100::1ff"] == ["fd00:100::1ff"]
    assert len(asked["fd00:100::3"]) == len(asked[None]) == 1
    assert server.leases == []
    known = check(host, "fd00:100::3", probe={"servers": [found["server"].upper()]}, wait=0.5)
    assert [item["expected"] for item in known["servers"]] == [True]
    # the answer could not reach the host itself
    parent = check(host, "fd00:100::3", vantage="parent", wait=0.1)
    assert {item["version"] for item in parent["discoveries"]} == {4}


def test_several_samples_are_several_clients(host, router, tmp_path):
    # The clients' MACs derive from the parent's, and dnsmasq's offers from theirs: others may get the same offer.
    host.ip("link", "set", "eth0", "address", "02:00:00:00:00:11")
    dnsmasq(router, tmp_path)
    result = check(host, "192.168.100.3", samples=3)
    free = [item for item in result["discoveries"] if item["asked_for"] is None]
    assert len({item["client_mac"] for item in free}) == 3
    assert len({address for item in free for address in item["offered"]}) == 3
    children = [item for item in result["vantages"] if item["vantage"] == "child"]
    assert sorted(item["packets"] for item in children) == [1, 1, 2]
    assert {item["mac"] for item in children} == {item["client_mac"] for item in free}


def test_hints_are_limited_and_omissions_are_reported(host, router, tmp_path):
    dnsmasq(router, tmp_path)
    result = check(host, RANGE, "192.168.100.3", hints=1)
    assert [item["asked_for"] for item in result["discoveries"]] == [None, "192.168.100.192"]
    left = [{"parent": "eth0", "address": address} for address in ("192.168.100.207", "192.168.100.3")]
    assert result["not_asked_for"] == left


def test_a_discovery_that_is_lost_is_sent_again(host, router, tmp_path):
    """The server listens only after the first request."""
    router.ip("link", "set", "eth0", "down")
    probes = [{"parent": "eth0"}]
    checking = host.start(sys.executable, str(RUN_MODULE), "dhcp_check", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    hearing = host.start(sys.executable, str(INTEGRATION / "frames.py"), "hear", "eth0",
                         stdout=subprocess.PIPE)  # fmt: skip
    hearing.stdout.readline()
    checking.stdin.write(json.dumps({"probes": probes, "attempts": 2}))
    checking.stdin.close()
    while DISCOVER not in hearing.stdout.readline():
        pass
    router.ip("link", "set", "eth0", "up")
    dnsmasq(router, tmp_path)
    result = json.loads(checking.stdout.read())
    assert kinds(result) == []
    (child,) = [item for item in result["vantages"] if item["vantage"] == "child"]
    assert child["packets"] == 2


def test_silence_and_its_reasons(host):
    assert kinds(check(host, wait=0.1)) == ["no_server"]
    failed = run(host, wait=0.1, fail_on=["no_server"])
    assert failed["failed"]
    host.ip("link", "set", "eth0", "down")
    (finding,) = check(host, wait=0.1)["findings"]
    assert (finding["kind"], finding["message"]) == ("not_asked", "eth0 is down")


def test_a_parent_that_takes_no_child_is_reported_and_listened_on(host, segment):
    host.container("c1", mode="passthru")
    result = check(host, wait=0.1)
    assert kinds(result) == ["not_asked"]
    assert [(item["vantage"], bool(item["reason"])) for item in result["vantages"]] == [
        ("parent", False), ("child", True),
    ]  # fmt: skip
    assert kinds(check(host, vantage="parent", wait=0.1)) == ["no_server"]


def test_all_bad_input_is_reported_at_once(host):
    probes = [
        {"parent": "eth9", "addresses": ["192.168.100.300", "192.168.100.0/24"], "subnets": ["192.168.100.1/24"]},
        {"parent": {"mac": "x"}, "servers": ["here", "fe80::1", "192.168.100.1"]},
    ]
    bad = {"samples": 17, "hints": -1, "attempts": 0, "wait": 0, "listen_seconds": 4000}
    result = host.module("dhcp_check", {"probes": probes, **bad, "host_id": "web1"})
    assert result["failed"]
    assert {problem["host"] for problem in result["problems"]} == {"web1"}
    assert [problem["key"] for problem in result["problems"]] == [
        *bad, "probes[0].addresses[0]", "probes[0].subnets[0]", "probes[1].parent.mac", "probes[1].servers[0]",
        "probes[1].servers[1]",
    ]  # fmt: skip
    result = host.module("dhcp_check", {"probes": [{"parent": "eth9"}, {"parent": "lo"}]})
    assert [problem["key"] for problem in result["problems"]] == ["probes[0].parent", "probes[1].parent"]
    overlapping = {"parent": "eth0", "addresses": ["192.168.100.0/24", "192.168.100.7"]}
    result = host.module("dhcp_check", {"probes": [overlapping]})
    assert [problem["key"] for problem in result["problems"]] == ["probes[0].addresses[1]"]
    result = host.module("dhcp_check", {"probes": [], "samples": 0})
    assert {problem["host"] for problem in result["problems"]} == {platform.node()}
    assert [problem["key"] for problem in result["problems"]] == ["samples", "probes"]
