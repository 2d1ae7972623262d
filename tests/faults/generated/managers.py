# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios on hosts with NetworkManager and systemd-networkd: what these daemons do themselves, or are made to do.

They have dice of their own, so that the scenarios of `compose` stay what they are. One lab serves all of them as long
as it is healthy between two.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CONFIRMED, SUSPECTED
from tests.faults.culprits import by_networkd
from tests.faults.diagnosis import Diagnosis, diagnose
from tests.faults.inject import nm_dhcp_on_link, nm_exclusion_overridden
from tests.faults.lab import FLEET, WEB1, WEB2
from tests.faults.nspawn_lab import NspawnLab

from .terms import MOMENT, START

#: Of the scenarios without a fault, and of those with one that have something harmless on the other host beside it.
HEALTHY, BESIDE = 0.4, 0.5
#: Seconds of the watch for what was there before, and for what happens meanwhile.
SECONDS = {START: 3.0, MOMENT: 6.0}
#: An administrator's file that wins for the link.
OTHER_FILE = "/etc/systemd/network/04-lan0.network"
OTHER_ADDRESS = "192.168.100.99/32"

ManagerAct = Callable[[NspawnLab], object]


@dataclass(frozen=True)
class Deed:
    """causes: any of them names it rightly; empty where it breaks nothing. also: causes that are true beside it.

    undo: nothing where it leaves nothing. culprit: who did it, where that can be known.
    """

    what: str
    host: str
    begin: ManagerAct
    undo: ManagerAct | None = None
    causes: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    culprit: Callable[[Mapping[str, Any], Any], bool] | None = None


def _shell(host: str, script: str) -> ManagerAct:
    return lambda lab: lab.hosts[host].shell(script)


def _take_over(lab: NspawnLab) -> None:
    text = f"[Match]\\nName=lan0\\n\\n[Network]\\nAddress={OTHER_ADDRESS}\\n"
    lab.web2.shell(f"printf '{text}' > {OTHER_FILE}; networkctl reload; networkctl reconfigure lan0")


def _give_back(lab: NspawnLab) -> None:
    lab.web2.shell(f"rm {OTHER_FILE}; networkctl reload; ip address delete {OTHER_ADDRESS} dev lan0 || true")
    lab.deploy(WEB2)


def _include(lab: NspawnLab) -> None:
    lab.web1.shell(f"rm {nm_dhcp_on_link.EXCLUSION}; nmcli general reload conf")
    nm_dhcp_on_link.bring_up(lab)


def _override(lab: NspawnLab) -> None:
    path = nm_exclusion_overridden.FILE
    lab.web1.shell(f"printf '[keyfile]\\nunmanaged-devices=interface-name:br-*\\n' > {path}; nmcli general reload conf")
    nm_dhcp_on_link.bring_up(lab)


def _exclude(lab: NspawnLab) -> None:
    lab.web1.shell(f"rm -f {nm_exclusion_overridden.FILE}")
    nm_dhcp_on_link.release(lab)


HARMS = (
    Deed(
        "NetworkManager's exclusion is overridden, and a profile comes up", WEB1, _override, _exclude,
        causes=frozenset({"nm_exclusion_overridden"}),
        culprit=lambda who, _lab: who.get("path") == nm_exclusion_overridden.FILE,
    ),
    Deed(
        "NetworkManager's exclusion is deleted, and a profile comes up", WEB1, _include, nm_dhcp_on_link.release,
        causes=frozenset({"nm_dhcp_on_link"}),
    ),
    Deed(
        "another .network file wins for the link", WEB2, _take_over, _give_back,
        causes=frozenset({"address_absent", "address_removed_by_other"}), also=frozenset({"route_absent"}),
        culprit=by_networkd,
    ),
    Deed(
        "networkctl sets the parent down", WEB2, _shell(WEB2, "networkctl down eth0"),
        _shell(WEB2, "networkctl up eth0; networkctl reconfigure eth0"), causes=frozenset({"parent_down"}),
    ),
)  # fmt: skip
HARMLESS = (
    Deed("NetworkManager reads its configuration again", WEB1, _shell(WEB1, "nmcli general reload conf")),
    Deed("NetworkManager reads its profiles again", WEB1, _shell(WEB1, "nmcli connection reload")),
    Deed("NetworkManager restarts", WEB1, _shell(WEB1, "systemctl restart NetworkManager.service")),
    Deed(
        "NetworkManager may manage the link for now", WEB1, _shell(WEB1, "nmcli device set lan0 managed yes"),
        _shell(WEB1, "nmcli device set lan0 managed no"),
    ),
    Deed("networkctl reload", WEB2, _shell(WEB2, "networkctl reload")),
    Deed("systemd-networkd restarts", WEB2, _shell(WEB2, "systemctl restart systemd-networkd.service")),
    Deed("networkctl reconfigures the link", WEB2, _shell(WEB2, "networkctl reconfigure lan0")),
)  # fmt: skip


