# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new back end is its class and its line in the registry: a toy one is chosen, planned, written and verified."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions, detect, registry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Action,
    Backend,
    Owner,
    Refusal,
    Rendered,
    Verb,
    head,
    matches,
)
from ansible_collections.linuxnet.macvlan.plugins.modules import macvlan_link

from .persistence_cases import (
    BARE_HOST,
    IFUPDOWN_HOST,
    NETPLAN_HOST,
    NETWORK,
    NETWORKD_HOST,
    NM_HOST,
    full,
    kinds,
    link,
    made_of,
    planned,
    refusals,
)


@dataclass(frozen=True)
class ToyState:
    devices: tuple[str, ...] = ()


class Toy(Backend):
    """One file, one verb, and a daemon that configures what its state names."""

    name = "toy"
    owner = "toyd"
    service = "toyd.service"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.patterns = (f"{directory}/*.toy",)
        self.verbs = (Verb("toy reload", self.reload, releases=True),)
        self.configured: list[str] = []

    def reload(self, _action: Action) -> None:
        self.configured = [path.stem for path in self.directory.glob("*.toy")]

    def read(self):
        return ToyState((*self.configured, "eth0"))

    def devices(self, host):
        return {name: Owner(("toyd",), ("toyd says so",)) for name in host.daemon(ToyState).devices}

    def suits(self, owner):
        return owner.names == ("toyd",)

    def refuse(self, link, host):
        return None if self.suits(host.owner("eth0")) else Refusal("toyd does not configure it", "start it")

    def render(self, link, host):
        return Rendered({f"{self.directory}/{link.name}.toy": f"{head(link.name)}{link.mode}\n"})

    def after_kernel(self, changed, host):
        files = super().after_kernel(changed, host)
        return [*files, Action("toy reload")] if files else []

    def verify(self, link, host):
        return [] if link.name in self.configured else [f"toyd does not know {link.name}"]


@pytest.fixture
def toy(tmp_path, monkeypatch) -> Toy:
    made = Toy(tmp_path / "etc")
    monkeypatch.setattr(registry, "BACKENDS", (*registry.BACKENDS, made))
    return made


HOST = replace(BARE_HOST, owners={"eth0": Owner(("toyd",), ("toyd says so",))}, daemons=(ToyState(("eth0",)),))


class TestANewBackend:
    def test_it_can_be_asked_for(self, toy):
        assert registry.choices()[-2:] == ("toy", "none")
        assert "toy" in macvlan_link.argument_spec()["persistence"]["choices"]

    def test_auto_takes_it_on_a_parent_of_its_daemon(self, toy):
        choice = _persistence.choose(link(), HOST, "auto", Problems())
        assert (choice.backend, choice.reason) == ("toy", "eth0 belongs to toyd (toyd says so)")
        assert _persistence.choose(link(), BARE_HOST, "auto", Problems()).backend == "systemd"
        assert refusals(link(), BARE_HOST, "toy") == ["lan0: toyd does not configure it"]

    def test_its_files_and_its_verb_are_planned(self, toy):
        path = f"{toy.directory}/lan0.toy"
        steps, difference, _problems = planned([link()], host=HOST)
        assert kinds(steps) == [f"write {path}", "toy reload"]
        assert [change.target for change in difference] == [f"file {path}"]
        again, difference, _problems = planned([link()], host=HOST, files=dict(steps.files))
        assert not again
        assert not difference
        gone, _difference, _problems = planned(removed=["lan0"], host=HOST, files=dict(steps.files))
        assert kinds(gone) == [f"remove {path}", "toy reload"]

    def test_other_daemons_are_kept_away_from_its_link(self, toy):
        host = replace(HOST, daemons=(*HOST.daemons, *NETWORKD_HOST.daemons))
        assert sorted(made_of(link(), host)) == sorted([f"{toy.directory}/lan0.toy", NETWORK])

    def test_its_verb_may_take_a_link_down(self, toy):
        assert _persistence.Steps(before=(Action("toy reload", "lan0"),)).released() == ["lan0"]

    def test_from_a_host_and_back_to_it(self, toy, tmp_path, monkeypatch):
        monkeypatch.setattr(registry, "BACKENDS", (toy,))
        monkeypatch.setattr(registry, "parts", lambda: (toy,))
        monkeypatch.setattr(actions, "MARKER", str(tmp_path / "run" / "persisting"))
        for module, name, value in (
            (detect, "unfitness", ""),
            (detect, "version", 252),
            (detect, "unit_states", {}),
            (_persistence.systemd, "unit_states", {}),
        ):
            monkeypatch.setattr(module, name, lambda *_arguments, value=value: value)
        path = toy.directory / "lan0.toy"

        def converge(present, removed=()):
            state, difference = _persistence.read(present), Difference()
            steps = _persistence.plan(state, present, removed, "auto", difference, Problems())
            return _persistence.apply(steps), _persistence.verify(state, present, steps)

        assert converge([link()]) == ([f"write {path}", "toy reload"], [])
        assert path.read_text().endswith("bridge\n")
        assert converge([link()]) == ([], [])
        toy.configured = []
        _done, wrong = converge([link()])
        assert wrong == ["toyd does not know lan0", "lan0 shall belong to toyd: no daemon (none knows it)"]
        assert converge([], ["lan0"]) == ([f"remove {path}", "toy reload"], [])
        assert not path.exists()


def test_the_documentation_knows_every_form():
    option = yaml.safe_load(macvlan_link.DOCUMENTATION)["options"]["persistence"]
    assert option["choices"] == list(registry.choices())
    for name in registry.choices():
        assert any(text.startswith(f"V({name}) ") for text in option["description"]), name


def test_no_two_parts_share_a_path_or_a_verb():
    for host in (NETWORKD_HOST, NETPLAN_HOST, IFUPDOWN_HOST, NM_HOST, BARE_HOST):
        for path in made_of(full(), host):
            assert len([part for part in registry.parts() if matches(path, part.patterns)]) == 1, path
    named = [verb.kind for part in registry.parts() for verb in part.verbs]
    assert sorted(named) == sorted({*named} - {*actions.FILES})
