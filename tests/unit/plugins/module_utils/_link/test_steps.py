# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each write: its words, what the kernel gets, and the answers of the kernel that are none of its faults."""

from __future__ import annotations

import errno
import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import (
    AddAddress,
    AddRoute,
    CreateLink,
    DeleteLink,
    RemoveAddress,
    RemoveRoute,
    SetLink,
    WriteSetting,
)

from .fake_kernel import FakeKernel

ETH0 = Link(2, "eth0", "veth", "02:00:00:00:00:11", 1500, up=True)
LAN0 = Link(3, "lan0", "macvlan", "02:00:00:00:00:10", 1500, up=True, parent=2, mode="bridge", bcqueuelen=1000)
OWN = ipaddress.ip_interface("192.0.2.3/32")
ROUTE = DesiredRoute(ipaddress.ip_network("198.51.100.0/24"), ipaddress.ip_address("192.0.2.1"), metric=50)
SIX = DesiredRoute(ipaddress.ip_network("2001:db8:1::/64"), source=ipaddress.ip_address("2001:db8::3"))


def kernel(*addresses):
    return FakeKernel(Facts((ETH0, LAN0), tuple(LinkAddress(3, address) for address in addresses)))


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (CreateLink("lan1", ETH0, {"mode": "bridge", "mtu": 1500}), "create lan1 on eth0"),
        (DeleteLink("lan0"), "delete lan0"),
        (SetLink("lan0", {"mtu": 1400, "up": True}), "set lan0 mtu 1400, up True"),
        (AddAddress("lan0", OWN), "add address 192.0.2.3/32 to lan0"),
        (RemoveAddress("lan0", OWN), "remove address 192.0.2.3/32 from lan0"),
        (AddRoute("lan0", ROUTE), "add route 198.51.100.0/24 via 192.0.2.1 metric 50 over lan0"),
        (RemoveRoute("lan0", ROUTE), "remove route 198.51.100.0/24 via 192.0.2.1 metric 50 over lan0"),
        (WriteSetting("eth0", "arp_filter", 1), "set arp_filter of eth0 to 1"),
    ],
)
def test_a_step_says_what_it_does(step, says):
    assert str(step) == says


def test_a_link_is_made_with_all_its_attributes_and_our_mark():
    attributes = {"mode": "private", "mac": "02:00:00:00:00:99", "mtu": 1400, "bcqueuelen": 7, "nopromisc": True}
    made = kernel().make([CreateLink("lan1", ETH0, attributes)]).link("lan1")
    assert made == Link(
        4, "lan1", "macvlan", "02:00:00:00:00:99", 1400, parent=2, alias="linuxnet.macvlan", mode="private",
        nopromisc=True, bcqueuelen=7,
    )  # fmt: skip


def test_attributes_are_changed_in_place():
    steps = [
        SetLink("lan0", {"mode": "vepa", "nopromisc": False, "mac": "02:00:00:00:00:12", "alias": "x", "up": False})
    ]
    changed = kernel().make(steps).link("lan0")
    assert (changed.index, changed.mode, changed.mac, changed.alias) == (3, "vepa", "02:00:00:00:00:12", "x")
    assert (changed.nopromisc, changed.up) == (False, False)


def test_a_route_with_an_ipv6_source_waits_for_a_usable_address():
    made = kernel(ipaddress.ip_interface("2001:db8::3/128")).make([AddRoute("lan0", SIX)])
    assert [(route.destination, route.prefsrc) for route in made.routes] == [(SIX.destination, SIX.source)]


@pytest.mark.parametrize(
    "step",
    [AddAddress("lan0", OWN), RemoveAddress("lan0", OWN), AddRoute("lan0", ROUTE), RemoveRoute("lan0", ROUTE)],
    ids=lambda step: type(step).__name__,
)
def test_what_a_daemon_did_a_moment_before_is_no_error(step):
    before = kernel()
    once = before.make([step]) if "Add" in type(step).__name__ else kernel().make([])
    assert before.make([step]) == once


def test_a_link_that_is_gone_already_is_deleted_without_an_error():
    assert kernel().make([DeleteLink("lan0"), DeleteLink("lan0")]).links == (ETH0,)


def test_a_recreated_link_is_found_under_its_new_index():
    steps = [SetLink("lan0", {"up": False}), DeleteLink("lan0"), CreateLink("lan0", ETH0, {"mode": "bridge"})]
    made = kernel(OWN).make([*steps, SetLink("lan0", {"up": True}), AddAddress("lan0", OWN)])
    assert made.link("lan0").up
    assert [address.index for address in made.addresses] == [made.link("lan0").index] == [4]


def test_a_setting_of_ipv6_is_left_out_where_the_kernel_has_none():
    def missing(path, _text):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)

    class Writer:
        write_setting = staticmethod(missing)

    WriteSetting("lan0", "accept_ra", 0).write(Writer())
    with pytest.raises(FileNotFoundError):
        WriteSetting("lan0", "arp_filter", 0).write(Writer())
