# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own address is leased from a real DHCP server, by the manager of the parent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import Intent, expand
from labkit import dhcp

from .persistent import HostOfLab
from .station import Station

OUTCOME = "/run/linuxnet-macvlan/confirm/outcome.json"
POOL = "192.168.100.200,192.168.100.220"
#: A client renews its lease after 4 s.
OFTEN = ("--dhcp-option-force=58,4", "--dhcp-option-force=59,60")
SETTINGS = "net.ipv4.conf.lan0.arp_ignore net.ipv4.conf.lan0.rp_filter net.ipv4.conf.eth0.arp_ignore"


def difference(after: str, before: str) -> list[str]:
    """The lines of snapshots that one of them has alone."""
    return sorted({*after.splitlines()} ^ {*before.splitlines()})


@contextmanager
def server(host: HostOfLab, folder: Path, lifetime: str = "2m", *more: str) -> Iterator[dhcp.Server]:
    """A DHCP server at the gateway, which offers itself as router and name server, and an MTU, too."""
    station = Station(host.lab, "gateway")
    offers = ("--dhcp-option=3,192.168.100.1", "--dhcp-option=6,192.168.100.1", "--dhcp-option=26,1400")
    made = dhcp.dnsmasq(station, folder, f"--dhcp-range={POOL},{lifetime}", *offers, *OFTEN, *more)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def declared(host: HostOfLab, address: str = "dhcp") -> Intent:
    network = {
        "name": "lan0",
        "parent": "eth0",
        "subnet": "192.168.100.0/24",
        "gateway": "192.168.100.1",
        "container_range": "192.168.100.128/28",
        "host_address": address,
        "mac": f"02:00:5e:00:01:{host.number}",
    }
    problems = Problems()
    intent = expand([network], [], problems)
    assert not problems, problems.report()
    return intent


def links(host: HostOfLab, address: str = "dhcp") -> list[dict]:
    return list(declared(host, address).links)


def ipv4(host: HostOfLab) -> list[dict]:
    shown = json.loads(host.run("ip", "-json", "-4", "address", "show", "dev", "lan0"))
    return [item for link in shown for item in link.get("addr_info", ())]


def routes(host: HostOfLab, name: str) -> set[tuple[str, int]]:
    shown = json.loads(host.run("ip", "-json", "-4", "route", "show", "dev", name))
    return {(item["dst"], item.get("metric", 0)) for item in shown}


def leases(host: HostOfLab, running: dhcp.Server, form: str) -> str:
    """The address that the link has got now, and which a form keeps."""
    done = host.link(links=links(host))
    assert (done["changed"], done["links"][0]["persistence"]) == (True, form)
    assert "warnings" not in done
    (leased,) = ipv4(host)
    assert leased["local"] in running.leases
    assert leased["dynamic"]
    assert leased["valid_life_time"] <= 120
    assert routes(host, "lan0") == {("192.168.100.0/24", 32768), ("192.168.100.128/28", 0)}
    assert host.run("cat", "/sys/class/net/lan0/mtu") == "1500\n"
    assert host.link(links=links(host))["changed"] is False
    return leased["local"]


def test_a_lease_comes_goes_and_comes_back(on, tmp_path: Path) -> None:
    host = on("nm")
    before = host.snapshot()
    resolver = host.run("cat", "/etc/resolv.conf")
    with server(host, tmp_path) as running:
        predicted = host.link(check=True, links=links(host))
        assert (predicted["changed"], host.snapshot()) == (True, before), "check mode changes nothing"
        leased = leases(host, running, "networkmanager")
        # by the MAC address alone, which a reservation at the server can name
        assert running.path.read_text().split()[4].endswith(f"02:00:5e:00:01:{host.number}")
        assert host.run("cat", "/etc/resolv.conf") == resolver

        fixed = f"192.168.100.{host.number}"
        host.link(links=links(host, fixed))
        assert [(item["local"], item["prefixlen"]) for item in ipv4(host)] == [(fixed, 32)]
        assert routes(host, "lan0") == {("192.168.100.128/28", 0)}
        assert host.run("sysctl", "-n", *SETTINGS.split()).split() == ["0", "0", "0"]
        assert host.link(links=links(host, fixed))["changed"] is False

        assert leases(host, running, "networkmanager") == leased
        host.link(links=[{"name": "lan0", "state": "absent"}])
    assert host.snapshot() == before


