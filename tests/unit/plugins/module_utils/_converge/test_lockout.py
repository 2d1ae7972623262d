# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which plans would cut the controller off."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.uplink import Uplink, ends
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import lockout
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, Route
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import (
    AddAddress,
    AddRoute,
    CreateLink,
    DeleteLink,
    RemoveAddress,
    RemoveRoute,
    SetLink,
)

network, address, interface = ipaddress.ip_network, ipaddress.ip_address, ipaddress.ip_interface

ETH0 = Link(2, "eth0", "veth", "02:00:00:00:00:11", 1500, up=True)
LAN0 = Link(3, "lan0", "macvlan", "02:00:00:00:00:10", 1500, up=True, parent=2, mode="bridge")
FACTS = Facts(
    links=(ETH0, LAN0),
    routes=(
        Route(network("0.0.0.0/0"), 2, address("192.168.100.1"), metric=100),
        Route(network("192.168.100.0/24"), 2),
        Route(network("192.168.100.128/28"), 3),
        Route(network("::/0"), 2, address("fe80::1"), metric=1024),
    ),
)
NEAR = Uplink(address("192.168.100.2"), address("192.168.100.11"), "eth0", carriers=frozenset({"eth0"}))
FAR = replace(NEAR, peer=address("10.1.2.3"), gateway=address("192.168.100.1"))
SIX = replace(FAR, peer=address("2001:db8::9"), local=address("2001:db8:1::11"), gateway=address("fe80::1"))
OVER_LINK = Uplink(
    address("192.168.100.130"), address("192.168.100.3"), "lan0", carriers=frozenset({"lan0", "eth0"})
)  # fmt: skip

REQUEST = Request("token", 30, allow_uplink_change=False)


def create(mode="bridge"):
    return CreateLink("mv0", ETH0, {"mode": mode})


def set_(link, **attributes):
    return SetLink(link, attributes)


def add(destination, gateway=None, link="mv0", metric=0, table=254):
    return AddRoute(link, DesiredRoute(network(destination), gateway and address(gateway), None, metric, table))


def remove(destination, gateway=None, link="lan0"):
    return RemoveRoute(link, add(destination, gateway).route)


def give(text, link="mv0"):
    return AddAddress(link, interface(text))


def take(text, link="lan0"):
    return RemoveAddress(link, interface(text))


def refused(uplink, *steps, released=(), request=REQUEST):
    problems = Problems("web1")
    lockout.check(uplink, FACTS, steps, released, [], request, problems)
    return [problem.problem for problem in problems.items]


@pytest.mark.parametrize(
    ("uplink", "step", "says"),
    [
        (OVER_LINK, DeleteLink("lan0"), "this removes lan0"),
        (OVER_LINK, set_("lan0", up=False), "this changes up of lan0"),
        (OVER_LINK, set_("lan0", mac="02:00:00:00:00:99", alias="x"), "this changes mac of lan0"),
        (OVER_LINK, set_("lan0", mode="private", mtu=1400), "this changes mode, mtu of lan0"),
        (OVER_LINK, take("192.168.100.3/32"), "this removes 192.168.100.3/32 from lan0"),
        (OVER_LINK, take("192.168.100.4/24"), "this removes 192.168.100.4/24 from lan0"),
        (OVER_LINK, remove("192.168.100.128/28"), "this removes the route 192.168.100.128/28 over lan0"),
        (OVER_LINK, create("passthru"), "a passthru link takes over the frames of its parent eth0"),
        (NEAR, create("passthru"), "a passthru link takes over the frames of its parent eth0"),
        (NEAR, add("192.168.100.0/25"), "the route 192.168.100.0/25 over mv0 diverts the return path from eth0"),
        (NEAR, add("192.168.100.2/32", "192.168.100.9"), "diverts the return path from eth0"),
        (NEAR, give("192.168.100.5/25"), "the subnet 192.168.100.0/25 on mv0 diverts the return path from eth0"),
        (NEAR, give("192.168.100.2/32"), "192.168.100.2 is the peer that is reached over eth0"),
        (FAR, give("192.168.100.1/32"), "192.168.100.1 is the gateway that is reached over eth0"),
        (
            FAR,
            add("0.0.0.0/0", "192.168.100.1"),
            "the route 0.0.0.0/0 via 192.168.100.1 over mv0 diverts the return path",
        ),
        (FAR, add("10.0.0.0/8", "192.168.100.1"), "diverts the return path from eth0"),
        (FAR, give("10.1.2.200/24"), "the subnet 10.1.2.0/24 on mv0 diverts the return path from eth0"),
        (SIX, add("::/0", "fe80::2"), "diverts the return path from eth0"),
    ],
)
def test_what_carries_the_connection_is_not_touched(uplink, step, says):
    (problem,) = refused(uplink, step)
    assert says in problem
    assert f"which carries Ansible's own connection from {uplink.peer} to {uplink.local}" in problem
    assert refused(None, step) == [], "without a connection that is known nothing is refused"
    allowed = replace(REQUEST, allow_uplink_change=True)
    assert refused(uplink, step, request=allowed) == []
    for unguarded in (replace(allowed, timeout=0), replace(allowed, token="")):
        (problem,) = refused(uplink, step, request=unguarded)
        assert "nothing would undo it" in problem


