# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The persistent forms of links: what is chosen, rendered, compared and planned."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import registry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Owner, link_of

from .persistence_cases import (
    ACTIVE,
    BARE_HOST,
    DROP_IN,
    ETH0,
    IFUPDOWN_HOST,
    NETPLAN_HOST,
    NETWORKD_HOST,
    NM_HOST,
    SCRIPT,
    SYSCTL,
    UNIT,
    UNIT_NAME,
    full,
    kinds,
    kinds_before,
    link,
    made_of,
    networkd,
    planned,
)


class TestChoice:
    @pytest.mark.parametrize(
        ("host", "backend"),
        [
            (NETWORKD_HOST, "networkd"),
            (NETPLAN_HOST, "netplan"),
            (IFUPDOWN_HOST, "ifupdown"),
            (NM_HOST, "systemd"),
            (BARE_HOST, "systemd"),
            (replace(NETWORKD_HOST, owners={"eth0": Owner(("systemd-networkd", "NetworkManager"))}), "systemd"),
        ],
    )
    def test_auto_takes_the_owners_form(self, host, backend):
        problems = Problems()
        assert _persistence.choose(link(), host, "auto", problems).backend == backend
        assert not problems

    def test_a_manager_that_does_not_run_may_be_the_owner(self):
        host = replace(BARE_HOST, stopped=("systemd-networkd.service",))
        problems = Problems()
        _persistence.choose(link(), host, "auto", problems)
        assert "systemd-networkd.service is enabled and does not run" in problems.report()
        for other, form in ((host, "systemd"), (replace(NM_HOST, stopped=host.stopped), "auto")):
            problems = Problems()
            assert _persistence.choose(link(), other, form, problems).backend == "systemd"
            assert not problems

    def test_auto_says_what_it_found(self):
        choice = _persistence.choose(link(), NM_HOST, "auto", Problems())
        assert choice.reason == "eth0 belongs to NetworkManager (NetworkManager says connected)"
        assert choice.owner == "NetworkManager"

    @pytest.mark.parametrize(
        ("given", "host", "words"),
        [
            ({"mode": "passthru", "mac": None, "nopromisc": True}, {}, "no key for nopromisc"),
            ({"bcqueuelen": 5}, {"version": 247}, "needs systemd 248"),
            ({"up": False}, {}, "stays down"),
            ({"sysctl": {"accept_ra": 2}}, {}, "accept_ra"),
            ({}, {"links": {"eth0": ETH0, "eth1": replace(ETH0, index=3, name="eth1")}}, "eth1 too"),
            ({}, {"links": {"eth0": replace(ETH0, file="")}}, "no .network file"),
            ({}, {"version": 257, "foreign": frozenset({"eth0"})}, "did not make"),
        ],
    )
    def test_networkd_refuses_what_it_cannot_do(self, given, host, words):
        host = networkd(**host)
        steps, difference, problems = planned([link(**given)], host=host, persistence="networkd")
        assert [(item.key, item.value) for item in problems.items] == [("persistence", "networkd")]
        assert words in problems.items[0].problem
        assert not steps
        assert not difference

        choice = _persistence.choose(link(**given), host, "auto", Problems())
        assert choice.backend == "systemd"
        assert words in choice.reason

    def test_a_loaded_drop_in_takes_nothing_from_the_parent_any_more(self):
        parent = replace(ETH0, drop_ins=(DROP_IN,))
        host = networkd(version=257, foreign=frozenset({"eth0"}), links={"eth0": parent})
        assert _persistence.choose(link(), host, "auto", Problems()).backend == "networkd"

    @pytest.mark.parametrize("host", [NM_HOST, HostState(version=252)])
    def test_networkd_without_the_parent(self, host):
        dummy, dummy, problems = planned([link()], host=host, persistence="networkd")
        assert len(problems) == 1

    def test_a_host_that_cannot_persist(self):
        host = HostState(unfit="there is no systemd")
        steps, difference, problems = planned([link()], ["lan1"], host=host)
        assert (bool(steps), bool(difference), bool(problems)) == (False, False, False)
        assert steps.choice("lan0") == _persistence.Choice("lan0", "none", "there is no systemd")
        for persistence in (backend.name for backend in registry.BACKENDS):
            dummy, dummy, problems = planned([link()], host=host, persistence=persistence)
            assert [(item.key, item.problem) for item in problems.items] == [("persistence", "there is no systemd")]

    @pytest.mark.parametrize("name", ["a*b", "a$b", "-x", "a'b", "a\\b", "a#b", "[a]", "a@b", "a+b"])
    def test_names_that_files_of_systemd_would_misread(self, name):
        for wanted in (link(name=name), link(parent=name)):
            dummy, dummy, problems = planned([wanted])
            assert [item.value for item in problems.items] == [name]
            assert not planned([wanted], persistence="none")[2]