def test_netplan_keeps_a_lease(on, tmp_path: Path) -> None:
    host = on("np")
    before = host.snapshot()
    with server(host, tmp_path) as running:
        leases(host, running, "netplan")
        host.link(links=[{"name": "lan0", "state": "absent"}])
    assert host.snapshot() == before


def undone(host: HostOfLab, address: str) -> dict:
    """What is reported of a change to this address that nobody confirms."""
    token = secrets.token_hex(4)
    done = host.link(links=links(host, address), confirm_token=token, confirm_timeout=1)
    assert done["changed"]
    host.run("timeout", "60", "sh", "-c", f"until test -e {OUTCOME}; do sleep 0.1; done")
    return host.module("confirm_change", token=token)


def test_a_lease_that_nobody_confirms_comes_and_goes(on, tmp_path: Path) -> None:
    def unconfirmed(name: str) -> None:
        host = on(name)
        fixed = f"192.168.100.{host.number}"
        for now, then in ((fixed, "dhcp"), ("dhcp", fixed)):
            host.link(links=links(host, now))
            before, address = host.snapshot(), ipv4(host)[0]["local"]
            answer = undone(host, then)
            assert (name, answer["state"], answer["data"]["left"]) == (name, "undone", [])
            assert (name, now, difference(host.snapshot(), before)) == (name, now, [])
            assert (name, ipv4(host)[0]["local"]) == (name, address)
            again = host.link(links=links(host, now))
            assert (name, now, again["messages"]) == (name, now, [])

    with server(on("nd"), tmp_path), ThreadPoolExecutor() as pool:
        list(pool.map(unconfirmed, ("nd", "nm")))


def test_a_lease_whose_run_was_killed_is_repaired(on, tmp_path: Path) -> None:
    with server(on("nd"), tmp_path), ThreadPoolExecutor() as pool:
        ends = list(pool.map(lambda name: on(name).killed(12, addresses=["dhcp"], routes=[]), ("nd", "nm")))
    assert [end["wrong"] for end in ends] == [[], []]


@contextmanager
def leased_parent(host: HostOfLab) -> Iterator[None]:
    """The parent's address is leased too, by systemd-networkd and from the same server."""
    own = "/etc/systemd/network/10-eth0.network"
    before = host.run("cat", own)

    def configure(text: str, shown: str) -> None:
        host.run("tee", own, input=text)
        there = f"until ip -4 address show dev eth0 | grep -q {quote(shown)}; do sleep 0.1; done"
        host.shell(f"networkctl reload; timeout 30 sh -c {quote(there)}")

    configure("[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\n", "global dynamic")
    try:
        yield
    finally:
        configure(before, "global eth0")


def of_parent(host: HostOfLab) -> str:
    """Its address and routes."""
    return host.shell("ip -4 -brief address show dev eth0 | cut -d ' ' -f 2-; ip route show dev eth0")


