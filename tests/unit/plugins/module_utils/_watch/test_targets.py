# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Attempt, Series
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.request import parse
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.targets import (
    first_break,
    intervals,
    of_requested,
)


def series(script: str) -> Series:
    """One attempt in each half second: + answered, - lost."""
    return Series(tuple(Attempt(number / 2, 0.001 if step == "+" else None) for number, step in enumerate(script)))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("++++", [], id="none"),
        pytest.param("", [], id="nothing asked"),
        pytest.param("++--++", [[1.0, 2.0]], id="one gap"),
        pytest.param("-+-+", [[0.0, 0.5], [1.0, 1.5]], id="two gaps"),
        pytest.param("++--", [[1.0, 9.0]], id="until the end"),
        pytest.param("----", [[0.0, 9.0]], id="never answered"),
    ],
)
def test_loss_intervals_go_from_the_first_lost_to_the_first_answered(script, expected):
    assert intervals(series(script), 9.0) == expected


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        pytest.param({"a": "++++"}, None, id="healthy"),
        pytest.param({"a": "++-+"}, None, id="a single loss breaks nothing"),
        pytest.param({"a": "----"}, None, id="never worked, so it did not break"),
        pytest.param({"a": "-+--"}, {"after": 1.0, "target": "a"}, id="after an answer"),
        pytest.param({"a": "++--", "b": "+--+"}, {"after": 0.5, "target": "b"}, id="the earliest of all"),
    ],
)
def test_first_break(scripts, expected):
    assert first_break({name: series(script) for name, script in scripts.items()}) == expected


def test_all_faults_of_a_request_are_reported_at_once():
    problems = Problems()
    parse(
        {
            "duration": 0,
            "interval": 5,
            "speed": 1,
            "networks": [{"name": "lan0"}],
            "targets": [
                {"target": "gw.example"},
                {"target": "192.0.2.1", "method": "smoke"},
                {"target": "192.0.2.1", "method": "who_has"},
                {"target": "192.0.2.1", "method": "tcp"},
                {"target": "192.0.2.1", "port": 80, "link": "eth0"},
                "192.0.2.1",
            ],
        },
        problems,
    )
    keys = {item.key for item in problems.items}
    assert {
        "request.speed", "duration", "interval", "networks[0].parent", "networks[0].subnets", "targets[0].target",
        "targets[1].method", "targets[2].link", "targets[3].port", "targets[4].port", "targets[4].link", "targets[5]",
    } <= keys  # fmt: skip


def test_unknown_namespaces_are_reported_with_the_known_ones():
    problems = Problems()
    request = parse(
        {
            "targets": [
                {"target": "192.0.2.1", "namespace": "c9"},
                {"target": "192.0.2.1", "method": "who_has", "link": "eth9"},
                {"target": "192.0.2.1", "namespace": "c1", "method": "tcp", "port": 80},
            ]
        },
        problems,
    )
    assert not problems
    namespaces = [Namespace("", OWN, 1), Namespace("c1", "/run/netns/c1", 2)]
    (target,) = of_requested(request.targets, namespaces, ["eth0"], problems)
    assert [item.key for item in problems.items] == ["targets[0].namespace", "targets[1].link"]
    assert "c1" in problems.items[0].remedy
    assert (target.target, target.namespace, target.probe.namespace) == ("192.0.2.1:80", "c1", "/run/netns/c1")
