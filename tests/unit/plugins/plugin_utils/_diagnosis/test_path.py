# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The joins of what several hosts saw of a lost probe, and the kernel's reasons in words."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.path import REASONS, drop_words, located

from .causes import causes_cases as cases

#: A container of web2, which web1 asks through its link.
ADDRESS, TARGET = "192.168.100.145", "lan0/host_to_container/host>192.168.100.145/echo"
LOST = [[4, 11]]


def _fleet(protocol: str = "icmp", hops: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The healthy fleet, in which web1 lost probes behind its parent, and what web2 saw of them."""
    fleet = cases.healthy()
    edge = {
        "edge": ["eth0", "network"], "direction": "unknown", "protocol": protocol, "numbers": LOST, "count": 8,
        "first": 1.0, "last": 3.0, "drops": [],
    }  # fmt: skip
    target = {
        "target": TARGET, "address": ADDRESS, "probe": 3, "mac": "02:00:5e:10:00:01", "hops": ["lan0", "eth0"],
        "end": "network", "sent": 12, "answered": 4, "request_hop": "eth0", "answer_hop": "", "edges": [edge],
    }  # fmt: skip
    fleet["web1"]["paths"] = _paths("aa", [target], [])
    seen = {
        "nonce": "aa" if protocol == "icmp" else "", "probe": 3 if protocol == "icmp" else 0, "protocol": protocol,
        "mac": "" if protocol == "icmp" else "02:00:5e:10:00:01", "address": ADDRESS, "hops": hops,
    }  # fmt: skip
    fleet["web2"]["paths"] = _paths("bb", [], [seen] if hops else [])
    fleet["web2"].update(started=fleet["web1"]["started"], ended=fleet["web1"]["ended"])
    return fleet


def _paths(nonce: str, targets: list[Any], foreign: list[Any]) -> dict[str, Any]:
    return {"nonce": nonce, "targets": targets, "foreign": foreign, "not_traced": "", "limits": []}


def _holder() -> str:
    spaces = cases.healthy()["web2"]["before"]["namespaces"]
    return next(
        f"{space['label']}/{item['link']}"
        for space in spaces
        for item in space["addresses"]
        if item["address"].startswith(ADDRESS)
    )


def _inside() -> str:
    return _holder().rpartition("/")[0]


def _hop(name: str, requests: list[list[int]], answers: list[list[int]]) -> dict[str, Any]:
    counts = [sum(last - first + 1 for first, last in runs) for runs in (requests, answers)]
    return {
        "hop": name, "requests": requests, "answers": answers, "request_count": counts[0], "answer_count": counts[1],
    }  # fmt: skip


def _found(*hops: dict[str, Any], protocol: str = "icmp") -> tuple[str, str, str]:
    [item] = located(_fleet(protocol, list(hops)))["web1", TARGET]
    return (*item.edge, item.direction)


def test_without_the_holder_s_host_the_direction_is_not_known():
    fleet = _fleet()
    del fleet["web2"]
    [item] = located(fleet)["web1", TARGET]
    assert (*item.edge, item.direction) == ("eth0 of web1", "the network", "unknown")
    assert (item.share, item.witnesses) == (8 / 12, ("web1",))


def test_requests_that_the_holder_s_host_never_saw_were_lost_in_the_network():
    assert _found() == ("eth0 of web1", "eth0 of web2", "request")
    assert _found(_hop("eth0", [[0, 3]], [[0, 3]])) == ("eth0 of web1", "eth0 of web2", "request")


def test_answers_that_left_the_holder_s_host_were_lost_in_the_network():
    hops = _hop("eth0", [[0, 11]], [[0, 11]]), _hop(_holder(), [[0, 11]], [[0, 11]])
    assert _found(*hops) == ("eth0 of web2", "eth0 of web1", "answer")


def test_requests_that_reached_the_other_parent_and_not_the_container():
    hops = _hop("eth0", [[0, 11]], [[0, 3]]), _hop(_holder(), [[0, 3]], [[0, 3]])
    assert _found(*hops) == ("eth0 of web2", f"{_holder()} of web2", "request")


def test_requests_that_reached_the_other_container_and_were_not_answered():
    hops = _hop("eth0", [[0, 11]], [[0, 3]]), _hop(_holder(), [[0, 11]], [[0, 3]])
    assert _found(*hops) == (f"{_holder()} of web2", f"container {_inside()} itself", "request")


def test_answers_that_did_not_get_from_the_container_to_its_parent():
    hops = _hop("eth0", [[0, 11]], [[0, 3]]), _hop(_holder(), [[0, 11]], [[0, 11]])
    assert _found(*hops) == (f"{_holder()} of web2", "eth0 of web2", "answer")


def test_arp_is_joined_by_asker_and_address():
    hops = _hop("eth0", [[0, 7]], []), _hop(_holder(), [[0, 7]], []), _hop("other/eth0", [[0, 7]], [])
    assert _found(*hops, protocol="arp") == (f"{_holder()} of web2", f"container {_inside()} itself", "request")


def test_reasons_have_words_and_unknown_ones_are_quoted():
    drop: Any = {"reason": "IP_RPFILTER", "location": "ip_rcv_finish_core", "device": "eth0", "count": 3}
    assert "reverse path filter" in drop_words(drop)
    assert "ip_rcv_finish_core" in drop_words(drop)
    assert "NEW_REASON" in drop_words({**drop, "reason": "NEW_REASON"})
    assert all(item.words and item.look for item in REASONS.values())
