# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames answer a question: those for the one who asked, and no others."""

from __future__ import annotations

import ipaddress

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    ALL_NODES,
    ARP_REPLY,
    BROADCAST,
    Arp,
    Frame,
    Neighbour,
    multicast_mac,
    parse,
    solicitation,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.question import is_answer, temporary_source

MAC, OTHER, ROUTER = "02:00:5e:10:00:01", "02:00:5e:10:00:02", "02:00:5e:10:00:fe"
GATEWAY4, GATEWAY6 = ipaddress.IPv4Address("192.0.2.1"), ipaddress.IPv6Address("fe80::1")


def _advertised(to_address, to_mac):
    return Frame(ROUTER, to_mac, Neighbour(False, GATEWAY6, to_address, GATEWAY6, link_layer=ROUTER))


def test_an_advertisement_to_all_nodes_answers_nobody_here():
    assert not is_answer(_advertised(ALL_NODES, multicast_mac(ALL_NODES)), MAC, temporary_source())


def test_an_advertisement_answers_the_address_that_asked_and_no_other_one():
    mine, other = temporary_source(), temporary_source()
    assert is_answer(_advertised(mine, MAC), MAC, mine)
    assert not is_answer(_advertised(other, MAC), MAC, mine)
    assert not is_answer(_advertised(mine, OTHER), MAC, mine)


def test_an_arp_reply_answers_the_mac_address_that_asked():
    for receiver, asker, expected in ((MAC, MAC, True), (OTHER, OTHER, False), (BROADCAST, MAC, False)):
        reply = Frame(ROUTER, receiver, Arp(ARP_REPLY, ROUTER, GATEWAY4, asker, ipaddress.IPv4Address(0)))
        assert is_answer(reply, MAC, None) is expected


def test_a_question_asks_from_a_link_local_address_with_the_mac_address_to_answer_to():
    source = temporary_source()
    frame = parse(solicitation(MAC, source, GATEWAY6))
    assert frame is not None
    assert source.is_link_local
    assert (frame.body.source, frame.body.link_layer, frame.body.target) == (source, MAC, GATEWAY6)
