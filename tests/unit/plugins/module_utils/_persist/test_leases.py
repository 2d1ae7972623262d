# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leased addresses: how managers are to get them, and which addresses are leased."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import leases

from .persistence_cases import BARE_HOST, NETWORKD_HOST, NM_HOST, link, made_of, planned, sections

NETWORK = "/etc/systemd/network/05-linuxnet-macvlan-lan0.network"
PROFILE = "/etc/NetworkManager/system-connections/linuxnet-macvlan-lan0.nmconnection"
SCRIPT = "/etc/linuxnet-macvlan/lan0.sh"

FIXED = link(addresses=["192.0.2.3/32"])


def leased(**more):
    return link(addresses=["dhcp"], routes=[{"destination": "192.0.2.128/28"}], **more)


def test_networkd_leases_an_address_and_nothing_else():
    files = made_of(leased(), NETWORKD_HOST)
    found = {name: dict(keys) for name, keys in sections(files[NETWORK])}
    assert found["Network"]["DHCP"] == "ipv4"
    keys = found["DHCPv4"]
    assert (keys.pop("ClientIdentifier"), keys.pop("RouteMetric")) == ("mac", "32768")
    assert set(keys.values()) == {"no"}
    assert {"UseRoutes", "UseGateway", "UseDNS", "SendHostname"} <= set(keys)
    # when a lease ends, the kernel removes the routes with the address
    assert "exec ip -o monitor link address" in files[SCRIPT]
    assert "ip -4 route append 192.0.2.128/28 dev lan0" in files[SCRIPT]
    assert "DHCPv4" not in made_of(FIXED, NETWORKD_HOST)[NETWORK]
    assert "monitor link address" not in made_of(FIXED, NETWORKD_HOST)[SCRIPT]


def test_networkmanager_leases_an_address_and_nothing_else():
    keys = dict(dict(sections(made_of(leased(), NM_HOST)[PROFILE]))["ipv4"])
    assert keys == {
        "method": "auto",
        "dhcp-client-id": "mac",
        "dhcp-send-hostname": "false",
        "dhcp-timeout": "2147483647",
        "ignore-auto-dns": "true",
        "ignore-auto-routes": "true",
        "never-default": "true",
        "route-metric": "32768",
        "route1": "192.0.2.128/28,0.0.0.0,0",
        "dad-timeout": "0",
    }


@pytest.mark.parametrize("persistence", ["auto", "none"])
def test_where_nobody_could_keep_it_the_plan_says_so(persistence):
    steps, difference, problems = planned([leased()], host=BARE_HOST, persistence=persistence)
    (problem,) = problems.items
    assert (problem.key, problem.value) == ("links[0].addresses", "dhcp")
    assert problem.problem.startswith("nobody would keep the lease of lan0: ")
    assert problem.remedy.startswith("give lan0 a fixed address")
    assert not steps
    assert not difference


def facts(*texts: str, permanent: bool) -> Facts:
    addresses = (LinkAddress(3, ipaddress.ip_interface(text), permanent=permanent) for text in texts)
    return Facts((Link(2, "eth0"), Link(3, "lan0", "macvlan", parent=2)), tuple(addresses))


def permanent(found: Facts) -> dict[str, bool]:
    return {str(item.interface.ip): item.permanent for item in found.addresses}


def test_the_manager_tells_an_endless_lease_from_a_fixed_address(monkeypatch):
    texts = {"/run/systemd/netif/leases/3": "# private\nADDRESS=192.0.2.57\nNETMASK=255.255.255.0\n"}
    monkeypatch.setattr(leases._files, "read", texts.get)
    found = leases.marked(facts("192.0.2.3/32", "192.0.2.57/24", permanent=True), [leased()], {})
    assert permanent(found) == {"192.0.2.3": True, "192.0.2.57": False}
    assert leases.without(found, [leased()]) == []


def test_what_is_not_to_be_leased_any_more_is_removed():
    have = facts("192.0.2.57/24", "2001:db8::5/64", permanent=False)
    for files, gone in ((made_of(leased(), NM_HOST), True), (made_of(leased(), NETWORKD_HOST), True), ({}, False)):
        found = leases.marked(have, [FIXED], files)
        assert permanent(found) == {"192.0.2.57": gone, "2001:db8::5": False}


def test_a_link_without_its_lease_is_known():
    assert leases.without(facts(permanent=False), [leased(), FIXED]) == [leased()]
    assert leases.without(facts("192.0.2.57/24", permanent=False), [leased()]) == []
    assert leases.without(Facts(), [leased()]) == []
