# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames that come in show that another machine has a MAC address of this host."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.twins import OTHER, REFLECTED, TWIN, Twins
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import LinkPlace, OwnAddresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp, Frame

HELD, WANTED, ELSE, ZERO = map(ipaddress.ip_address, ("192.168.100.50", "192.168.100.60", "192.168.100.70", "0.0.0.0"))
PARENT_MAC, CHILD_MAC, PROBE_MAC, STRANGER, VRRP = (
    "52:54:00:00:00:01", "52:54:00:00:00:02", "02:6c:6e:00:00:01", "52:54:00:00:00:0a", "00:00:5e:00:01:33",
)  # fmt: skip
CONTAINER = LinkPlace("c1", "eth0")
KNOWN = OwnAddresses(
    {PARENT_MAC: LinkPlace("", "eth0"), CHILD_MAC: CONTAINER, VRRP: LinkPlace("", "vrrp")},
    {HELD: ((CHILD_MAC, CONTAINER),)},
    attached_macs=frozenset({PARENT_MAC, CHILD_MAC, VRRP}),
)
PARENT = Link(2, "eth0", mac=PARENT_MAC)
VANTAGES = [Vantage("parent", "eth0", PARENT_MAC, None), Vantage("child", "lnprobe1", PROBE_MAC, None)]


def arp(source, spa, tpa=ELSE, destination=packets.BROADCAST, operation=packets.ARP_REQUEST, signed=False, own=None):
    return Frame(
        source, destination, Arp(operation, source, spa, packets.NO_MAC, tpa), signed, signed if own is None else own
    )


def origin(twins, frame, outgoing=False, parent=PARENT):
    return twins.origin(frame, outgoing, parent, KNOWN, VANTAGES, [WANTED].__contains__)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param(arp(STRANGER, ELSE), OTHER, id="a stranger"),
        pytest.param(arp(CHILD_MAC, ELSE), TWIN, id="our container's MAC asks from outside"),
        pytest.param(arp(PARENT_MAC, ELSE, destination=PROBE_MAC), TWIN, id="our parent's MAC to our child"),
        pytest.param(arp(PARENT_MAC, ELSE), TWIN, id="our parent's MAC asks from outside"),
        pytest.param(arp(VRRP, ELSE), OTHER, id="a virtual router's MAC, which we wait with"),
        pytest.param(arp(CHILD_MAC, ZERO, WANTED), TWIN, id="the twin probes"),
        pytest.param(arp(CHILD_MAC, ELSE, destination=PROBE_MAC), OTHER, id="our container to our child"),
        pytest.param(arp(CHILD_MAC, HELD, ELSE, STRANGER, packets.ARP_REPLY), OTHER, id="to a child of another run"),
        pytest.param(arp(CHILD_MAC, ELSE, destination=PARENT_MAC), TWIN, id="to the parent, whom no child reaches"),
        pytest.param(arp(CHILD_MAC, HELD, ELSE, PARENT_MAC, packets.ARP_REPLY), OTHER, id="a switch answers for us"),
        pytest.param(arp(CHILD_MAC, HELD, ZERO, PARENT_MAC, packets.ARP_REPLY), TWIN, id="a clone answers our probe"),
        pytest.param(arp(PARENT_MAC, ZERO, WANTED, signed=True), REFLECTED, id="our own probe comes back"),
        pytest.param(arp(PROBE_MAC, ZERO, WANTED, signed=True), REFLECTED, id="our child's probe comes back"),
        pytest.param(
            arp(PARENT_MAC, ZERO, WANTED, signed=True, own=False), TWIN, id="a clone with the key checks the same"
        ),
        pytest.param(arp(PARENT_MAC, ZERO, ELSE, signed=True), TWIN, id="a clone runs a check of its own"),
    ],
)
def test_frames_that_come_in(frame, expected):
    assert origin(Twins(), frame) == expected


def test_what_was_sent_and_comes_back_is_no_twin():
    twins, frame = Twins(), arp(CHILD_MAC, ELSE)
    assert origin(twins, frame, outgoing=True) == OTHER
    assert origin(twins, frame) == REFLECTED
    assert origin(twins, arp(CHILD_MAC, WANTED)) == TWIN


@pytest.mark.parametrize("kind", ["bridge", "macvlan"])
def test_where_own_frames_are_reflected_nothing_can_be_concluded(kind):
    assert origin(Twins(), arp(CHILD_MAC, ELSE), parent=Link(2, "br0", kind)) == OTHER


def test_what_is_noted():
    twins = Twins()
    twins.add(arp(CHILD_MAC, ELSE), 1.0)
    twins.add(arp(CHILD_MAC, WANTED), 2.5)
    seen = twins.found[CHILD_MAC]
    assert (seen.first, seen.last, seen.count, seen.addresses) == (1.0, 2.5, 2, {ELSE, WANTED})
