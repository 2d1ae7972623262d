# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses a frame claims, and for which MAC. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .frames import ALL_NODES, ARP_REPLY, Arp, Frame, Neighbour

#: How a holder was seen. A probe claims nothing yet: its sender has no address and wants this one (RFC 5227, 1.1).
REPLY, REQUEST, ANNOUNCEMENT, PROBE = "reply", "request", "announcement", "probe"


#: MAC addresses that move between routers, so that they identify no single one.
VIRTUAL_ROUTER_MACS = (
    "00:00:5e:00:01:",  # VRRP for IPv4 (RFC 9568, 7.3), and CARP, which uses the same
    "00:00:5e:00:02:",  # VRRP for IPv6 (RFC 9568, 7.3)
    "00:00:0c:07:ac:",  # HSRP version 1 (RFC 2281, 5.1)
    "00:00:0c:9f:f",  # HSRP version 2 (Cisco IOS, "Configuring HSRP")
    "00:05:73:a0:0",  # HSRP version 2 for IPv6 (the same)
    "00:07:b4:00:",  # GLBP (Cisco IOS, "Configuring GLBP")
)


def claim(frame: Frame) -> tuple[Address, str, str] | None:
    """The claim in a frame: the address, the MAC address, and the kind; None where it claims nothing."""
    if isinstance(frame.body, Arp):
        return _arp_claim(frame.body)
    return _neighbour_claim(frame.body, frame.source)


def _arp_claim(arp: Arp) -> tuple[Address, str, str] | None:
    if int(arp.spa) == 0:
        # A reply without a sender address claims nothing (RFC 5227, 2.1.1 counts requests alone as probes).
        return None if arp.operation == ARP_REPLY else (arp.tpa, arp.sha, PROBE)
    if arp.spa == arp.tpa:
        return arp.spa, arp.sha, ANNOUNCEMENT
    return arp.spa, arp.sha, REPLY if arp.operation == ARP_REPLY else REQUEST


def _neighbour_claim(message: Neighbour, source: str) -> tuple[Address, str, str] | None:
    if not message.solicitation:
        return message.target, message.link_layer or source, REPLY
    if message.source.is_unspecified:
        return message.target, source, PROBE
    return message.source, message.link_layer or source, REQUEST


def answers_probe(frame: Frame) -> bool:
    """Whether a reply is to a question of a sender without an address."""
    if isinstance(frame.body, Arp):
        return frame.body.tpa.is_unspecified
    return frame.body.destination == ALL_NODES


def may_be_between_children(frame: Frame, parent: str) -> bool:
    """Whether a frame that the parent, with this MAC address, receives may be one of a child to another child.

    The parent receives those as if from the wire (drivers/net/macvlan.c macvlan_queue_xmit), and other runs and engines
    make children at any moment, so a receiver that is not known is no proof. No child reaches the parent, and what is
    for all leaves by it.
    """
    return parent not in (frame.source, frame.destination) and not _is_group(frame.destination)


def _is_group(mac: str) -> bool:
    """IEEE 802-2014, 8.2.2: the individual/group bit."""
    return bool(int(mac[:2], 16) & 1)


def is_virtual_router(mac: str) -> bool:
    return mac.startswith(VIRTUAL_ROUTER_MACS)
