# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harms of a host: its link, its parent, its routes, filters and neighbour entries."""

from __future__ import annotations

from tests.faults.lab import SUBNET

from . import acts
from .lab import SUBNET6
from .terms import (
    CONTAINER,
    FIRST_CONTAINER,
    HOST,
    IPV4,
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

BY_IP = acts.by_name("ip")
#: What a VPN would make.
TUNNEL = "tun9"
#: A MAC address that nobody has.
NOBODY = "02:00:5e:10:00:02"
#: What comes from and goes to the first container, above the host's link.
FROM_CONTAINER, TO_CONTAINER = Cut(LINK, HOST, FIRST_CONTAINER), Cut(HOST, LINK, FIRST_CONTAINER)
#: Without the host's link.
NO_LINK = Cut(HOST, LINK), Cut(PARENT, LINK)
#: A frame for a MAC address that nobody has passes the parent.
TO_NOBODY = Cut(PARENT, CONTAINER)

_dropped = acts.filtered(acts.at_host, lambda place: [
    f"iifname lan0 {match} counter drop" for match in acts.sources(place.container_addresses)
])  # fmt: skip
_dropped_out = acts.filtered(acts.at_host, lambda place: [
    f"oifname lan0 {match.replace('saddr', 'daddr')} counter drop" for match in acts.sources(place.container_addresses)
], "output")  # fmt: skip
_uncounted = acts.filtered(acts.at_host, lambda place: [
    f"iifname lan0 {match} drop" for match in acts.sources(place.container_addresses)
])  # fmt: skip


def _stale(place: Place) -> None:
    for address in place.container_addresses:
        words = ["neighbour", "replace", address, "lladdr", NOBODY, "dev", "lan0", "nud", "permanent"]
        place.host.ip(*words)


def _forget(place: Place) -> None:
    for address in place.container_addresses:
        place.host.ip("neighbour", "delete", address, "dev", "lan0", check=False)


def _foreign(place: Place) -> None:
    for family in ["-4"] * place.lab.four + ["-6"] * place.lab.six:
        place.host.run("ip", family, "route", "add", "default", "dev", "lan0", "metric", "50")


def _no_foreign(place: Place) -> None:
    for family in ["-4"] * place.lab.four + ["-6"] * place.lab.six:
        place.host.run("ip", family, "route", "delete", "default", "dev", "lan0")


def _rules(verb: str) -> Act:
    def act(place: Place) -> None:
        (network,) = place.lab.networks(place.name)
        for target in network["container_range"]:
            family = "-6" if ":" in target else "-4"
            subnet = SUBNET6 if ":" in target else SUBNET
            place.host.ip(
                family, "route", "replace" if verb == "add" else "delete", subnet, "dev", "eth0", "table", "100"
            )
            place.host.ip(family, "rule", verb, "to", target, "lookup", "100")

    return act


def _away(words: str) -> tuple[Act, Act]:
    """A route to the first container that takes precedence over the declared one. words: of its type, or its device."""

    def change(verb: str) -> Act:
        def act(place: Place) -> None:
            for address in place.container_addresses:
                route = [address, *words.split()] if words.startswith("dev ") else [words, address]
                place.host.run("ip", "route", verb, *route)

        return act

    return change("add"), change("delete")


def _other_table(verb: str) -> Act:
    """A rule by which another table decides over the first container, and that refuses it."""

    def act(place: Place) -> None:
        for address in place.container_addresses:
            family = "-6" if ":" in address else "-4"
            place.host.ip(
                family, "route", "replace" if verb == "add" else "delete", "prohibit", "default", "table", "101"
            )
            place.host.run("ip", family, "rule", verb, "to", address, "lookup", "101")

    return act


def _tunnel(place: Place) -> None:
    """As a VPN brings it along."""
    place.host.ip("link", "add", TUNNEL, "type", "veth", "peer", "name", f"{TUNNEL}p")
    for name in (TUNNEL, f"{TUNNEL}p"):
        place.host.ip("link", "set", name, "up")
    place.host.ip("address", "add", "10.9.0.1/24", "dev", TUNNEL)
    place.host.ip("address", "add", "fd09::1/64", "dev", TUNNEL, "nodad")


def _routed(verb: str) -> Act:
    """The gateway is sent for into the tunnel."""

    def act(place: Place) -> None:
        for address in place.lab.gateways:
            place.host.run("ip", "route", verb, address, "dev", TUNNEL)

    return act


def _own(verb: str) -> Act:
    """The entries of the routing table local by which the link's addresses are the host's own."""

    def act(place: Place) -> None:
        for address in place.link_addresses:
            family = "-6" if ":" in address else "-4"
            place.host.run("ip", family, "route", verb, "local", address, "dev", "lan0", "table", "local")

    return act


def _strict(value: int) -> Act:
    """value: of rp_filter. Requests for the parent's address come by the link then, and are dropped."""

    def act(place: Place) -> None:
        for name in ("eth0", "lan0"):
            place.host.sysctl(f"net/ipv4/conf/{name}/rp_filter", value)
        address, mac = place.parent_addresses[0], place.host.mac("lan0")
        entry = ["lladdr", mac, "dev", "eth0", "nud", "permanent"] if value else ["dev", "eth0"]
        place.lab.gateway.ip("neighbour", "replace" if value else "delete", address, *entry)

    return act


HARMS = [
    Harm(
        "link deleted", "link", lambda place: place.host.run("ip", "link", "delete", "lan0"), acts.deploy,
        causes=frozenset({"link_absent"}), passing=frozenset({"link_absent"}), culprit=BY_IP, cuts=NO_LINK,
        asks_aloud=True,
    ),
    Harm(
        "link set down", "link", acts.link("down"), acts.deploy,
        causes=frozenset({"link_down"}), passing=frozenset({"link_down"}), culprit=BY_IP, cuts=NO_LINK,
        asks_aloud=True,
    ),
    Harm(
        "address deleted", "link", acts.delete_address, acts.deploy,
        causes=frozenset({"address_absent"}), since=frozenset({"address_removed_by_other"}),
        passing=frozenset({"address_removed_by_other"}), culprit=BY_IP,
    ),
    Harm(
        "address deleted by a daemon", "link", acts.remove_by_program, acts.deploy,
        causes=frozenset({"address_removed_by_other"}), passing=frozenset({"address_removed_by_other"}),
        culprit=acts.by_name(acts.PROGRAM), times=(MOMENT, "a blip", "periodically"),
    ),
    Harm(
        "routes deleted", "link", acts.delete_routes, acts.deploy,
        causes=frozenset({"route_absent"}), since=frozenset({"address_removed_by_other"}),
        passing=frozenset({"address_removed_by_other"}), culprit=BY_IP, also=frozenset({"route_absent"}),
        asks_aloud=True,
    ),
    Harm(
        "mode private", "link", acts.link("type macvlan mode private"), acts.link("type macvlan mode bridge"),
        causes=frozenset({"wrong_mode"}), passing=frozenset({"wrong_mode"}),
    ),
    Harm(
        "mode vepa", "link", acts.link("type macvlan mode vepa"), acts.link("type macvlan mode bridge"),
        causes=frozenset({"wrong_mode"}), passing=frozenset({"wrong_mode"}), times=LASTING, reflected=True,
    ),
    Harm(
        "ARP off", "link", acts.link("arp off"), acts.link("arp on"),
        causes=frozenset({"noarp"}), culprit=BY_IP, times=LASTING,
    ),
    Harm(
        "foreign default route", "link", _foreign, _no_foreign, prepare=acts.metric,
        causes=frozenset({"foreign_default_route"}), passing=frozenset({"foreign_default_route"}), culprit=BY_IP,
        times=LASTING,
    ),
    Harm(
        "rule that diverts to the parent", "host", _rules("add"), _rules("delete"),
        causes=frozenset({"host_isolation"}), cuts=(Cut(HOST, LINK),), times=LASTING, reflected=True,
    ),
    Harm(
        "strict reverse path filter", "host", _strict(1), _strict(0),
        causes=frozenset({"strict_rp_filter"}), families=(IPV4,), times=LASTING,
    ),
    Harm(
        "wrong neighbour entry", "host", _stale, _forget,
        causes=frozenset({"stale_neighbour"}), cuts=(TO_NOBODY,),
    ),
    Harm(
        "filter drops a container", "host", *_dropped,
        causes=frozenset({"filter_drops"}), cuts=(FROM_CONTAINER,),
    ),
    Harm(
        "filter drops to a container", "host", *_dropped_out,
        causes=frozenset({"filter_drops"}), cuts=(TO_CONTAINER,),
    ),
    Harm(
        "filter without counter drops a container", "host", *_uncounted,
        causes=frozenset({"filter_drops"}), cuts=(FROM_CONTAINER,), suspected=True,
    ),
    Harm(
        "parent set down", "parent", acts.parent("down"), acts.parent("up"),
        causes=frozenset({"parent_down"}), passing=frozenset({"parent_down"}), hides=True, culprit=BY_IP,
        times=(START, MOMENT, "a blip"),
    ),
    Harm(
        "parent deleted", "parent", lambda place: place.host.run("ip", "link", "delete", "eth0"), None,
        causes=frozenset({"parent_vanished"}), hides=True, culprit=BY_IP, times=LASTING,
    ),
]  # fmt: skip

_DIVERTED = frozenset({"route_diverted"})
#: Harms of which earlier seeds know nothing. Over IPv6 the kernel makes no answer for which it has no route.
LATER = [
    *(
        Harm(
            f"{kind} route to a container", "host", *_away(kind),
            causes=_DIVERTED, culprit=BY_IP, cuts=(TO_CONTAINER,), or_cuts=(FROM_CONTAINER,), times=LASTING,
        )
        for kind in ("blackhole", "prohibit", "unreachable")
    ),
    Harm(
        "rule to a table that refuses a container", "host", _other_table("add"), _other_table("delete"),
        causes=_DIVERTED, culprit=BY_IP, cuts=(TO_CONTAINER,), or_cuts=(FROM_CONTAINER,), times=LASTING,
    ),
    Harm(
        "route to a container into a tunnel", "host", *_away(f"dev {TUNNEL}"), prepare=_tunnel,
        causes=_DIVERTED, culprit=BY_IP, cuts=(TO_CONTAINER,), or_cuts=(FROM_CONTAINER,), times=LASTING,
    ),
    Harm(
        "route to the gateway into a tunnel", "host", _routed("add"), _routed("delete"), prepare=_tunnel,
        causes=_DIVERTED, culprit=BY_IP, cuts=(Cut(HOST, PARENT),), times=LASTING,
    ),
    Harm(
        "local entry deleted", "link", _own("delete"), _own("replace"),
        # the watch leaves the routing table local out
        causes=_DIVERTED, cuts=(Cut(LINK, HOST),), times=LASTING,
    ),
]  # fmt: skip