@dataclass(frozen=True)
class ManagedScenario:
    """deeds: at most one of them harms. when: of all of them."""

    seed: int
    index: int
    deeds: tuple[Deed, ...]
    when: str

    @property
    def text(self) -> str:
        what = " and ".join(f"{deed.what} ({deed.host})" for deed in self.deeds)
        return f"managers, seed {self.seed} #{self.index}: {what}; {self.when}"


def compose(seed: int, index: int) -> ManagedScenario:
    """Pure: the same two numbers make the same scenario."""
    dice = random.Random(f"managers/{seed}/{index}")
    when = dice.choice((START, MOMENT))
    first = dice.choice(HARMLESS if dice.random() < HEALTHY else HARMS)
    deeds = [first]
    if dice.random() < BESIDE:
        deeds.append(dice.choice([deed for deed in HARMLESS if deed.host != first.host]))
    return ManagedScenario(seed, index, tuple(deeds), when)


def wrong(scenario: ManagedScenario, found: Diagnosis, lab: NspawnLab) -> Iterator[str]:
    """What is not as composed, in words."""
    allowed: dict[str, set[str]] = {host: set() for host in FLEET}
    for deed in scenario.deeds:
        allowed[deed.host] |= deed.causes | deed.also
        right = [item for item in found.confirmed if item.cause in deed.causes and item.host == deed.host]
        if deed.causes and not right:
            yield f"not named on {deed.host}: {' or '.join(sorted(deed.causes))}"
        elif right and deed.culprit and scenario.when == MOMENT and not deed.culprit(right[0].culprit or {}, lab):
            yield f"another culprit, or none: {(right[0].culprit or {}).get('text', 'nobody')} ({right[0].cause})"
    statuses = (CONFIRMED,) if any(deed.causes for deed in scenario.deeds) else (CONFIRMED, SUSPECTED)
    for item in found.verdicts:
        if item.status in statuses and item.cause not in allowed[item.host]:
            yield f"{item.status} on {item.host} and not there: {item.cause}: {item.summary}"


def _run(lab: NspawnLab, scenario: ManagedScenario) -> list[str]:
    """Errors: AssertionError, CalledProcessError where the lab fails."""

    def begin() -> None:
        for deed in scenario.deeds:
            deed.begin(lab)

    try:
        if scenario.when == START:
            begin()
        found = diagnose(lab, SECONDS[scenario.when], begin if scenario.when == MOMENT else None)
        return list(wrong(scenario, found, lab))
    finally:
        for deed in scenario.deeds:
            if deed.undo is not None:
                deed.undo(lab)
        lab.rest()


def play(items: Iterable[ManagedScenario], until: float | None = None) -> list[tuple[ManagedScenario, list[str]]]:
    """Run them one after the other, and print each. until: time.monotonic() after which none is started."""
    results: list[tuple[ManagedScenario, list[str]]] = []
    lab: NspawnLab | None = None
    try:
        for item in items:
            if until is not None and time.monotonic() > until:
                break
            lab, began = lab or NspawnLab(), time.monotonic()
            try:
                notes = _run(lab, item)
            except (AssertionError, subprocess.SubprocessError) as error:
                # After what was not undone a new one takes over.
                notes = [f"lab failed: {error} {getattr(error, 'stderr', '') or ''}".strip()]
                lab.close()
                lab = None
            results.append((item, notes))
            state = f"{'WRONG' if notes else 'good':6} {time.monotonic() - began:5.1f} s  {item.text}"
            print("\n".join([state, *(f"       {note}" for note in notes)]), flush=True)
    finally:
        if lab is not None:
            lab.close()
    return results


def run(count: int, seed: int, index: int | None, minutes: float | None, path: str | None) -> int:
    """Print all, and how many are right; 1 where one is not. path: where the figures go, as JSON."""
    until = time.monotonic() + 60 * minutes if minutes is not None else None
    first = index or 0
    results = play([compose(seed, number) for number in range(first, first + count)], until)
    right = sum(not notes for _item, notes in results)
    print(f"{len(results)} scenarios of network managers: {right} all right")
    if path:
        figures = {"scenarios": len(results), "all_right": right, "wrong": [i.text for i, notes in results if notes]}
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(figures, stream, indent=1)
    return 0 if right == len(results) else 1
