# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall that sees what crosses a bridge: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.bridge_pass import bridge_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.filters import dropping, uncounted
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link

from . import causes_cases as cases

CAUSE = "bridge_netfilter"
GATEWAY = "192.168.100.1"


def _tried(fleet: dict, received: int = 0, how: str = "itself", **more: list) -> None:
    pings = [{"namespace": "web1-c1", "target": GATEWAY, "sent": 3, "received": received}]
    result = {"bridge": "br0", "how": how, "pings": pings, "drops": [], "uncounted": [], "legacy": [], **more}
    cases.experiment(fleet, "bridge_pass", result)


def _rule(place: str = "ip raw in", hook: str = "prerouting", dropped: int = 3) -> dict:
    return {
        "place": place,
        "hooks": [hook],
        "handle": 7,
        "packets": 90,
        "dropped": dropped,
        "matches": "[]",
        "addresses": [],
    }


def _set(fleet: dict, value: int) -> None:
    fleet["web1"]["after"]["bridge"]["bridge-nf-call-iptables"] = value


def test_a_rule_that_drops_as_many_as_are_lost_is_proof() -> None:
    fleet = cases.healthy()
    _tried(fleet, drops=[_rule(dropped=1), _rule("inet f in")])
    found = cases.verdict(fleet, CAUSE)
    assert found.status == "confirmed"
    assert "the rule 7 of inet f in dropped 3 packets while 3 pings of 192.168.100.1 were lost" in found.summary
    assert found.remedy.startswith("sysctl -w net.bridge.bridge-nf-call-iptables=0")
    assert cases.confirmed(fleet) == {("web1", CAUSE)}


@pytest.mark.parametrize(
    ("how", "rule", "setting", "status"),
    [
        ("itself", _rule(hook="forward"), 1, "ruled_out"),  # copies that the bridge floods
        ("port", _rule(hook="forward"), 1, "confirmed"),
        ("port", _rule(hook="forward"), 0, "ruled_out"),  # what the host routes
        ("itself", _rule(), 0, "ruled_out"),
        ("itself", _rule("ip6 raw in"), 1, "ruled_out"),
        ("itself", _rule(dropped=2), 1, "ruled_out"),
        ("itself", _rule("bridge f in", "input"), 0, "confirmed"),
        ("itself", _rule("bridge f in", "forward"), 0, "ruled_out"),
    ],
)
def test_only_rules_that_containers_pass_count(how: str, rule: dict, setting: int, status: str) -> None:
    fleet = cases.healthy()
    _set(fleet, setting)
    _tried(fleet, how=how, drops=[rule])
    assert cases.verdict(fleet, CAUSE).status == status


def test_a_policy_without_counter_is_a_hint_if_the_gateway_answers() -> None:
    policy = {"place": "ip filter FORWARD", "hooks": ["forward"], "handle": None}
    fleet = cases.healthy()
    _tried(fleet, how="port", uncounted=[policy])
    found = cases.verdict(fleet, CAUSE)
    assert found.status == "suspected"
    assert "the policy of ip filter FORWARD" in found.summary
    cases.lose(fleet, "gateway_from_parent", at=0)
    assert cases.verdict(fleet, CAUSE).status == "ruled_out"


def test_rules_that_nft_does_not_show_may_have_dropped_it() -> None:
    for setting, status in ((1, "not_tested"), (0, "ruled_out")):
        fleet = cases.healthy()
        _set(fleet, setting)
        _tried(fleet, legacy=["filter", "raw"])
        assert cases.verdict(fleet, CAUSE).status == status


def test_answered_containers_rule_it_out_whatever_is_dropped() -> None:
    fleet = cases.healthy()
    _tried(fleet, received=1, drops=[_rule(dropped=50)])
    assert cases.verdict(fleet, CAUSE).status == "ruled_out"
    fleet["web1"]["experiments"][-1]["result"] = {"bridge": None}
    assert cases.verdict(fleet, CAUSE).status == "ruled_out"
    assert cases.verdict(cases.healthy(), CAUSE).status == "not_tested"


def test_what_drops_without_counting_are_rules_and_policies() -> None:
    chain = {"family": "ip", "table": "t", "name": "c", "hook": "forward", "policy": "drop", "handle": 1}
    rule = {"family": "ip", "table": "t", "chain": "c"}
    ruleset = [
        {"chain": chain},
        {"rule": {**rule, "handle": 2, "expr": [{"drop": None}]}},
        {"rule": {**rule, "handle": 3, "expr": [{"counter": {"packets": 4}}, {"drop": None}]}},
        {"rule": {**rule, "handle": 4, "expr": [{"accept": None}]}},
    ]
    place = {"place": "ip t c", "hooks": ["forward"]}
    assert uncounted(ruleset) == [{**place, "handle": 2}, {**place, "handle": None}]
    assert [item["handle"] for item in dropping(ruleset)] == [3]


def _link(index: int, name: str, kind: str, **fields: int) -> Link:
    return Link(index=index, name=name, kind=kind, **fields)


def test_a_parent_is_a_bridge_or_plugged_into_one_of_this_host() -> None:
    bridge = _link(1, "br0", "bridge")
    port, plugged = _link(2, "port0", "veth", parent=3, master=1), _link(3, "eth0", "veth", parent=2)
    far = _link(4, "eth1", "veth", parent=2, parent_nsid=0)
    loose = _link(5, "eth2", "veth", parent=6)
    other = _link(6, "free0", "veth", parent=5)
    tagged = _link(7, "eth0.5", "vlan", parent=2)
    facts = Facts(links=(bridge, port, plugged, far, loose, other, tagged))
    assert bridge_of(bridge, facts) == (bridge, "itself")
    assert bridge_of(plugged, facts) == (bridge, "port")
    assert [bridge_of(link, facts) for link in (far, loose, tagged)] == [None, None, None]