@pytest.mark.parametrize(
    ("uplink", "step"),
    [
        (NEAR, create()),
        (NEAR, DeleteLink("lan0")),
        (NEAR, set_("lan0", up=False)),
        (OVER_LINK, set_("lan0", up=True, bcqueuelen=2000, alias="x")),
        (OVER_LINK, take("10.0.0.3/32")),
        (OVER_LINK, take("192.168.100.3/32", link="mv0")),
        (OVER_LINK, give("192.168.100.5/32", link="lan0")),
        (OVER_LINK, remove("10.0.0.0/8")),
        (OVER_LINK, remove("192.168.0.0/16")),
        (OVER_LINK, add("192.168.100.130/32", link="lan0")),
        (NEAR, add("192.168.100.128/28")),
        (NEAR, add("192.168.100.0/24")),
        (NEAR, add("0.0.0.0/0", "192.168.100.9")),
        (NEAR, add("192.168.100.2/32", table=100)),
        (NEAR, give("192.168.100.3/32")),
        (NEAR, give("192.168.100.3/24")),
        (FAR, add("0.0.0.0/0", "192.168.100.9", metric=100)),
        (FAR, add("0.0.0.0/0", "192.168.100.9", metric=200)),
        (FAR, add("::/0", "fe80::2")),
        (SIX, add("::/0", "fe80::2", metric=2000)),
        (SIX, add("0.0.0.0/0", "192.168.100.9")),
    ],
)
def test_what_leaves_the_connection_alone_is_not_refused(uplink, step):
    assert refused(uplink, step) == []


def test_a_link_that_a_daemon_takes_down_is_refused():
    (problem,) = refused(OVER_LINK, released=["lan0"])
    assert "a daemon takes lan0 down first, which carries Ansible's own connection" in problem
    assert refused(NEAR, released=["lan0"]) == []


def test_policy_routing_counts_where_it_decides():
    uplink = replace(NEAR, table=100)
    assert refused(uplink, add("192.168.100.2/32")) == []
    assert refused(uplink, add("192.168.100.2/32", table=100)) != []
    assert refused(uplink, give("192.168.100.5/25")) == [], "connected routes are in the main table"


def test_the_problem_is_reported_where_the_link_is_declared_and_once():
    problems = Problems("web1")
    link = DesiredLink("lan0", "eth0", key="links[4]").on(ETH0)
    steps = [DeleteLink("lan0"), DeleteLink("lan0")]
    lockout.check(OVER_LINK, FACTS, steps, [], [link], REQUEST, problems)
    (problem,) = problems.items
    assert (problem.host, problem.key, problem.value) == ("web1", "links[4]", "lan0")
    assert "allow_uplink_change: true" in problem.remedy


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.168.100.2 50022 192.168.100.11 22", ("192.168.100.2", "192.168.100.11")),
        ("2001:db8::2 50022 2001:db8::11 22", ("2001:db8::2", "2001:db8::11")),
        ("fe80::2%eth0 50022 fe80::11%eth0 22", ("fe80::2", "fe80::11")),
        ("UNKNOWN 65535 UNKNOWN 65535", None),
        ("", None),
    ],
)
def test_both_ends_of_an_ssh_connection(text, found):
    assert ends(text) == (found and tuple(map(address, found)))