def test_a_lease_is_renewed_after_a_reboot_while_others_talk_to_it(on, tmp_path: Path) -> None:
    """What the server sends has to reach the link: its neighbour table has the link's MAC address, not the parent's.

    The parent has a lease of its own, and keeps that and its routes.
    """
    host = on("nd")
    # The lab waits for the parent's address when the host boots.
    reserved = f"--dhcp-host={host.run('cat', '/sys/class/net/eth0/address').strip()},192.168.100.12"
    with server(host, tmp_path, "2m", reserved) as running, leased_parent(host):
        parent = of_parent(host)
        host.link(links=links(host))
        (leased,) = ipv4(host)
        assert (of_parent(host), leased["local"] in parent) == (parent, False)
        host.lab.reboot("nd")
        for name in ("lan0", "eth0"):
            there = f"until ip -4 address show dev {name} | grep -q dynamic; do sleep 0.1; done"
            host.run("timeout", "60", "sh", "-c", there)
        (item,) = ipv4(host)
        address = item["local"]
        assert (of_parent(host), address) == (parent, leased["local"])
        host.lab.exec("gateway", "ip", "neigh", "flush", "all")

        def ends() -> str:
            return next(line.split()[0] for line in running.path.read_text().splitlines() if f" {address} " in line)

        first = ends()
        # pings go on until the server has given the lease again, twice
        for _count in range(2):
            later = f"test \"$(grep ' {address} ' {running.path} | cut -d ' ' -f 1)\" -gt {first}"
            pings = f"until {later}; do ping -c 1 -W 1 {address}; sleep 0.2; done"
            host.lab.exec("gateway", "timeout", "30", "sh", "-c", pings)
            first = ends()
        (item,) = ipv4(host)
        assert item["valid_life_time"] > 110, "and the host has got it"
        assert f"02:00:5e:00:01:{host.number}" in host.lab.exec("gateway", "ip", "neigh", "show", address).stdout
        assert routes(host, "lan0") == {("192.168.100.0/24", 32768), ("192.168.100.128/28", 0)}
        assert host.link(links=links(host))["changed"] is False
        host.link(links=[{"name": "lan0", "state": "absent"}])
        assert of_parent(host) == parent


def test_a_lease_without_end_is_none_of_ours_to_remove(on, tmp_path: Path) -> None:
    host = on("nd")
    with server(host, tmp_path, "infinite"):
        assert host.link(links=links(host))["links"][0]["persistence"] == "networkd"
        assert "dynamic" not in ipv4(host)[0]
        again = host.link(links=links(host))
    assert (again["changed"], "warnings" in again) == (False, False)


def test_without_a_server_there_is_a_warning_and_verification_fails(on, tmp_path: Path) -> None:
    host = on("nd")
    done = host.link(links=links(host))
    assert "no DHCP server has leased an address for lan0 yet" in str(done["warnings"])
    assert host.link(links=links(host))["changed"] is False
    assert routes(host, "lan0") == {("192.168.100.128/28", 0)}
    networks = declared(host).as_data()["networks"]
    checks = host.module("macvlan_verify", networks=networks, soak_seconds=0, fail=False)["checks"]
    (failed,) = [check for check in checks if check["status"] == "FAIL"]
    assert (failed["kind"], failed["target"]) == ("container_to_host", "dhcp")
    assert "lan0 has no leased address" in str(failed["evidence"])

    # with its last address a link loses its routes, as when a lease ends
    host.shell("ip address add 192.168.100.199/32 dev lan0; ip address del 192.168.100.199/32 dev lan0")
    host.run("timeout", "20", "sh", "-c", "until ip route show dev lan0 | grep -q 128/28; do sleep 0.1; done")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ifup", "not ifupdown: a stanza of this form has no DHCP client"),
        ("bare", "not systemd: a unit with ip(8) has no DHCP client"),
    ],
)
def test_what_cannot_keep_a_lease_is_refused(on, name: str, reason: str) -> None:
    host = on(name)
    before = host.snapshot()
    refused = host.link(fails=True, links=links(host))
    assert reason in refused["msg"]
    assert "give lan0 a fixed address" in refused["msg"]
    assert host.snapshot() == before


def test_a_second_link_with_a_fixed_address_is_refused(on) -> None:
    host = on("nd")
    other = {"name": "lan1", "parent": "eth0", "addresses": ["192.168.100.99/32"]}
    refused = host.link(fails=True, links=[*links(host), other])
    assert "macvlan_networks[0].host_address = 'dhcp': lan1 has 192.168.100.99/32 on the same parent" in refused["msg"]
