# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings on parents: who needs them, what they were before, and when they are given back."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import parent_settings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link

ETH0 = Link(2, "eth0", mac="52:54:00:00:00:02")
FACTS = Facts(links=(ETH0,))
PATH = "net/ipv4/conf/eth0/arp_filter"


def link(name, **settings):
    return DesiredLink(name=name, parent="eth0", resolved=ETH0, parent_sysctl=tuple(settings.items()))


def planned(present, removed, memory, now):
    difference = Difference()
    made = parent_settings.plan(present, removed, memory, {PATH: now}, difference)
    return [step.value for step in [*made.before, *made.after]], made.memory, difference.messages()


def test_the_value_before_the_first_link_is_remembered():
    steps, after, messages = planned([link("lan0", arp_filter=1)], [], {}, 0)
    assert steps == [1]
    assert after == {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}
    assert messages == ["interface eth0 arp_filter: 0 -> 1"]


def test_it_is_given_back_with_the_last_link_that_needs_it():
    memory = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0", "lan1"]}}}
    assert planned([link("lan0", arp_filter=1)], ["lan1"], memory, 1)[0] == []
    steps, after, messages = planned([], ["lan0", "lan1"], memory, 1)
    assert (steps, after, messages) == ([0], {}, ["interface eth0 arp_filter: 1 -> 0"])


def test_a_link_that_no_longer_wants_it_gives_it_back():
    memory = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}
    assert planned([link("lan0")], [], memory, 1)[:2] == ([0], {})


def test_repaired_drift_of_the_parent_is_not_the_value_to_restore():
    memory = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}
    assert planned([link("lan0", arp_filter=1)], [], memory, 0)[:2] == ([1], memory)


def test_a_run_under_way_forgets_nothing_that_a_killed_one_could_need():
    before = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}
    assert parent_settings.merged(before, {}) == before
    new = {"eth1": {"arp_filter": {"before": 1, "links": ["lan1"]}}}
    assert parent_settings.merged(before, new) == {**before, **new}


MEMORY = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}
OTHER_MAC = "52:54:00:00:00:99"


def of_namespace(tmp_path, monkeypatch, cookie):
    """The path of a memory that was saved in a plain network namespace."""
    monkeypatch.setattr(parent_settings, "cookie", lambda: cookie)
    path = str(tmp_path / "netns-1" / "parents.json")
    monkeypatch.setattr(parent_settings, "TRANSIENT", str(tmp_path))
    parent_settings.save(path, MEMORY, FACTS)
    return path


def lan0(alias=MARK):
    return Link(3, "lan0", kind="macvlan", parent=2, alias=alias)


def test_a_parent_whose_mac_changed_is_the_same_device(tmp_path, monkeypatch):
    path = of_namespace(tmp_path, monkeypatch, cookie=7)
    assert parent_settings.load(path, Facts(links=(Link(2, "eth0", mac=OTHER_MAC),))) == MEMORY


def test_without_a_cookie_the_memory_counts_only_for_the_same_device(tmp_path, monkeypatch):
    path = of_namespace(tmp_path, monkeypatch, cookie=0)
    assert parent_settings.load(path, FACTS) == MEMORY
    other = Link(2, "eth0", mac=OTHER_MAC)
    assert parent_settings.load(path, Facts(links=(other,))) == {}, "another namespace with the same number"
    assert parent_settings.load(path, Facts(links=(other, lan0(alias="")))) == {}
    assert parent_settings.load(path, Facts(links=(other, lan0()))) == MEMORY, "our own link is on it"


