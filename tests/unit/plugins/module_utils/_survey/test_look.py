# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a survey run, by what the parts before them found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import RESULT_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import safe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending
from ansible_collections.linuxnet.macvlan.plugins.module_utils._survey import look
from ansible_collections.linuxnet.macvlan.plugins.module_utils._survey.parts import PARTS

OWN = {"changed": False, "results": [{"status": "own"}]}
SILENT = {"changed": False, "results": [{"status": "own"}, {"status": "free_as_seen"}]}
WELL = {
    **{name: {"changed": False} for name in PARTS},
    "conflicts": OWN,
    "reachability": {"changed": False, "passed": True},
}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    """The result of a survey of a host whose parts return this; an exception is raised."""
    monkeypatch.setattr(pending, "remains", lambda: False)

    def survey(thorough: bool = True, dhcp_in_service: bool = True, **results: object) -> dict:
        returned = {**WELL, **results}

        def of(name: str) -> Callable[[object, dict, bool], dict]:
            def run(_task: object, options: dict, check: bool) -> dict:
                assert options == {"of": name}
                if isinstance(returned[name], Exception):
                    raise returned[name]
                return returned[name]

            return run

        for name, part in PARTS.items():
            monkeypatch.setitem(look.PARTS, name, replace(part, run=of(name)))
        asked = {name: {"of": name} for name in PARTS if returned[name] is not None}
        return look.survey(look.SurveyRequest(asked, thorough=thorough, dhcp_in_service=dhcp_in_service))

    before = dict(PARTS)
    yield survey
    PARTS.update(before)


def ran(result: dict) -> set[str]:
    return {name for name in PARTS if not result[name].get("skipped")}


def test_a_host_on_which_nothing_differs_is_settled(found) -> None:
    result = found()
    assert (result["settled"], result["as_declared"], result["changed"]) == (True, True, False)
    assert ran(result) == set(PARTS)
    assert result["conflicts"] == OWN


@pytest.mark.parametrize("kernel", [{"changed": True}, {"changed": False, "failed": True, "msg": "no macvlan"}])
def test_without_a_kernel_that_makes_links_nothing_else_is_asked(found, kernel) -> None:
    result = found(kernel=kernel)
    assert (result["settled"], result["as_declared"], ran(result)) == (False, False, {"kernel"})
    assert result["kernel"] == kernel


def test_what_will_be_changed_is_not_soaked_unless_asked_for(found) -> None:
    changes = {"links": {"changed": True}}
    brief, thorough = found(thorough=False, **changes), found(**changes)
    assert ran(brief) == set(PARTS) - {"reachability"}
    assert ran(thorough) == set(PARTS)
    assert not brief["as_declared"]
    assert not thorough["as_declared"]


def test_links_that_cannot_be_compared_are_not_probed(found) -> None:
    assert "reachability" not in ran(found(links={"failed": True, "msg": "no parent"}))


def test_an_answer_that_is_missing_leaves_it_as_declared_and_not_settled(found) -> None:
    result = found(reachability={"changed": False, "passed": False})
    assert (result["as_declared"], result["settled"]) == (True, False)


def test_dhcp_servers_are_asked_for_addresses_that_are_not_in_service(found) -> None:
    assert "dhcp" not in ran(found(dhcp_in_service=False))
    assert "dhcp" in ran(found(dhcp_in_service=False, conflicts=SILENT))
    assert "dhcp" in ran(found(dhcp_in_service=False, conflicts=None))


def test_a_part_that_breaks_is_a_result(found) -> None:
    result = found(conflicts=ValueError("odd frame"))
    assert result["conflicts"] == {"failed": True, "msg": "arp_conflict_check failed: ValueError: odd frame"}
    assert (result["as_declared"], result["settled"]) == (True, False)


def test_a_change_that_waits_is_not_as_declared(found, monkeypatch) -> None:
    monkeypatch.setattr(pending, "remains", lambda: True)
    assert not found()["as_declared"]


def test_warnings_of_all_parts_are_given_once(found) -> None:
    result = found(links={"changed": False, "warnings": ["a", "b"]}, exclusion={"changed": False, "warnings": ["b"]})
    assert result["warnings"] == ["b", "a"]
    assert "warnings" not in result["links"]


def test_the_result_is_bounded(found) -> None:
    many = [{"status": "own", "address": f"10.0.{n // 256}.{n % 256}", "reason": "x" * 20} for n in range(8000)]
    result = found(conflicts={"changed": False, "results": many})
    assert len(json.dumps(safe(result))) <= RESULT_MAX
    assert safe(result)["overrun"]


def test_a_network_that_is_not_ours_is_not_as_declared(found) -> None:
    result = found(container_networks={"changed": False, "drift": [{"text": "label: declared managed, found none"}]})
    assert (result["as_declared"], result["settled"]) == (False, False)
