# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes in kernel, parent and boot: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

from typing import Any

import pytest

from . import causes_cases as cases

OTHER = "02:00:5e:77:00:01"
UNIT = "/etc/systemd/system/linuxnet-macvlan-lan0.service"


def _without_link(fleet: dict[str, Any], *moments: str) -> None:
    """web1's own link is not there."""
    for moment in moments:
        own = fleet["web1"][moment]["namespaces"][0]
        for kind, key in (("links", "name"), ("addresses", "link"), ("routes", "link")):
            own[kind] = [item for item in own[kind] if item[key] != "lan0"]
        fleet["web1"][moment]["networks"]["lan0"].update(link=None, link_problem="there is no link lan0")


def _only_the_parent_is_answered(fleet: dict[str, Any]) -> None:
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")
    for asked in made["result"]["asked"]:
        if asked["vantage"] != "parent":
            asked["answered"] = []
    cases.lose(fleet, "gateway_from_link", at=0.0)


def _kernel(fleet: dict[str, Any]) -> dict[str, Any]:
    return fleet["web1"]["system"]["kernel"]["macvlan"]


def test_a_rewritten_mac_with_a_loss_names_the_moment_and_suspect() -> None:
    fleet = cases.healthy()
    declared = cases.own_link(fleet, "lan0")["mac"]
    cases.own_link(fleet, "lan0")["mac"] = OTHER
    suspect = {"pid": 9, "name": "udevd", "unit": "systemd-udevd.service", "command": ""}
    cases.event(fleet, after=2.5, data={"changed": {"mac": [declared, OTHER]}}, suspects=[suspect])
    assert cases.verdict(fleet, "mac_rewritten").status == "suspected"
    cases.lose(fleet, "container_to_host", at=2.75)
    found = cases.verdict(fleet, "mac_rewritten")
    assert (found.status, found.after) == ("confirmed", 2.5)
    assert found.culprit["name"] == "udevd"
    assert [step.text for step in found.steps] == [f"ip link set lan0 address {declared}"]
    assert found.remedy.endswith("within a minute")


def test_a_mac_that_is_restored_or_refused_is_not_a_rewritten_one() -> None:
    fleet = cases.healthy()
    mac = cases.own_link(fleet, "lan0")["mac"]
    cases.event(fleet, data={"changed": {"mac": [mac, OTHER]}})
    cases.event(fleet, data={"changed": {"mac": [OTHER, mac]}})
    cases.lose(fleet, "container_to_host")
    assert cases.verdict(fleet, "mac_rewritten").status == "ruled_out"
    fleet["web1"]["drift"]["links"] = []
    assert cases.verdict(fleet, "mac_rewritten").status == "not_tested"


@pytest.mark.parametrize(
    ("cause", "state"), [("wifi_parent", {"wireless": True}), ("bond_mode_unsupported", {"bond_mode": 6})]
)
def test_a_parent_over_which_only_its_own_mac_address_is_answered(cause: str, state: dict[str, Any]) -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0").update(state)
    assert cases.verdict(fleet, cause).status in ("ruled_out", "suspected"), "everything is answered"
    _only_the_parent_is_answered(fleet)
    assert cases.verdict(fleet, cause).status == "confirmed"
    assert cases.verdict(fleet, "mac_filtering_upstream").explained_by == cause
    cases.own_link(fleet, "eth0").update(wireless=False, bond_mode=1)
    assert cases.verdict(fleet, cause).status == "ruled_out"
    assert cases.verdict(fleet, "mac_filtering_upstream").status == "confirmed"


@pytest.mark.parametrize(
    ("cause", "state"), [("wifi_parent", {"wireless": True}), ("bond_mode_unsupported", {"bond_mode": 5})]
)
def test_a_parent_for_which_the_link_is_refused(cause: str, state: dict[str, Any]) -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0").update(state)
    _without_link(fleet, "before", "after")
    refusal = {"host": "web1", "key": "links[0].parent", "value": "eth0", "problem": "it cannot be", "remedy": "no"}
    fleet["web1"]["drift"] = {"messages": [], "links": [], "refusals": [refusal]}
    found = cases.verdict(fleet, cause)
    assert found.status == "confirmed"
    assert any("it cannot be" in item.value for item in found.evidence)


