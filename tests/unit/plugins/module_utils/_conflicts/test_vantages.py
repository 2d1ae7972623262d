# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import vantages as probe_vantages
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace

EVERYWHERE = [
    (Namespace("", "/proc/thread-self/ns/net", 1), Facts((Link(2, "eth0"), Link(3, "lan0", "macvlan", parent=2)))),
    (Namespace("c1", "/run/netns/c1", 2), Facts((Link(2, "eth0", "macvlan", parent=2, parent_nsid=0),), (), (), 0)),
]


def parse(*values):
    problems = Problems()
    found = probe_vantages.parse(values, "vantages", problems)
    return found, {item.key: item.problem for item in problems.items}


def test_the_forms():
    found, problems = parse("parent", "child", "lan0", {"link": "eth0", "namespace": "c1"}, {"link": "eth1"})
    assert problems == {}
    assert [(item.name, item.link, item.namespace) for item in found] == [
        ("parent", "", ""), ("child", "", ""), ("lan0", "lan0", ""), ("c1/eth0", "eth0", "c1"), ("eth1", "eth1", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (7, "this is no vantage"),
        ({}, "this is no vantage"),
        ({"namespace": "c1"}, "this is no vantage"),
        ({"link": "eth0", "colour": "red"}, "this is no vantage"),
        ({"link": "eth0", "namespace": 7}, "a namespace is given by its name"),
        ({"link": "parent"}, "parent means the parent of each probe, not a link of that name"),
        ("a-name-that-is-too-long", "an interface name has at most 15 characters, this one has 23"),
    ],
)
def test_what_is_no_vantage(value, problem):
    assert parse(value) == ([], {"vantages[0]": problem})


def test_each_is_listed_once_and_at_least_one():
    assert parse("parent", "lan0", {"link": "lan0"})[1] == {"vantages[2]": "this is listed twice"}
    assert parse()[1] == {"vantages": "there is no vantage to ask from"}


def test_links_that_the_host_does_not_have():
    found, dummy = parse("lan0", "lan1", {"link": "eth0", "namespace": "c1"}, {"link": "eth1", "namespace": "c1"},
                         {"link": "eth0", "namespace": "c2"})  # fmt: skip
    problems = Problems()
    probe_vantages.check_links(found, EVERYWHERE, problems)
    assert {item.key: item.problem for item in problems.items} == {
        "vantages[1]": "this host has no link lan1",
        "vantages[3]": "namespace c1 has no link eth1",
        "vantages[4]": "this host has no network namespace c2",
    }
    assert problems.items[2].remedy == "name one that it has: c1"
