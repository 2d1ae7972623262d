# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts in namespaces with configuration of their own, and random changes of a link there."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass, field
from typing import Any

from labkit.segment import Host, Segment
from tests.integration.hosts import snapshot

from . import forked

#: What belongs to somebody else, on the parent, beside it and on the link itself: none of it may be lost.
FURNITURE = """
for name in all default eth0; do echo 0 > /proc/sys/net/ipv6/conf/$name/accept_dad; done
ip link add eth1 address 02:00:5e:00:01:01 type veth peer name eth2 address 02:00:5e:00:01:02
ip link set eth1 up
ip link set eth2 up
ip address add 192.168.100.5/24 dev eth0 label eth0:5
ip address add 10.9.0.1 peer 10.9.0.2/32 dev eth1 noprefixroute
ip route add default via 192.168.100.1 metric 100 mtu 1400
ip route add 10.2.0.0/16 nexthop via 192.168.100.1 weight 2 nexthop via 192.168.100.2 weight 1
ip route add default via 192.168.100.2 table 100 proto 42
ip rule add from 192.168.100.5 table 100 priority 500
ip -6 route add default via fd00:100::1 metric 512
ip link add mv9 link eth0 address 02:00:5e:00:01:09 type macvlan mode bridge
ip link set mv9 up
ip address add 192.168.100.9/32 dev mv9
ip route add 10.3.0.0/16 dev mv9 proto 42 src 192.168.100.9
for name in eth0 eth1 eth2 mv9; do until ip -o link show $name | grep -q "state UP"; do sleep 0.05; done; done
"""
ON_LINK = """
ip address add 192.168.100.7/32 dev lan0
ip route add 10.4.0.0/16 dev lan0 proto 42
echo 2 > /proc/sys/net/ipv4/conf/lan0/rp_filter
"""
GONE = {"name": "lan0", "state": "absent"}
ROUTES = [
    {"destination": "192.168.100.128/28"}, {"destination": "10.1.0.0/16", "gateway": "192.168.100.130"},
    {"destination": "192.168.100.144/28", "metric": 50}, {"destination": "fd00:100::80/124"},
]  # fmt: skip
ADDRESSES = ["192.168.100.3", "fd00:100::3/128", "192.168.100.4"]
SYSCTLS = {"arp_filter": 1, "accept_ra": 0, "arp_ignore": 1, "arp_announce": 2, "rp_filter": 2}


@dataclass(frozen=True)
class Change:
    """A change of a link, from what is there to what is declared. start: None for no link."""

    start: dict[str, Any] | None
    target: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def args(self) -> dict[str, Any]:
        """The arguments of macvlan_link."""
        return {"links": [self.target], "host_id": "web1", **self.options}


def changes(choose: random.Random) -> Change:
    """The next random change: a creation, a change in place, a recreation or a removal."""
    kind = choose.choice(["create", "change", "change", "change", "remove"])
    if kind == "create":
        return Change(None, link(choose))
    if kind == "remove":
        return Change(link(choose), GONE)
    return Change(link(choose), link(choose), {"recreate": choose.choice(["never", "when_needed"])})


def link(choose: random.Random) -> dict[str, Any]:
    def some(items: list[Any]) -> list[Any]:
        return sorted(choose.sample(items, choose.randint(0, len(items))), key=items.index)

    return {
        "name": "lan0",
        "parent": "eth0",
        "mac": f"02:00:00:00:00:1{choose.randint(0, 1)}",
        "mode": choose.choice(["bridge", "private", "vepa"]),
        "mtu": choose.choice([1400, 1500]),
        "addresses": ["192.168.100.3", *some(ADDRESSES[1:])],
        # The gateway of the second is reached by the first.
        "routes": choose.choice([ROUTES[:1], ROUTES[:2]]) + some(ROUTES[2:]),
        "sysctl": {name: SYSCTLS[name] for name in some(list(SYSCTLS))},
        "parent_sysctl": {"arp_filter": 1} if choose.random() < 0.7 else {},
    }


def host(segment: Segment, change: Change) -> Host:
    """A host on which the change is due. Errors: AssertionError."""
    made = segment.host("h", ["192.168.100.11/24", "fd00:100::11/64"], "02:00:5e:00:01:00")
    made.run("sh", "-e", "-c", FURNITURE)
    start(change, made.netns)
    return made


def start(change: Change, netns: str) -> None:
    """Make what a change starts from in a namespace, or where this process is. Errors: AssertionError."""
    if change.start is not None:
        result = forked.module(netns, "macvlan_link", {"links": [change.start], "host_id": "web1"})
        assert not result.get("failed"), result["msg"]
        enter = ["ip", "netns", "exec", netns] if netns else []
        subprocess.run([*enter, "sh", "-e", "-c", ON_LINK], check=True, capture_output=True)


def seen(of: Host) -> dict[str, Any]:
    """Everything that the kernel has on a host."""
    return forked.inside(of.netns, kernel)


def kernel() -> dict[str, Any]:
    """Everything that the kernel has where this process is."""
    found = snapshot.kernel()
    # The kernel's own multicast routes and link-local addresses come and go with carriers, in its own time.
    found["routes"] = [route for route in found["routes"] if '"ff00::/8"' not in route and "fe80::" not in route]
    for name, texts in found["addresses"].items():
        found["addresses"][name] = [text for text in texts if not text.startswith("fe80:")]
    # A link that is up says UNKNOWN until the kernel's link watch, at most once a second, has looked at its carrier
    # (net/core/link_watch.c); LOWER_UP is among the flags at once.
    for link in found["links"].values():
        if link["operstate"] == "UNKNOWN" and "LOWER_UP" in link["flags"]:
            link["operstate"] = "UP"
    return found


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What differs between two states, in words; empty where nothing does."""
    said = []
    for kind, want in wanted.items():
        have = found[kind]
        if isinstance(want, dict):
            keys = [key for key in {**have, **want} if have.get(key) != want.get(key)]
            said += [f"{kind} {key}: {have.get(key)}, not {want.get(key)}" for key in keys]
        else:
            said += [f"{kind}: without {item}" for item in want if item not in have]
            said += [f"{kind}: also {item}" for item in have if item not in want]
    return "; ".join(said)
