# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harms of the network: a host's port of the switch, the gateway, and other machines."""

from __future__ import annotations

import subprocess

from tests.faults import relay

from . import acts
from .terms import (
    BLIP,
    CONTAINER,
    GATEWAY,
    HOST,
    IPV4,
    LASTING,
    LINK,
    LINK_MACS,
    MOMENT,
    NETWORK,
    PARENT,
    PERIODIC,
    START,
    Act,
    Cut,
    Harm,
    Place,
)

#: Of the host's port, as seen from the host; of the gateway's.
SENT, RECEIVED = Cut(PARENT, NETWORK), Cut(NETWORK, PARENT)
FROM_GATEWAY, TO_GATEWAY = Cut(GATEWAY, NETWORK), Cut(NETWORK, GATEWAY)
#: Without a carrier the kernel sends nothing.
UNSENT = Cut(HOST, LINK), Cut(HOST, PARENT)
#: What is sent to who took the first container's address and has released it.
GONE = Cut(PARENT, CONTAINER), Cut(NETWORK, PARENT)

_only_parent = acts.filtered(
    acts.at_switch,
    lambda place: [f"iifname {place.host.port} ether saddr != {place.lab.parent_macs[place.name]} counter drop"],
    "forward", "bridge", "macs",
)  # fmt: skip
_black_hole = acts.filtered(
    acts.at_switch, lambda place: [f"iifname {place.host.port} drop"], "prerouting", "bridge", "hole"
)
_dead_gateway = acts.filtered(
    acts.at_switch, lambda place: [f"iifname {place.lab.gateway.port} drop"], "prerouting", "bridge", "dead"
)


def _loss(percent: int, way: str, port: str = "own") -> tuple[Act, Act]:
    """way: ``in`` to the switch, or ``out``."""
    hook, match = {"in": ("prerouting", "iifname"), "out": ("postrouting", "oifname")}[way]

    def rules(place: Place) -> list[str]:
        name = place.host.port if port == "own" else place.lab.gateway.port
        return [f"{match} {name} numgen random mod 100 < {percent} drop"]

    return acts.filtered(acts.at_switch, rules, hook, "bridge", f"loss_{way}")


def _mtu(size: int) -> Act:
    return lambda place: place.lab.switch.ip("link", "set", place.host.port, "mtu", str(size))


def _trunk(place: Place) -> None:
    """The station asks for an address that nobody has, so that the network has frames to receive."""
    place.lab.station.start("ping", "-n", "-q", "192.168.100.222", stdout=subprocess.DEVNULL)
    relay.insert(place.lab, place.host.port, "trunk", "10")


def _clone(place: Place) -> None:
    place.inside.ip("link", "set", "eth0", "address", place.other.inside.mac())


def _pin(place: Place) -> None:
    """The switch pinned the link's MAC address to the station's port."""
    mac = place.host.mac("lan0")
    place.lab.switch.run("bridge", "fdb", "replace", mac, "dev", place.lab.station.port, "master", "static", "sticky")


def _patient(place: Place) -> None:
    """The gateway uses stale entries for a minute, like many routers, and the host never asks for it."""
    place.lab.gateway.sysctl("net/ipv4/neigh/eth0/delay_first_probe_time", 60)
    words = ["lladdr", place.lab.gateway.mac(), "dev", "eth0", "nud", "permanent"]
    place.host.ip("neighbour", "replace", place.lab.gateways[0], *words)


def _misled(place: Place) -> None:
    """The gateway missed that the host's address moved."""
    entry = ["lladdr", "02:00:5e:10:00:03", "dev", "eth0", "nud", "stale"]
    place.lab.gateway.ip("neighbour", "replace", place.parent_addresses[0], *entry)


_DUPLICATE = frozenset({"duplicate_ip"})
_container = acts.take(acts.station, lambda place: place.container_addresses)
_link = acts.take(acts.station, lambda place: place.link_addresses)
_gateway = acts.take(acts.station, lambda place: place.lab.gateways)
_fleet = acts.take(acts.other_container, lambda place: place.container_addresses)

