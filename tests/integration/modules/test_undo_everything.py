# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that is undone leaves all that the kernel knows of links as it was, whatever was configured by whom."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit import netns
from labkit.segment import Segment

from .seeds import seeds

LINK = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:10", "addresses": ["192.168.100.3"], "routes": []}

#: What a new link cannot have of the one before: said in `left`.
NEW = "link lan0: it is a new one with the index "

#: Of a link, each once at random: `{d}` is the device, `{n}` a number that differs from device to device.
SETTINGS = [
    "ip link set {d} txqueuelen {r}",
    "ip link set {d} group {r}",
    "ip link set {d} promisc on",
    "ip link set {d} allmulticast on",
    "ip link set {d} multicast off",
    "ip link property add dev {d} altname other-{d} altname longer-than-fifteen-{d}",
    "ip link set {d} gso_max_size 30000 gso_max_segs 17",
    "ip link set {d} gro_max_size 40000",
    "ip neigh add 192.168.100.20{n} dev {d} lladdr 02:00:00:00:01:0{n} nud permanent",
    "ip neigh add fd00:100::2{n} dev {d} lladdr 02:00:00:00:01:0{n} nud permanent router",
    "ip neigh add 192.168.100.21{n} dev {d} lladdr 02:00:00:00:02:0{n} nud permanent extern_learn",
    "ip neigh add proxy 192.168.100.22{n} dev {d}",
    "ip neigh add proxy fd00:100::3{n} dev {d}",
    "ip maddress add 01:00:5e:11:22:3{n} dev {d}",
    "ip token set ::{n}:{r} dev {d}",
    "ip link set {d} addrgenmode none",
    "echo 3{n} > /proc/sys/net/ipv4/neigh/{d}/gc_stale_time",
    "echo 4{n} > /proc/sys/net/ipv6/neigh/{d}/retrans_time_ms",
    "echo 5{n}001 > /proc/sys/net/ipv4/neigh/{d}/base_reachable_time_ms",
    "echo 1 > /proc/sys/net/ipv4/conf/{d}/proxy_arp",
    "echo 2 > /proc/sys/net/ipv4/conf/{d}/arp_announce",
    "echo 0 > /proc/sys/net/ipv6/conf/{d}/accept_redirects",
    "ip route add 10.{r}.0.0/16 dev {d} proto 42",
    "ip -6 route add fd00:{r}::/32 dev {d} metric 77",
    "ip address add 192.168.{r}.9/24 dev {d} valid_lft 500 preferred_lft 400",
    "ip rule add from 192.168.100.3{n} iif {d} table 100 priority {r}",
]
#: Only of the macvlan link.
OWN = [
    "ip link set lan0 type macvlan bclim 7",
    "ip link set lan0 type macvlan mode source",
    "ip link set lan0 type macvlan macaddr set 02:00:00:00:03:01 02:00:00:00:03:02",
    "ip link set lan0 alias another",
    "ip link set lan0 protodown on",
    "ip link set lan0 address 02:00:00:00:00:77",
]
MAKE = """
for name in all default eth0; do echo 0 > /proc/sys/net/ipv6/conf/$name/accept_dad; done
ip link add eth1 type veth peer name eth2
ip link set eth1 up
ip link set eth2 up
ip link add lan0 link eth0 address 02:00:00:00:00:10 {queues} type macvlan mode bridge
ip link set lan0 alias linuxnet.macvlan up
ip address add 192.168.100.3/32 dev lan0
ip address add fd00:100::3/128 dev lan0
"""
#: Unconfirmed changes: in place, gone, made again, half-way.
CHANGES = {
    "address": {**LINK, "addresses": ["192.168.100.4"], "mtu": 1400, "mac": "02:00:00:00:00:99"},
    "down": {**LINK, "up": False},
    "gone": {"name": "lan0", "state": "absent"},
    "again": {**LINK, "parent": "eth1"},
    "fails": {**LINK, "parent": "eth1", "routes": [{"destination": "10.0.0.0/8", "gateway": "1.2.3.4"}]},
}
#: Of a link in `ip -json`, what passes: indexes and the time.
PASSING = ("ifindex", "link_index", "valid_life_time", "preferred_life_time", "expires")


def steady(value):
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in PASSING}
    return [steady(item) for item in value] if isinstance(value, list) else value


def lines(items):
    return sorted(json.dumps(steady(item), sort_keys=True) for item in items)


