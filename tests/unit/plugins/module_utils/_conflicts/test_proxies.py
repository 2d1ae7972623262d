# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.proxies import Proxies
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import AddressSighting

ADDRESS, NEAR, ROUTER, OWN, NETWORK, NOBODYS = map(
    ipaddress.ip_address,
    ("192.168.100.52", "192.168.100.53", "192.168.100.1", "192.168.100.11", "192.168.100.0", "192.0.2.8"),
)
SIX, NOBODYS6 = ipaddress.ip_address("fd00::52"), ipaddress.ip_address("fd00::7")
MAC, OTHER = "52:54:00:00:00:0a", "52:54:00:00:00:0b"


@pytest.fixture
def proxies():
    return Proxies([ipaddress.ip_interface(f"{OWN}/24")], [ROUTER], choose=lambda limit: 7)


def seen(mac=MAC, kind="reply", probe=True, address=ADDRESS):
    return AddressSighting(address, mac, "parent", kind, 0.1, answered_probe=probe)


def test_who_answers_a_probe_is_asked_once_for_an_unused_address(proxies):
    assert proxies.suspect(ADDRESS, MAC, True) == [(NOBODYS, None), (NETWORK, None)]
    assert proxies.suspect(ADDRESS, OTHER, True) == []
    assert proxies.suspect(SIX, MAC, True) == [(NOBODYS6, None)]


def test_who_answers_others_is_asked_with_a_sender_and_without(proxies):
    near = [ipaddress.ip_address(f"192.168.100.{number}") for number in (53, 54, 55)]
    assert proxies.suspect(ADDRESS, MAC, False) == [
        (target, sender) for target in (NOBODYS, *near) for sender in (OWN, None)
    ]
    assert proxies.suspect(ADDRESS, MAC, False) == []


def test_without_an_address_of_ones_own_nobody_can_be_asked_with_one():
    assert Proxies().suspect(ADDRESS, MAC, False) == []
    assert Proxies([ipaddress.ip_interface("10.0.0.1/8")]).suspect(ADDRESS, MAC, False) == []


def test_a_router_that_answers_probes_for_everybody(proxies):
    proxies.suspect(ADDRESS, MAC, True)
    proxies.hear(NOBODYS, MAC, True)
    assert proxies.found() == {MAC: True}
    assert proxies.of(ADDRESS, [seen(), seen(kind="flip_flop"), seen(OTHER)]) == {MAC}


@pytest.mark.parametrize("kind", ["request", "announcement"])
def test_what_it_says_of_itself_is_its_own(proxies, kind):
    proxies.suspect(ADDRESS, MAC, True)
    proxies.hear(NOBODYS, MAC, True)
    assert proxies.of(ADDRESS, [seen(), seen(kind=kind)]) == frozenset()


def test_a_gateway_is_held_by_who_answers_for_it(proxies):
    proxies.suspect(ADDRESS, MAC, True)
    proxies.hear(NETWORK, MAC, True)
    assert proxies.of(ROUTER, [seen(address=ROUTER)]) == frozenset()


def test_a_linux_router_answers_those_with_an_address_alone(proxies):
    proxies.suspect(ADDRESS, MAC, False)
    proxies.hear(NEAR, MAC, False)
    assert proxies.found() == {MAC: False}
    assert proxies.of(ADDRESS, [seen(probe=False)]) == {MAC}
    # It answers every machine for its own address.
    assert proxies.of(ADDRESS, [seen(probe=True)]) == frozenset()


def test_a_host_with_several_addresses_is_no_proxy(proxies):
    proxies.suspect(ADDRESS, MAC, False)
    proxies.suspect(ADDRESS, MAC, True)
    proxies.hear(NEAR, MAC, False)
    proxies.hear(NEAR, MAC, True)
    assert proxies.found() == {}


def test_what_nobody_asked_for_is_no_control(proxies):
    proxies.hear(NOBODYS, MAC, True)
    assert proxies.found() == {}


def test_the_documentation_network_is_another_where_it_is_in_use():
    proxies = Proxies([ipaddress.ip_interface("192.0.2.1/24")], choose=lambda limit: 7)
    targets = [target for target, dummy in proxies.suspect(ipaddress.ip_address("192.0.2.9"), MAC, True)]
    assert targets == [ipaddress.ip_address("198.51.100.8"), ipaddress.ip_address("192.0.2.0")]