HARMS = [
    Harm(
        "port down", "port", acts.plug("down", acts.own_port), acts.plug("up", acts.own_port),
        causes=frozenset({"no_carrier"}), passing=frozenset({"port_flaps"}), cuts=(SENT, RECEIVED), or_cuts=UNSENT,
        # over IPv6 addresses are tentative when the carrier is back, and the host drops answers to them
        vague=True,
        hides=True,
        times=(START, MOMENT, BLIP, PERIODIC),
    ),
    Harm(
        "only the parent's MAC passes", "port", *_only_parent,
        causes=frozenset({"mac_filtering_upstream"}), cuts=(Cut(PARENT, NETWORK, LINK_MACS),),
        hides=True, times=(*LASTING, BLIP, PERIODIC),
    ),
    Harm(
        "frames of the host dropped", "port", *_black_hole, cuts=(SENT,), hides=True,
        times=(*LASTING, BLIP, PERIODIC, "at random"),
    ),
    *(
        Harm(f"{percent} % lost {way}", "port", *_loss(percent, way), cuts=(SENT if way == "in" else RECEIVED,))
        for percent, way in ((30, "in"), (30, "out"), (60, "in"))
    ),
    Harm(
        "MTU of 1400", "port", _mtu(1400), _mtu(1500),
        causes=frozenset({"mtu_mismatch"}), times=LASTING,
    ),
    Harm(
        "port is a trunk", "port", _trunk, None,
        causes=frozenset({"vlan_mismatch"}), cuts=(SENT,), hides=True, times=LASTING, families=(IPV4,),
    ),
    Harm(
        "MAC pinned to another port", "port", _pin, None,
        causes=frozenset({"sticky_mac_elsewhere"}), times=(START,), families=(IPV4,),
    ),
    Harm(
        "port down", "gateway", acts.plug("down", acts.gateway_port), acts.plug("up", acts.gateway_port),
        causes=frozenset({"gateway_dead"}), passing=frozenset({"gateway_dead"}),
        cuts=(FROM_GATEWAY, TO_GATEWAY), fleet=True,
        times=(START, MOMENT, BLIP, PERIODIC),
    ),
    Harm(
        "sends nothing", "gateway", *_dead_gateway,
        causes=frozenset({"gateway_dead"}), passing=frozenset({"gateway_dead"}), cuts=(FROM_GATEWAY,), fleet=True,
        times=LASTING,
    ),
    *(
        Harm(
            f"40 % lost {way}", "gateway", *_loss(40, way, "gateway"),
            cuts=(FROM_GATEWAY if way == "in" else TO_GATEWAY,), fleet=True, times=LASTING,
        )
        for way in ("in", "out")
    ),
    Harm(
        "missed that the host moved", "gateway", _misled, None, prepare=_patient,
        causes=frozenset({"announcement_lost"}), cuts=(FROM_GATEWAY,), vague=True, taught=True, times=(MOMENT,),
        families=(IPV4,),
    ),
    Harm(
        "takes a container's address", "other host", *_container,
        causes=_DUPLICATE, passing=_DUPLICATE, culprit=acts.by_mac(acts.station), always=True, cuts=GONE,
        families=(IPV4,), times=(START, MOMENT, PERIODIC),
    ),
    Harm(
        "takes the link's address", "other host", *_link,
        causes=_DUPLICATE, passing=_DUPLICATE, culprit=acts.by_mac(acts.station), always=True, families=(IPV4,),
        times=LASTING,
    ),
    Harm(
        "container takes a container's address", "other host", *_fleet,
        causes=frozenset({"duplicate_ip_in_fleet"}), also=_DUPLICATE | {"container_outside_range"},
        culprit=acts.by_mac(acts.other_container), always=True, families=(IPV4,), times=LASTING,
    ),
    Harm(
        "container has a container's MAC", "other host", _clone, None,
        # who had asked for the container before keeps its former MAC address for a while
        causes=frozenset({"duplicate_mac_in_fleet"}), also=frozenset({"stale_neighbour"}),
        culprit=acts.by_mac(acts.other_container), always=True,
        times=(START,), cuts=GONE, families=(IPV4,),
    ),
]  # fmt: skip

#: Harms of which earlier seeds know nothing.
LATER = [
    Harm(
        "another machine has its address", "gateway", *_gateway,
        # which of them was there first is not known of what was so before
        causes=_DUPLICATE, culprit=acts.by_mac(acts.station), fleet=True, times=LASTING,
    ),
]  # fmt: skip
