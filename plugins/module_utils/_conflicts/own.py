# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which MAC and IP addresses on a probed segment are this host's own. Pure.

A probe cannot show it: parent and children do not receive each other's frames (drivers/net/macvlan.c).
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import NO_MAC

from .verdict import LinkPlace, OwnAddresses

#: Kinds whose frames leave through the parent, untagged.
CHILD_KINDS = ("macvlan", "macvtap", "ipvlan", "ipvtap")


def own_addresses(all_facts: list[tuple[Namespace, Facts]], parent: Link) -> OwnAddresses:
    """What counts as own for probes from ``parent``, a link of the first namespace in the list.

    In that namespace every address counts: the kernel takes packets for all of them on any link. Of others those
    count that can be on the parent's segment; a namespace whose links lead elsewhere is a host of its own.
    """
    macs: dict[str, LinkPlace] = {}
    addresses: dict[Address, list[tuple[str, LinkPlace]]] = {}
    refused: dict[Address, list[tuple[str, LinkPlace]]] = {}
    attached_macs: set[str] = set()
    here = all_facts[0][1]
    links_here = {link.index: link for link in here.links}
    segment = {parent.index}
    if parent.kind in CHILD_KINDS and parent.parent is not None and parent.parent_nsid is None:
        segment.add(parent.parent)
    passthru = None
    for namespace, facts in all_facts:
        ours: dict[int, Link] = {}
        attached = set(segment) if facts is here else set()
        for link in facts.links:
            lower = links_here.get(link.parent or 0) if link.parent_nsid == nsid_of(here, facts) else None
            if facts is here or (lower and _belongs(link, lower)):
                ours[link.index] = link
            if (link.index in ours or _is_hardware(link)) and link.mac not in ("", NO_MAC):
                macs.setdefault(link.mac, LinkPlace(namespace.label, link.name))
            if link.index in ours and lower and _is_attached(link, lower, segment):
                attached.add(link.index)
                passthru = LinkPlace(namespace.label, link.name) if link.mode == "passthru" else passthru
            if link.index in attached:
                attached_macs.add(link.mac)
        for item in facts.addresses:
            address = item.interface.ip
            # A link-local IPv6 address is one of its link alone, whatever namespace that is in.
            anywhere = facts is here and not (address.version == 6 and address.is_link_local)
            if item.index in ours and (anywhere or item.index in attached):
                link = ours[item.index]
                kept = refused if item.dadfailed else addresses
                kept.setdefault(address, []).append((link.mac, LinkPlace(namespace.label, link.name)))
    return OwnAddresses(
        macs,
        {address: tuple(found) for address, found in addresses.items()},
        passthru,
        {address: tuple(found) for address, found in refused.items()},
        frozenset(attached_macs),
    )


def nsid_of(here: Facts, facts: Facts) -> int | None:
    """What IFLA_LINK_NETNSID says in a namespace of links whose lower device is in ours; nothing in ours itself."""
    if facts is here:
        return None
    return -1 if facts.origin_nsid is None else facts.origin_nsid


def _belongs(link: Link, lower: Link) -> bool:
    """Whether a link of another namespace is this host's, as its lower device (or veth peer) is in ours.

    The far end of a veth pair is where our end is a port of a bridge of ours; otherwise it may be the network itself.
    """
    return link.kind != "veth" or lower.master is not None


def _is_hardware(link: Link) -> bool:
    """A device that was moved into a container. An answer shows whether its cable leads to the same segment."""
    return link.ethernet and not link.kind and link.parent is None and not link.loopback


def _is_attached(link: Link, lower: Link, segment: set[int]) -> bool:
    """Whether what a link sends goes out onto the segment of these links of ours."""
    return (link.kind in CHILD_KINDS and lower.index in segment) or (link.kind == "veth" and lower.master in segment)
