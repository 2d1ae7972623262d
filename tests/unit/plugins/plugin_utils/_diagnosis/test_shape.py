# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of another version or form is refused in one sentence that names the place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import shape

from .causes import causes_cases as cases

EVENT = {
    "after": 1.5, "action": "delete", "namespace": "", "link": "lan0", "what": "address removed",
    "process": None, "process_unknown": "",
}  # fmt: skip
ADDRESS = {
    "address": "192.168.100.3/32", "scope": 0, "permanent": True, "tentative": False, "dadfailed": False,
    "valid_seconds": None,
}  # fmt: skip
PROCESS = {
    "pid": 7, "name": "ip", "unit": None, "command": "ip a", "known_by": "port id", "parents": [], "self": False,
}  # fmt: skip


def evidence() -> dict[str, Any]:
    found: dict[str, Any] = cases.healthy()["web1"]
    return found


def refusal(data: object) -> str:
    with pytest.raises(shape.NotUnderstood) as caught:
        shape.understood(data)
    return str(caught.value)


def replaced(value: object, *path: str | int) -> dict[str, Any]:
    """The evidence of a healthy host with another value in one place."""
    made: Any = evidence()
    place = made
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    found: dict[str, Any] = made
    return found


def test_evidence_that_hosts_gave_is_understood() -> None:
    for host, data in cases.healthy().items():
        assert shape.understood(data)["host"] == host


@pytest.mark.parametrize("part", ["before", "after", "watch", "drift"])
def test_a_part_that_could_not_be_read_is_understood(part: str) -> None:
    assert shape.understood(replaced(None, part))


def test_further_keys_are_understood() -> None:
    assert shape.understood(replaced([1], "after", "namespaces", 0, "links", 0, "new_in_a_later_release"))


def test_events_are_understood_by_their_kind() -> None:
    events = [
        {**EVENT, "kind": "address", "data": ADDRESS, "process": PROCESS},
        {**EVENT, "kind": "address", "data": {**ADDRESS, "changed": {"tentative": [True, False]}}, "suspects": []},
        {**EVENT, "kind": "process", "data": {}},
    ]
    assert shape.understood(replaced(events, "watch", "events"))["watch"]


@pytest.mark.parametrize("selector", ["eth0", {"mac": "52:54:00:12:34:56"}, {"default_route": True}])
def test_every_form_of_a_parent_is_understood(selector: object) -> None:
    assert shape.understood(replaced(selector, "networks", 0, "parent"))


def test_a_newer_version_is_refused_with_both_versions() -> None:
    found = refusal(replaced(2, "schema"))
    assert found == (
        "its evidence has schema version 2, and this release reads version 1: judge it with the release that"
        " collected it"
    )


@pytest.mark.parametrize(
    ("version", "found"), [(0, "schema version 0"), ("1", "schema version '1'"), (True, "schema version True")]
)
def test_an_older_or_broken_version_is_refused(version: object, found: str) -> None:
    assert refusal(replaced(version, "schema")) == (
        f"its evidence has {found}, and this release reads version 1: collect it again with this release"
    )


def test_evidence_without_a_version_is_refused() -> None:
    data = evidence()
    del data["schema"]
    assert refusal(data).startswith("its evidence has no schema version, and this release reads version 1")


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_what_is_no_mapping_is_refused(data: object) -> None:
    assert "instead of a mapping" in refusal(data)


@pytest.mark.parametrize(
    ("value", "path", "problem"),
    [
        ("x", ("after", "namespaces", 0, "links", 1, "mtu"), "after.namespaces[0].links[1].mtu is 'x' instead of"),
        (True, ("after", "namespaces", 0, "inode"), "after.namespaces[0].inode is True instead of an integer"),
        ([], ("after",), "after is a list instead of a mapping or null"),
        (None, ("problems",), "problems is null instead of a list"),
        ({}, ("experiments", 0, "result", "asked"), "experiments[0].result.asked is a mapping instead of a list"),
        (3, ("after", "networks", "lan0"), "after.networks['lan0'] is 3 instead of a mapping"),
        ("no", ("watch", "interval"), "watch.interval is 'no' instead of a number"),
        ({7: 1}, ("after", "bridge"), "after.bridge has the key 7 instead of a text"),
        (["ping"], ("experiments",), "experiments[0] is 'ping' instead of a mapping"),
        ({"mac": 3}, ("networks", 0, "parent"), "networks[0].parent['mac'] is 3 instead of a text or true or false"),
        (3, ("networks", 0, "parent"), "networks[0].parent is 3 instead of a text or a mapping"),
        ([{"kind": "weather"}], ("watch", "events"), "watch.events[0].kind is 'weather' instead of one of address"),
        ([{"kind": ["arp"]}], ("watch", "events"), "watch.events[0].kind is a list instead of one of address, arp"),
        ([{**EVENT, "kind": "address", "data": {}}], ("watch", "events"), "watch.events[0].data.address is missing"),
    ],
)  # fmt: skip
def test_another_form_is_refused_with_its_place(value: object, path: tuple[str | int, ...], problem: str) -> None:
    found = refusal(replaced(value, *path))
    assert f"does not have the form of schema version 1: {problem}" in found
    assert found.endswith("; collect it again with this release")


def test_a_missing_key_is_refused_with_its_place() -> None:
    data = evidence()
    del data["watch"]["targets"][0]["losses"]
    assert "watch.targets[0].losses is missing" in refusal(data)


def test_long_values_are_cut() -> None:
    assert len(refusal(replaced("x" * 10_000, "started"))) < 300


def test_more_values_than_a_host_can_collect_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "VALUES_MAX", 100)
    assert "is too large: more than 100 values" in refusal(evidence())
