# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's containers are on a bridge, and its firewall gets rules for the host's own traffic."""

from __future__ import annotations

from tests.faults import bridged
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

#: Drops what is not for the host itself, which seems harmless on a host that does not route.
ONLY_OURS = """
table inet strict {
    chain in {
        type filter hook prerouting priority raw
        fib daddr type != { local, broadcast, multicast } counter drop
    }
}
"""
#: As Docker has it, with its policy as a rule.
NO_ROUTER = """
table ip strict {
    chain passing {
        type filter hook forward priority filter
        counter drop
    }
}
"""
#: Between the bridge and the containers' parent.
PORT = "trunk0"


def _bridge(lab: NamespaceLab) -> None:
    bridged.make(lab, WEB1)
    lab.rest()


def _strict(lab: NamespaceLab) -> None:
    lab.web1.run("nft", "-f", "-", input=ONLY_OURS)


def _undo(lab: NamespaceLab) -> None:
    lab.web1.run("nft", "delete", "table", "inet", "strict")
    bridged.undo(lab, WEB1)


def _pair(lab: NamespaceLab) -> None:
    """The parent is a pair of links to a bridge, whose other port is the card."""
    lab.remove_links(WEB1)
    web1, address = lab.web1, FLEET[WEB1].parent_address
    web1.ip("address", "flush", "dev", "eth0")
    web1.ip("link", "set", "eth0", "down")
    web1.ip("link", "set", "eth0", "name", "card0")
    web1.ip("link", "add", "bridge0", "type", "bridge", "mcast_snooping", "0")
    web1.ip("link", "add", "eth0", "type", "veth", "peer", "name", PORT)
    for port in ("card0", PORT):
        web1.ip("link", "set", port, "master", "bridge0", "up")
    for link in ("bridge0", "eth0"):
        web1.ip("link", "set", link, "up")
    web1.ip("address", "add", address, "dev", "eth0")
    web1.ip("route", "add", "default", "via", GATEWAY)
    lab.make_links(WEB1)
    lab.rest()


def _no_router(lab: NamespaceLab) -> None:
    lab.web1.run("nft", "-f", "-", input=NO_ROUTER)


def _undo_pair(lab: NamespaceLab) -> None:
    lab.web1.run("nft", "delete", "table", "ip", "strict")
    lab.web1.ip("link", "delete", "bridge0")
    bridged.undo(lab, WEB1)


FAULTS = [
    Fault("bridge_netfilter", _strict, _undo, prepare=_bridge),
    Fault("bridge_netfilter/by a port", _no_router, _undo_pair, prepare=_pair),
]