@pytest.mark.parametrize(
    ("links", "name"),
    [
        pytest.param([Link(2, "wan", mac=ETH0.mac)], "wan", id="renamed"),
        pytest.param([Link(2, "wan", mac=ETH0.mac), Link(7, "eth0", mac=OTHER_MAC)], "wan", id="name taken by another"),
        pytest.param([Link(2, "wan", mac=OTHER_MAC)], "eth0", id="another device with its index"),
        pytest.param([Link(7, "wan", mac=ETH0.mac)], "eth0", id="a VLAN with its MAC address"),
        pytest.param([Link(7, "eth0", mac=OTHER_MAC)], "eth0", id="replaced"),
        pytest.param([], "eth0", id="gone"),
    ],
)
def test_a_parent_that_was_renamed_keeps_its_entry(tmp_path, monkeypatch, links, name):
    monkeypatch.setattr(parent_settings, "PERMANENT", str(tmp_path))
    path = str(tmp_path / "parents.json")
    parent_settings.save(path, MEMORY, FACTS)
    assert parent_settings.load(path, Facts(links=tuple(links))) == {name: MEMORY["eth0"]}


def test_an_index_means_nothing_after_a_boot(tmp_path, monkeypatch):
    monkeypatch.setattr(parent_settings, "PERMANENT", str(tmp_path))
    path = str(tmp_path / "parents.json")
    parent_settings.save(path, MEMORY, FACTS)
    monkeypatch.setattr(parent_settings.boot, "boot_id", lambda: "another")
    assert parent_settings.load(path, Facts(links=(Link(2, "wan", mac=ETH0.mac),))) == MEMORY


def test_an_unreadable_memory_is_none(tmp_path):
    path = tmp_path / "parents.json"
    for text in ("", "{", "[]", json.dumps({"eth0": 1})):
        path.write_text(text)
        assert parent_settings.load(str(path), FACTS) == {}


_SETTING = {"before": 0, "links": ["lan0"]}


@pytest.mark.parametrize(
    "data",
    [
        {"version": 2, "parents": {"eth0": {"mac": "", "settings": {"arp_filter": _SETTING}}}},
        {"../../kernel": {"mac": "", "settings": {"arp_filter": _SETTING}}},
        {"eth0": {"mac": "", "settings": {"../forwarding": _SETTING}}},
        {"eth0": {"mac": 5, "settings": {"arp_filter": _SETTING}}},
        {"eth0": {"mac": "", "settings": ["arp_filter"]}},
        {"eth0": {"mac": "", "index": [2], "settings": {"arp_filter": _SETTING}}},
        {"eth0": {"mac": "", "boot": 3, "settings": {"arp_filter": _SETTING}}},
        *({"eth0": {"mac": "", "settings": {"arp_filter": {**_SETTING, **wrong}}}}
          for wrong in ({"before": "0"}, {"before": True}, {"before": 10**30}, {"links": "lan0"}, {"links": [1]})),
    ],
)  # fmt: skip
def test_a_memory_that_another_version_wrote_is_none(tmp_path, monkeypatch, data):
    monkeypatch.setattr(parent_settings, "PERMANENT", str(tmp_path))
    path = tmp_path / "parents.json"
    good = {"eth1": {"mac": "", "settings": {"arp_filter": _SETTING}}}
    path.write_text(json.dumps({**data, **good}))
    found = parent_settings.load(str(path), FACTS)
    assert found == {"eth1": {"arp_filter": _SETTING}}, "what is understood counts"
    parent_settings.plan([], ["lan0"], found, {}, Difference())


@pytest.mark.parametrize(("make", "kind"), [(os.mkfifo, "special file"), (os.mkdir, "directory")])
def test_what_is_no_file_at_the_path_of_the_memory_is_a_problem(tmp_path, make, kind):
    path = str(tmp_path / "parents.json")
    make(path)
    problems = Problems("web1")
    assert parent_settings.load(path, FACTS) == {}
    parent_settings.check_memory(path, problems)
    assert f"web1: path = '{path}': this is a {kind}" in problems.report()


def test_two_links_that_want_different_values_are_a_problem():
    problems = Problems("web1")
    parent_settings.check([link("lan0", arp_filter=1), link("lan1", arp_filter=0)], problems)
    assert [problem.problem for problem in problems.items] == ["link lan0 wants 1 on eth0"]
