# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module macvlan_diagnose with the host's name and place among others, follows its watch, measures the offset
of the host's clock, and packs the evidence."""

from __future__ import annotations

import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ClockData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.request import DURATION, DURATION_MAX
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import (
    Arguments,
    Result,
    Variables,
    with_host_id,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._bytecode import WithBytecode
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._confirm import Silent, limited
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report, words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.task import followed
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._packed import PACKED, packed
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page import model, render

MODULE = "linuxnet.macvlan.macvlan_diagnose"
#: Seconds beside the watch that snapshots and experiments may take, also on a host that is very busy.
PATIENCE = 300.0
#: What judges afterwards: Ansible loads it with this plugin, before the watch, and not between its end and the verdict.
NEXT = (report, words, model, render)
#: Measurements over the open connection at most; the one that took the least time is the best, and one that is known to
#: so many seconds is good enough: losses of hosts are compared to the second.
TRIES, GOOD = 3, 0.1


class ActionModule(WithBytecode):
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        arguments = with_host_id(self._task.args, task_vars)
        arguments = {**_place(task_vars or {}), **arguments}
        # while the watch goes on, and not between its end and the verdict
        measured: list[ClockData] = []
        with followed(self, arguments, task_vars or {}, lambda second: measured.extend(_clock(second))) as given:
            made = clean_data(self._collected(given, task_vars))
        # nobody but this plugin packs
        result.update({key: value for key, value in made.items() if key != PACKED})
        if "evidence" in made:
            result["clock"] = next(iter(measured or _clock(self)), None)
            # every task's result becomes an event that a controller stores
            result[PACKED] = packed(result.pop("evidence"))
        return result

    def _collected(self, arguments: Arguments, task_vars: Variables | None) -> Result:
        """Errors: AnsibleConnectionFailure, also where nothing comes for far longer than the watch lasts."""
        try:
            with limited(_duration(arguments) + PATIENCE, self, tick=1.0):
                made: Result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        except Silent as error:
            raise AnsibleConnectionFailure("the connection fell silent while the evidence was collected") from error
        return made


def _clock(action: ActionBase) -> list[ClockData]:
    """The host's clock minus ours, from the middle of the quickest exchange; nothing where date(1) does not work."""
    best: list[ClockData] = []
    for dummy in range(TRIES):
        before = time.time()
        answer = action._low_level_execute_command("date +%s.%N", sudoable=False)
        after = time.time()
        seconds, resolution = _seconds(str(answer.get("stdout", "")))
        if answer.get("rc") != 0 or seconds is None:
            return best
        uncertainty = (after - before) / 2 + resolution
        if not best or uncertainty < best[0]["uncertainty_seconds"]:
            offset = seconds + resolution / 2 - (before + after) / 2
            best = [{"offset_seconds": round(offset, 3), "uncertainty_seconds": round(uncertainty, 3)}]
        if uncertainty <= GOOD:
            break
    return best


def _duration(arguments: Arguments) -> float:
    """Seconds; the longest watch where that is no number: the module reports it."""
    try:
        return float(arguments.get("duration", DURATION))
    except (TypeError, ValueError):
        return DURATION_MAX


def _place(task_vars: Variables) -> dict[str, int]:
    """Of the host among those of the play."""
    hosts, name = list(task_vars.get("ansible_play_hosts_all") or []), task_vars.get("inventory_hostname")
    return {"place": hosts.index(name), "hosts": len(hosts)} if name in hosts else {}


def _seconds(text: str) -> tuple[float | None, float]:
    """What date(1) printed, and how fine that is: a date without nanoseconds prints ``%N`` or nothing for them."""
    whole, dummy, fraction = text.strip().partition(".")
    if not whole.isdigit():
        return None, 0.0
    return (float(f"{whole}.{fraction}"), 0.0) if fraction.isdigit() else (float(whole), 1.0)
