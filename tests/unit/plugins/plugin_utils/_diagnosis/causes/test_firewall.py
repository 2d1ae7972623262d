# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the host's firewall for containers: what is kept of them, and when they are suspected to be bypassed."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.filters import dropping

from . import causes_cases as cases

DROP = [{"counter": {"packets": 0, "bytes": 0}}, {"drop": None}]


def _match(right: object, op: str = "==", field: str = "daddr") -> dict:
    return {"match": {"op": op, "left": {"payload": {"protocol": "ip", "field": field}}, "right": right}}


def _chain(name: str, hook: str | None = None) -> dict:
    return {"chain": {"family": "inet", "table": "f", "name": name, **({"hook": hook} if hook else {})}}


def _rule(chain: str, *expressions: dict) -> dict:
    return {"rule": {"family": "inet", "table": "f", "chain": chain, "handle": 7, "expr": list(expressions)}}


def test_addresses_are_ranges_and_what_is_no_equality_is_none() -> None:
    for right, op, expected in (
        ("10.0.0.1", "==", ["10.0.0.1-10.0.0.1"]),
        ({"prefix": {"addr": "10.0.0.0", "len": 30}}, "==", ["10.0.0.0-10.0.0.3"]),
        ({"range": ["10.0.0.1", "10.0.0.9"]}, "==", ["10.0.0.1-10.0.0.9"]),
        ({"set": ["10.0.0.1", {"range": ["10.0.0.5", "10.0.0.6"]}]}, "==", ["10.0.0.1-10.0.0.1", "10.0.0.5-10.0.0.6"]),
        ("@known", "==", []),
        ("10.0.0.1", "!=", []),
    ):
        found = dropping([_chain("c", "input"), _rule("c", _match(right, op), *DROP)])
        assert [item["addresses"] for item in found] == [expected], right


def test_a_chain_has_the_hooks_from_which_it_is_reached() -> None:
    ruleset = [
        _chain("forward", "forward"),
        _chain("input", "input"),
        _chain("middle"),
        _chain("last"),
        _rule("middle", {"goto": {"target": "last"}}),
        _rule("forward", {"jump": {"target": "middle"}}),
        _rule("last", *DROP),
        _rule("forward", {"accept": None}),
    ]
    assert [item["hooks"] for item in dropping(ruleset)] == [["forward"]]
    ruleset.append(_rule("input", {"jump": {"target": "last"}}))
    assert [item["hooks"] for item in dropping(ruleset)] == [["forward", "input"]]


def _filter(fleet: dict, **fields: object) -> None:
    rule = {
        "place": "ip filter DOCKER-USER", "hooks": ["forward"], "handle": 7, "packets": 0,
        "addresses": ["192.168.100.129-192.168.100.129"], "matches": "[]", **fields,
    }  # fmt: skip
    fleet["web1"]["after"]["filters"] = [rule]


def test_a_rule_that_never_matches_a_containers_traffic_is_suspected() -> None:
    fleet = cases.healthy()
    _filter(fleet)
    found = cases.verdict(fleet, "host_firewall_bypassed")
    assert found.status == "suspected"
    assert "DOCKER-USER on web1 has a rule that drops packets of 192.168.100.129" in found.summary
    for item in fleet["web1"]["watch"]["targets"]:
        item["received"] = 0
    assert cases.verdict(fleet, "host_firewall_bypassed").status == "ruled_out", "no traffic"


def test_rules_that_match_or_concern_other_traffic_are_no_sign() -> None:
    for fields in (
        {"packets": 3},
        {"addresses": []},
        {"addresses": ["192.168.100.0-192.168.100.255"]},
        {"addresses": ["172.17.0.2-172.17.0.2"]},
        {"addresses": ["192.168.100.140-192.168.100.140"]},
        {"hooks": ["forward", "input"]},
        {"hooks": ["input"]},
        {"hooks": []},
        {"place": "netdev filter eth0"},
        {"place": "bridge filter forward"},
    ):
        fleet = cases.healthy()
        _filter(fleet, **fields)
        assert cases.verdict(fleet, "host_firewall_bypassed").status == "ruled_out", fields
    assert cases.verdict(cases.healthy(), "host_firewall_bypassed").status == "ruled_out"