def dump(host):
    """All of the namespace that a change of links can touch, once duplicate address detection is over."""
    until(lambda: "tentative" not in host.ip("-6", "address", "show").stdout)
    maddresses = host.json("maddress", "show")
    kept = {item["ifname"]: [m for m in item["maddr"] if m.get("users") or m.get("link")] for item in maddresses}
    routes = [*host.json("route", "show", "table", "all"), *host.json("-6", "route", "show", "table", "all")]
    return {
        "links": lines(host.json("link", "show")),
        "addresses": lines(
            {"ifname": link["ifname"], **item} for link in host.json("address", "show") for item in link["addr_info"]
        ),
        # The kernel adds these in its own time.
        "routes": [text for text in lines(routes) if '"multicast"' not in text and '"fe80::' not in text],
        "rules": lines([*host.json("rule", "show"), *host.json("-6", "rule", "show")]),
        "neighbours": lines(
            [
                *host.json("neigh", "show", "nud", "permanent"),
                *host.json("-4", "neigh", "show", "proxy"),
                *host.json("-6", "neigh", "show", "proxy"),
            ]
        ),
        "multicast": sorted(" ".join(line.split()[1:]) for line in static_multicast(host)),
        "tokens": lines(host.json("token", "list")),
        "devices": sorted(kept),
        "settings": host.run(
            "sh", "-c", "grep -r . /proc/sys/net/ipv?/conf /proc/sys/net/ipv?/neigh 2>/dev/null | sort"
        ).stdout,
    }


def until(condition):
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.1)


def static_multicast(host):
    found = host.run("cat", "/proc/net/dev_mcast").stdout.splitlines()
    return [line for line in found if line.split()[3] != "0"]


def furnish(segment, name, chosen):
    """A host with some of everything, and what of it this kernel or these tools know."""
    host = segment.host(name, addresses=["192.168.100.11/24", "fd00:100::11/64"])
    host.run("sh", "-e", "-c", MAKE.format(queues=chosen.choice(["", "numtxqueues 3 numrxqueues 2"])))
    for number, device in enumerate(("eth0", "lan0"), start=1):
        for script in chosen.sample(SETTINGS, 14):
            host.run("sh", "-c", script.format(d=device, n=number, r=chosen.randrange(40, 200)), check=False)
    for script in [command for command in OWN if chosen.random() < 0.6]:
        host.run("sh", "-c", script, check=False)
    return host


def until_nobody_works_on(host):
    assert netns.idle(host.netns, 90), "this did not happen"


def undone(host, change, timeout=1):
    args = {"links": [change], "host_id": "web1", "recreate": "when_needed"}
    done = host.module("macvlan_link", {**args, "confirm_token": "a1", "confirm_timeout": timeout})
    until_nobody_works_on(host)
    return done, host.module("confirm_change", {"token": "a1", "wait": 0})["data"]


@pytest.mark.parametrize("kind", CHANGES)
def test_all_is_as_it_was_but_what_the_kernel_cannot_give_back(kind):
    def run(seed):
        with Segment() as segment:
            host = furnish(segment, "h1", random.Random(f"{kind} {seed}"))
            before, index = dump(host), host.link("lan0")["ifindex"]
            done, data = undone(host, CHANGES[kind])
            after = dump(host)
            assert bool(done.get("failed")) == (kind == "fails"), done.get("msg")
            differs = {part: (set(before[part]) ^ set(after[part])) for part in before if part != "settings"}
            differs["settings"] = set(before["settings"].splitlines()) ^ set(after["settings"].splitlines())
            assert {part: found for part, found in differs.items() if found} == {}, f"seed {seed}: {data or done}"
            recreated = host.link("lan0")["ifindex"] != index
            assert recreated == (kind in ("gone", "again", "fails"))
            text = str(data.get("left", [])) if data else done["msg"]
            assert (NEW in text) == recreated
            if data:
                assert [item for item in data["left"] if not item.startswith(NEW)] == []

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, seeds(3)))


def test_what_nothing_can_restore_is_said_and_not_waited_for(segment):
    host = furnish(segment, "h1", random.Random(1))
    host.ip("link", "set", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "add", "top0", "type", "vxlan", "id", "7", "dev", "lan0", "dstport", "4789")
    host.run("tc", "qdisc", "add", "dev", "lan0", "root", "handle", "5:", "pfifo", "limit", "9")
    _done, data = undone(host, CHANGES["gone"])
    text = "; ".join(data["left"])
    assert "link lan0: its queueing disciplines are gone" in text
    assert "link top0: it went with lan0, on which it was" in text
    assert data["undone"]
