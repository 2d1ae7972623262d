# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that were made by hand, with routes of every kind: module, next run and keeper mean the same route."""

from __future__ import annotations

import random

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState

from .seeds import seeds

ADDRESSES = ["192.168.100.3/32", "fd00:100::3/128"]
ROUTES = [
    {"destination": "192.168.100.128/28"},
    {"destination": "192.168.100.144/28", "source": "192.168.100.3", "metric": 50},
    {"destination": "198.51.100.0/24", "gateway": "192.168.100.129"},
    {"destination": "fd00:100::8000/113"},
    {"destination": "fd00:100::4000/114", "metric": 50, "source": "fd00:100::3"},
]

LINK = {"name": "lan0", "parent": "eth0", "addresses": ADDRESSES, "routes": ROUTES, "persistence": "none"}


def by_hand(host) -> None:
    host.ip("link", "add", "lan0", "link", "eth0", "type", "macvlan", "mode", "bridge")
    for address in ADDRESSES:
        host.ip("address", "add", address, "dev", "lan0", "nodad")
    host.ip("link", "set", "lan0", "up")


def routes(host) -> list[str]:
    found = [
        f"{family} {line.strip()}"
        for family in ("-4", "-6")
        for line in host.ip(family, "route", "show", "dev", "lan0").stdout.splitlines()
    ]
    return sorted(line for line in found if "proto kernel" not in line)


def run(host, **options):
    link = {name: value for name, value in LINK.items() if name != "persistence"}
    result = host.module("macvlan_link", {"links": [link], "host_id": "h1", "persistence": "none"}, **options)
    assert not result.get("failed"), result["msg"]
    return result


def random_routes(generator: random.Random) -> list[list[str]]:
    """Arguments of `ip route append`: declared destinations and others, with any attributes."""
    made = []
    for _number in range(generator.randint(1, 8)):
        declared = generator.choice(ROUTES)
        destination = generator.choice([declared["destination"], declared["destination"], "203.0.113.0/24"])
        six = ":" in destination
        words = ["-6" if six else "-4", "route", "append", destination, "dev", "lan0"]
        if "gateway" in declared and not six and generator.random() < 0.5:
            words += ["via", declared["gateway"], "onlink"]
        words += generator.choice([[], [], ["proto", "static"], ["proto", "boot"]])
        words += generator.choice([[], [], ["metric", "50"], ["metric", "410"]])
        if generator.random() < 0.3:
            words += ["src", "fd00:100::3" if six else "192.168.100.3"]
        words += generator.choice([[], [], [], ["mtu", "1400"], ["advmss", "1300"]])
        if not six:
            words += generator.choice([[], [], [], ["tos", "0x10"], ["scope", "link"] if "via" not in words else []])
        made.append(words)
    return made


@pytest.mark.parametrize("seed", seeds(6))
def test_routes_that_were_made_by_hand_become_the_declared_ones(segment, tmp_path, seed):
    host = segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])
    by_hand(host)
    made = random_routes(random.Random(seed))
    for words in made:
        host.run(
            "ip", *words, check=False
        )  # the kernel refuses some: a second IPv6 route that differs in its maker only
    before = routes(host)
    predicted = run(host, check=True)
    assert routes(host) == before
    done = run(host)
    assert (predicted["messages"], predicted["diff"]) == (done["messages"], done["diff"]), made
    after = routes(host)
    again = run(host)
    assert not again["changed"], (made, again["messages"])
    # The keeper finds each of them, and adds none.
    problems = Problems()
    (link,) = link_parser.parse([{k: v for k, v in LINK.items() if k != "persistence"}], "h1", problems).present
    script = tmp_path / "lan0.sh"
    script.write_text(keeper.making(link.on(Link(2, "eth0")), HostState()))
    assert host.run("sh", str(script), "once").returncode == 0
    assert routes(host) == after, made


def test_the_most_copied_recipe_is_adopted(segment):
    host = segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])
    by_hand(host)
    host.ip("route", "add", "192.168.100.128/28", "dev", "lan0")
    done = run(host)
    text = "\n".join(done["messages"])
    assert "192.168.100.128/28 proto boot" in text
    shown = host.ip("route", "show", "exact", "192.168.100.128/28").stdout.splitlines()
    assert len(shown) == 1
    assert "proto static" in shown[0]
    assert not run(host)["changed"]
