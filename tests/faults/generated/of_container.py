# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harms of a container."""

from __future__ import annotations

from . import acts
from .terms import (
    BOTH,
    CONTAINER,
    ECHO_REPLIES,
    ECHO_REQUESTS,
    INSIDE,
    IPV4,
    IPV6,
    LASTING,
    LINK,
    MOMENT,
    PARENT,
    START,
    Act,
    Cut,
    Harm,
    Place,
)

#: A container whose link takes or sends nothing, and one that takes no requests.
NO_LINK = Cut(PARENT, CONTAINER), Cut(INSIDE, CONTAINER)
UNTAKEN, UNANSWERED = (Cut(CONTAINER, INSIDE, ECHO_REQUESTS),), (Cut(INSIDE, CONTAINER, ECHO_REPLIES),)

_pings = acts.filtered(acts.in_container, lambda dummy: [
    "icmp type echo-request counter drop", "icmpv6 type echo-request counter drop",
])  # fmt: skip
_quiet = acts.filtered(acts.in_container, lambda dummy: [
    "icmp type echo-request drop", "icmpv6 type echo-request drop",
])  # fmt: skip
_lossy = acts.filtered(acts.in_container, lambda dummy: [
    f"{kind} type echo-request numgen random mod 100 < 40 counter drop" for kind in ("icmp", "icmpv6")
])  # fmt: skip


def _flush(place: Place) -> None:
    for address in place.container_addresses:
        place.inside.run("ip", "address", "delete", f"{address}/{64 if ':' in address else 24}", "dev", "eth0")


def _long_prefix(place: Place) -> None:
    for address in place.container_addresses:
        wide, narrow = (64, 128) if ":" in address else (24, 32)
        place.inside.ip("address", "delete", f"{address}/{wide}", "dev", "eth0")
        place.inside.ip("address", "add", f"{address}/{narrow}", "dev", "eth0", *(["nodad"] if ":" in address else []))


def _no_routes(place: Place) -> None:
    for family in ["-4"] * place.lab.four + ["-6"] * place.lab.six:
        place.inside.run("ip", family, "route", "flush", "table", "main")


def _ignore(value: int) -> Act:
    def act(place: Place) -> None:
        if place.lab.four:
            place.inside.sysctl("net/ipv4/icmp_echo_ignore_all", value)
        if place.lab.six:
            place.inside.sysctl("net/ipv6/icmp/echo_ignore_all", value)

    return act


def _stop(place: Place) -> None:
    place.inside.run("ip", "link", "delete", "eth0")


def _move(place: Place) -> None:
    """The container runs on the other host."""
    _stop(place)
    inside = place.inside
    place.other.host.ip(
        "link", "add", "link", "eth0", "name", "eth0", "netns", inside.netns, "type", "macvlan", "mode", "bridge"
    )
    inside.ip("link", "set", "eth0", "up")
    for address in place.container_addresses:
        words = [f"{address}/{64 if ':' in address else 24}", "dev", "eth0", *(["nodad"] if ":" in address else [])]
        inside.ip("address", "add", *words)


HARMS = [
    Harm(
        "link set down", "container", acts.container("down"), acts.restart,
        causes=frozenset({"container_link_down"}), passing=frozenset({"container_link_down"}), cuts=NO_LINK,
        culprit=acts.by_name("ip"),
    ),
    Harm(
        "address deleted", "container", _flush, acts.restart, prepare=acts.declare_containers,
        causes=frozenset({"container_address_wrong"}), passing=frozenset({"container_address_wrong"}),
        # by IPv6 its link no longer receives what is sent to the group of the address
        cuts=(Cut(CONTAINER, INSIDE),), or_cuts=(Cut(PARENT, CONTAINER),), vague=True,
        times=(START, MOMENT, "a blip"),
    ),
    Harm(
        "prefix too long", "container", _long_prefix, acts.restart,
        causes=frozenset({"container_address_wrong"}), cuts=(Cut(INSIDE, CONTAINER),),
        times=LASTING, families=(IPV4, BOTH),
    ),
    Harm(
        "routes deleted", "container", _no_routes, acts.restart,
        causes=frozenset({"container_route_absent"}), cuts=(Cut(INSIDE, CONTAINER),), times=LASTING,
    ),
    Harm(
        "ARP off", "container", acts.container("arp off"), acts.container("arp on"),
        causes=frozenset({"noarp"}), cuts=(Cut(CONTAINER, INSIDE),), vague=True,
        culprit=acts.by_name("ip"), times=LASTING,
    ),
    Harm(
        "mode private", "container", acts.container("type macvlan mode private"),
        acts.container("type macvlan mode bridge"),
        causes=frozenset({"wrong_mode"}), cuts=(Cut(PARENT, CONTAINER), Cut(PARENT, LINK)), vague=True,
        times=LASTING,
    ),
    Harm(
        "pings filtered", "container", *_pings,
        causes=frozenset({"filter_drops"}), cuts=UNTAKEN, chosen=True,
    ),
    Harm(
        "pings filtered without a counter", "container", *_quiet,
        causes=frozenset({"filter_drops"}), cuts=UNTAKEN, suspected=True, chosen=True, times=(*LASTING, "a blip"),
    ),
    Harm(
        "40 % of pings filtered", "container", *_lossy,
        causes=frozenset({"filter_drops"}), cuts=UNTAKEN, times=LASTING,
    ),
    Harm(
        "pings ignored", "container", _ignore(1), _ignore(0),
        # what the kernel takes and does not answer
        causes=frozenset({"pings_ignored"}), cuts=UNTAKEN, or_cuts=UNANSWERED, chosen=True, times=(*LASTING, "a blip"),
    ),
    Harm(
        "declared container stopped", "container", _stop, None, prepare=acts.declare_containers,
        causes=frozenset({"container_not_running"}), cuts=NO_LINK, vague=True, times=LASTING,
    ),
    Harm(
        "declared container moved", "container", _move, None, prepare=acts.declare_containers,
        # where it is now, that host has no route to it
        causes=frozenset({"container_elsewhere"}), there=frozenset({"container_elsewhere"}),
        cuts=NO_LINK, vague=True, times=LASTING, families=(IPV4, IPV6),
    ),
]  # fmt: skip
