# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import selectors
import socket

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.frames import Frames, Interest, claim_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Record
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as _packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import ARP_REPLY, ARP_REQUEST, Arp, Frame

OURS, SIBLING, OTHER, TWIN, PARENT = (f"02:00:00:00:00:0{number}" for number in (1, 2, 3, 4, 5))
HERE, THERE, ELSEWHERE = (ipaddress.ip_address(f"192.0.2.{number}") for number in (1, 2, 99))
NOBODY = ipaddress.ip_address("0.0.0.0")


def arp(operation: int, mac: str, address, asked, to: str = _packets.BROADCAST) -> Frame:
    return Frame(mac, to, Arp(operation, mac, address, _packets.NO_MAC, asked))


class Wire:
    """The part of a vantage and of its socket that is asked: frames, and whether this host sent each."""

    def __init__(self, link: str, frames: list) -> None:
        self.link = link
        self.mac = PARENT if link == "eth0" else SIBLING
        self.socket = self
        self.frames = frames

    def setsockopt(self, *dummy: object) -> None:
        """The kernel would leave out what comes from now on."""

    def recvfrom(self, dummy: int):
        if not self.frames:
            raise BlockingIOError
        frame, outgoing = self.frames.pop(0)
        return _packets.build(frame), ("eth0", 0, socket.PACKET_OUTGOING if outgoing else socket.PACKET_HOST)


@pytest.fixture
def hear():
    record = Record()
    interest = Interest({HERE, THERE}, [], {OURS, SIBLING, PARENT}, ["eth0"])
    with selectors.DefaultSelector() as selector:
        frames = Frames(selector, record, interest, lambda moment: 1.0)

        def heard(*given: Frame, link: str = "eth0", outgoing: bool = False) -> list[dict]:
            before = len(record.events)
            wire = Wire(link, [(frame, outgoing) for frame in given])
            while wire.frames:
                frames._receive(wire)
            return record.events[before:]

        yield heard


def test_what_a_frame_says():
    said = claim_of(arp(ARP_REQUEST, OTHER, THERE, HERE), True)
    assert (said.kind, said.what, said.address, said.mac, said.asked) == ("arp", "request", THERE, OTHER, HERE)
    said = claim_of(arp(ARP_REQUEST, OTHER, THERE, THERE), True)
    assert (said.what, said.asked) == ("announcement", None)
    assert claim_of(_packets.parse(_packets.probe(OTHER, HERE)), True) is None, "a probe of this process"
    signed = Frame(OTHER, _packets.BROADCAST, Arp(ARP_REQUEST, OTHER, THERE, _packets.NO_MAC, HERE), signed=True)
    assert claim_of(signed, True).mac == OTHER, "a signature of another host hides nothing"
    solicitation = _packets.Neighbour(True, *(ipaddress.ip_address(text) for text in ("fe80::3", "ff02::1", "fe80::4")))
    said = claim_of(Frame(OTHER, "33:33:00:00:00:01", solicitation), True)
    assert (said.kind, said.what, str(said.asked)) == ("nd", "request", "fe80::4")


def test_repeated_claim_is_counted_and_foreign_one_left_out(hear):
    request = arp(ARP_REQUEST, OTHER, THERE, HERE)
    (event,) = hear(request, request, arp(ARP_REQUEST, OTHER, ELSEWHERE, ELSEWHERE))
    assert event["what"] == f"ARP request from the network on eth0: {THERE} is {OTHER}, asks for {HERE}"
    assert (event["data"]["count"], event["data"]["own_mac"], event["data"]["incoming"]) == (2, False, True)


def test_each_change_of_the_claiming_mac_is_reported(hear):
    one, two = (arp(ARP_REPLY, mac, THERE, HERE, to=OURS) for mac in (OTHER, TWIN))
    events = hear(one, two, one, one, two)
    assert [item["action"] for item in events] == ["seen", "seen", "change", "change", "change"]
    assert events[2]["data"]["changed"] == {"mac": [OTHER, TWIN]}
    assert events[2]["what"] == f"{THERE} is claimed by {TWIN}, and was by {OTHER}, on eth0"


def test_probe_for_an_address_is_no_claim(hear):
    events = hear(arp(ARP_REPLY, OTHER, THERE, HERE), arp(ARP_REQUEST, TWIN, NOBODY, THERE))
    assert [(item["action"], item["data"]["what"]) for item in events] == [("seen", "reply"), ("seen", "probe")]


def test_two_links_of_this_host_may_answer_for_one_address(hear):
    events = hear(*(arp(ARP_REPLY, mac, HERE, THERE, to=OTHER) for mac in (OURS, SIBLING)), outgoing=True)
    assert [item["action"] for item in events] == ["seen", "seen"]


def test_own_mac_from_the_network_but_not_from_a_sibling(hear):
    (looped,) = hear(arp(ARP_REQUEST, OURS, ELSEWHERE, ELSEWHERE))
    assert looped["data"]["own_mac"]
    assert looped["data"]["incoming"]
    (forwarded,) = hear(arp(ARP_REPLY, SIBLING, THERE, HERE, to=OURS))
    assert not forwarded["data"]["incoming"], "a parent receives what its children send each other"
    (to_new,) = hear(arp(ARP_REPLY, OURS, HERE, THERE, to=OTHER))
    assert not to_new["data"]["incoming"], "nor to one that was made a moment ago"
    (addressed,) = hear(arp(ARP_REPLY, OURS, HERE, NOBODY, to=PARENT))
    assert addressed["data"]["incoming"], "no child reaches the parent"
    (broadcast,) = hear(arp(ARP_REQUEST, SIBLING, THERE, HERE), link="lan0")
    assert not broadcast["data"]["incoming"], "a child receives the broadcasts of the others"


def test_questions_that_waited_take_nothing_from_the_answers_behind_them(hear):
    questions = [
        arp(ARP_REQUEST, f"02:00:00:01:{number >> 8:02x}:{number & 255:02x}", ELSEWHERE, HERE) for number in range(3000)
    ]
    events = hear(*questions, arp(ARP_REPLY, OTHER, THERE, THERE))
    assert [item["data"]["mac"] for item in events if item["data"]["what"] == "announcement"] == [OTHER]
