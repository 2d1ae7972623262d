# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run takes a host from one declaration to another, whatever both are, and a second one finds nothing to do."""

from __future__ import annotations

import random

import pytest

#: Pairs of declarations per host.
PAIRS = 4
NAMES = ("lan0", "mvz", "aa0")
SEED = 20261129


def _declaration(host, rng: random.Random) -> list[dict]:
    """Some of three links in any order, with addresses and modes that another one may have had before."""
    names = rng.sample(NAMES, rng.randint(0, len(NAMES)))
    addresses = rng.sample(range(len(NAMES)), len(names))
    mode = rng.choice(("bridge", "private"))
    return [
        {
            "name": name,
            "parent": "eth0",
            "mode": mode,
            # Another link that stays may not have had it before: both cannot be up with it, not even for a moment.
            "mac": f"02:00:5e:00:{host.number}:{NAMES.index(name):02}",
            "addresses": [f"192.168.100.{host.number * 5 + address}/32"],
            "parent_sysctl": rng.choice(({}, {"arp_filter": 1})),
        }
        for name, address in zip(names, addresses, strict=False)
    ]


@pytest.fixture(autouse=True)
def nothing_left(host):
    """Also after a test that failed."""
    yield
    host.link(links=[{"name": name, "state": "absent"} for name in NAMES])


def _replace(host, before: list[dict], after: list[dict]) -> None:
    kept = {link["name"] for link in after}
    gone = [{"name": link["name"], "state": "absent"} for link in before if link["name"] not in kept]
    host.link(links=[*after, *gone], recreate="when_needed")
    again = host.link(links=[*after, *gone], recreate="when_needed")
    assert (again["changed"], again["messages"]) == (False, [])


def test_a_link_under_another_name_replaces_one(host):
    one = host.declared()
    other = {**one, "name": "mvz"}
    clean = host.snapshot()
    for before, after in (([], [one]), ([one], [other]), ([other], [one])):
        _replace(host, before, after)
    _replace(host, [one], [])
    assert host.snapshot() == clean


@pytest.mark.parametrize("pair", range(PAIRS))
def test_any_declaration_replaces_any_other(host, pair):
    rng = random.Random(f"{SEED} {host.name} {pair}")
    clean = host.snapshot()
    before, after = _declaration(host, rng), _declaration(host, rng)
    _replace(host, [], before)
    _replace(host, before, after)
    _replace(host, after, [])
    assert host.snapshot() == clean