class TestPlan:
    def test_create_again_remove(self):
        steps, difference, _problems = planned([full()])
        assert kinds(steps) == [
            f"write {SYSCTL}",
            f"write {SCRIPT}",
            f"write {UNIT}",
            "daemon-reload",
            f"enable {UNIT_NAME}",
            f"restart {UNIT_NAME}",
        ]
        assert kinds_before(steps) == []
        assert [(change.target, change.attribute, change.before) for change in difference] == [
            (f"file {SYSCTL}", "", None),
            (f"file {SCRIPT}", "", None),
            (f"file {UNIT}", "", None),
            (f"unit {UNIT_NAME}", "enabled", False),
            (f"unit {UNIT_NAME}", "active", False),
        ]
        files = dict(steps.files)
        again, difference, _problems = planned([full()], files=files, unit_states=ACTIVE)
        assert (bool(again), bool(difference)) == (False, False)

        gone, difference, _problems = planned(removed=["lan0"], files=files, unit_states=ACTIVE)
        assert kinds_before(gone) == [f"stop {UNIT_NAME}"]
        assert kinds(gone) == [
            f"remove {SYSCTL}",
            f"remove {SCRIPT}",
            f"disable {UNIT_NAME}",
            f"remove {UNIT}",
            "daemon-reload",
            f"forget {UNIT_NAME}",
        ]
        assert len(difference.changes) == 5

    def test_links_in_neither_list_stay(self):
        files = made_of(full(), NM_HOST)
        steps, difference, _problems = planned(removed=["lan1"], files=files, unit_states=ACTIVE)
        assert (bool(steps), bool(difference)) == (False, False)
        assert _persistence.Persisted(files=files).links() == {"lan0"}

    def test_a_unit_that_somebody_stopped_or_disabled(self):
        files = made_of(full(), NM_HOST)
        for state in (UnitState(False, True), UnitState(True, False)):
            steps, difference, _problems = planned([full()], files=files, unit_states={UNIT_NAME: state})
            assert kinds(steps) == [f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]
            assert len(difference.changes) == 1

    def test_none_removes_what_was_persistent(self):
        files = made_of(full(), NM_HOST)
        steps, _difference, _problems = planned([full()], persistence="none", files=files, unit_states=ACTIVE)
        assert f"remove {UNIT}" in kinds(steps)
        assert steps.files == {}

    def test_a_file_that_is_not_ours(self):
        steps, dummy, problems = planned([full()], files={UNIT: "by hand\n"})
        assert [(item.key, item.value) for item in problems.items] == [("links[0]", UNIT)]
        assert not steps

    def test_a_file_that_is_not_ours_is_not_removed_either(self):
        steps, difference, _problems = planned(removed=["lan0"], files={UNIT: "by hand\n"})
        assert (bool(steps), bool(difference)) == (False, False)

    def test_an_interrupted_run_is_activated_again(self):
        files = made_of(full(), NM_HOST)
        steps, difference, _problems = planned([full()], files=files, unit_states=ACTIVE, interrupted=True)
        reported = ["nm reload", "nm reload conf"]
        assert kinds(steps) == [*reported, "daemon-reload", f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]
        assert difference.messages() == ["persistence run: interrupted -> complete"]

    def test_a_keeper_does_not_see_half_a_change(self):
        files = made_of(full(), NM_HOST)
        steps, _difference, _problems = planned([full()], files={**files, SYSCTL: "x"}, unit_states=ACTIVE)
        assert not steps, "somebody else's file"
        changed = {**files, SYSCTL: files[SYSCTL].replace("= 1", "= 0")}
        steps, _difference, _problems = planned([full()], files=changed, unit_states=ACTIVE)
        assert kinds_before(steps) == [f"stop {UNIT_NAME}"]
        assert kinds(steps) == [f"write {SYSCTL}", f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]

    def test_a_keeper_does_not_see_a_link_that_is_recreated(self):
        files = made_of(full(), NM_HOST)
        steps, difference, _problems = planned(
            [full()], files=files, unit_states=ACTIVE, deleted=frozenset({"lan0", "lan9"})
        )
        assert kinds_before(steps) == [f"stop {UNIT_NAME}"]
        assert kinds(steps) == [f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]
        assert not difference


@pytest.mark.parametrize("host", [NETWORKD_HOST, NETPLAN_HOST, IFUPDOWN_HOST, NM_HOST, BARE_HOST])
@pytest.mark.parametrize("name", ["auto", "systemd", "networkmanager"])
def test_every_file_is_found_again_and_says_whose_it_is(host, name):
    if name == "networkmanager" and host is not NM_HOST:
        return
    for path, text in made_of(full(), host, name).items():
        assert any(fnmatch.fnmatchcase(path, pattern) for pattern in registry.patterns()), path
        assert _files.is_owned(text)
        assert link_of(text) == "lan0"