def test_an_ipvlan_link_of_a_container_explains_the_missing_link() -> None:
    fleet = cases.healthy()
    space = next(item for item in fleet["web1"]["after"]["namespaces"] if item["label"] == "web1-c1")
    link = next(item for item in space["links"] if item["name"] == "eth0")
    link["kind"] = "ipvlan"
    assert cases.verdict(fleet, "ipvlan_on_parent").status == "ruled_out", "the macvlan link is there"
    _without_link(fleet, "after")
    found = cases.verdict(fleet, "ipvlan_on_parent")
    assert found.status == "confirmed"
    assert "eth0 in web1-c1" in found.summary
    link["parent_namespace"] = "elsewhere"
    assert cases.verdict(fleet, "ipvlan_on_parent").status == "ruled_out"


@pytest.mark.parametrize(
    ("status", "works", "words"),
    [
        ("missing", False, "has no module macvlan"),
        ("no_module_tree", False, "no directory in /lib/modules"),
        ("blacklisted", None, "blacklists"),
        ("loaded", False, "refuses a trial macvlan link"),
    ],
)
def test_a_kernel_without_macvlan_is_reported_with_the_reason(status: str, works: bool | None, words: str) -> None:
    fleet = cases.healthy()
    _kernel(fleet).update(status=status, works=works)
    assert cases.verdict(fleet, "kind_missing").status == "ruled_out", "there are macvlan links"
    for moment in ("before", "after"):
        del fleet["web1"][moment]["namespaces"][1:]
    _without_link(fleet, "before", "after")
    found = cases.verdict(fleet, "kind_missing")
    assert found.status == "confirmed"
    assert words in found.summary


def test_a_kernel_that_loads_the_module_or_is_untried_is_ruled_out() -> None:
    fleet = cases.healthy()
    for moment in ("before", "after"):
        del fleet["web1"][moment]["namespaces"][1:]
    _without_link(fleet, "before", "after")
    for works in (True, None):
        _kernel(fleet).update(status="loadable", works=works)
        assert cases.verdict(fleet, "kind_missing").status == "ruled_out"


def test_a_known_bad_kernel_is_suspected_only_if_something_is_lost() -> None:
    fleet = cases.healthy()
    _kernel(fleet)["known_bad"] = {"fixed_in": "5.4.14", "problem": "broadcasts do not get in", "source": "a commit"}
    assert cases.verdict(fleet, "known_bad_kernel").status == "ruled_out"
    cases.lose(fleet, "container_to_host")
    found = cases.verdict(fleet, "known_bad_kernel")
    assert found.status == "suspected"
    assert found.remedy == "update the kernel to 5.4.14 or newer"


def test_a_link_that_nothing_makes_at_boot() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, "not_persistent").status == "not_tested", "systemd is not the init of this host"
    fleet["web1"]["system"]["persisted"] = {"lan0": {"files": ["/etc/sysctl.d/90-lan0.conf"], "units": {}}}
    assert cases.verdict(fleet, "not_persistent").status == "ruled_out", "persistence: none is what is declared"
    fleet["web1"]["drift"]["links"][0]["persistence"] = "systemd"
    assert cases.verdict(fleet, "not_persistent").status == "suspected"
    _without_link(fleet, "before", "after")
    found = cases.verdict(fleet, "not_persistent")
    assert found.status == "confirmed"
    assert found.summary == "lan0 does not exist on web1, and nothing that was found creates it at boot"


def test_only_an_enabled_unit_creates_the_link() -> None:
    fleet = cases.healthy()
    units = {"linuxnet-macvlan-lan0.service": {"enabled": False, "active": False}}
    fleet["web1"]["system"]["persisted"] = {"lan0": {"files": [UNIT], "units": units}}
    _without_link(fleet, "before", "after")
    found = cases.verdict(fleet, "not_persistent")
    assert found.status == "confirmed"
    assert any("is not enabled" in item.value for item in found.evidence)
    units["linuxnet-macvlan-lan0.service"]["enabled"] = True
    assert cases.verdict(fleet, "not_persistent").status == "ruled_out"


def test_a_form_with_a_part_missing_makes_nothing() -> None:
    fleet = cases.healthy()
    fleet["web1"]["system"]["persisted"] = {"lan0": {"files": [UNIT], "units": {}}}
    _without_link(fleet, "before", "after")
    netdev = "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev"
    fleet["web1"]["drift"]["messages"] = [f"file {netdev}: add"]
    found = cases.verdict(fleet, "not_persistent")
    assert found.status == "confirmed"
    assert f"{netdev} does not exist" in {item.value for item in found.evidence}


def test_a_link_that_was_removed_during_the_watch_is_another_cause() -> None:
    fleet = cases.healthy()
    fleet["web1"]["system"]["persisted"] = {}
    _without_link(fleet, "after")
    assert cases.verdict(fleet, "not_persistent").status == "ruled_out"


def _boot(fleet: dict[str, Any], text: str, at: float = 0.7, there: float | None = 1.8, ready: float | None = 1.9):
    """An administrator's unit on web1 that names the link, with what it said at boot, and when the parent came."""
    fleet["web1"]["system"]["boot"] = {
        "units": {
            "macvlan.service": {
                "links": ["lan0"], "path": "/etc/systemd/system/macvlan.service", "result": "success", "status": 1,
                "after": ["network.target"], "started": at, "said": [{"at": at, "text": text}],
            }
        },
        "parents": {"eth0": {"there": there, "ready": ready, "said": []}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('Cannot find device "eth0"', "before eth0 existed"),
        ("RTNETLINK answers: Network is down", "before eth0 was ready"),
        ("Error: Nexthop has invalid gateway.", "before eth0 was ready"),
    ],
)
def test_a_unit_that_ran_before_its_parent_explains_the_missing_link(text: str, words: str) -> None:
    fleet = cases.healthy()
    _boot(fleet, text)
    fleet["web1"]["system"]["persisted"] = {}
    assert cases.verdict(fleet, "boot_order").status == "ruled_out", "the link is there"
    _without_link(fleet, "before", "after")
    found = cases.verdict(fleet, "boot_order")
    assert found.status == "confirmed"
    assert words in found.summary
    assert found.culprit["unit"] == "macvlan.service"
    assert cases.verdict(fleet, "not_persistent").explained_by == "boot_order"


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ('Cannot find device "eth0"', {"there": 0.2}),
        ('Cannot find device "eth1"', {}),
        ('Cannot find device "lan0"', {}),
        ("RTNETLINK answers: Network is down", {"ready": 0.5}),
        ("RTNETLINK answers: Network is down", {"ready": None}),
        ("RTNETLINK answers: File exists", {}),
    ],
)
def test_a_unit_that_failed_for_another_reason_was_not_too_early(text: str, times: dict[str, Any]) -> None:
    fleet = cases.healthy()
    _boot(fleet, text, **times)
    _without_link(fleet, "before", "after")
    assert cases.verdict(fleet, "boot_order").status == "ruled_out"


def test_a_removed_link_or_parent_is_no_matter_of_boot_order() -> None:
    fleet = cases.healthy()
    _boot(fleet, 'Cannot find device "eth0"')
    _without_link(fleet, "after")
    assert cases.verdict(fleet, "boot_order").status == "ruled_out"
    _without_link(fleet, "before")
    fleet["web1"]["after"]["networks"]["lan0"].update(parent=None, parent_problem="there is no interface eth0")
    assert cases.verdict(fleet, "boot_order").status == "ruled_out"


def test_a_link_without_its_address_was_made_too_early_as_well() -> None:
    fleet = cases.healthy()
    _boot(fleet, "RTNETLINK answers: Network is unreachable")
    for moment in ("before", "after"):
        own = fleet["web1"][moment]["namespaces"][0]
        own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    found = cases.verdict(fleet, "boot_order")
    assert found.status == "confirmed"
    assert any(item.value == "lan0 has no 192.168.100.3" for item in found.evidence)


def test_what_else_makes_the_link_is_named() -> None:
    fleet = cases.healthy()
    fleet["web1"]["system"]["persisted"] = {}
    fleet["web1"]["system"]["makers"] = {"lan0": ["ifupdown's file /etc/network/interfaces with the stanza makes lan0"]}
    found = cases.verdict(fleet, "not_persistent")
    assert found.status == "ruled_out"
    assert found.summary.startswith("ifupdown's file /etc/network/interfaces")
