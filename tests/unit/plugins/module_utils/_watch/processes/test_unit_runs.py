# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit behind a change whose process had ended, by what systemd keeps of each service."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.unit_runs import (
    BY_MAIN_PID,
    BY_TIME,
    parse,
    suspect,
)

SHOWN = """\
Id=fix-route.service
ExecMainPID=812
ExecMainStartTimestampMonotonic=10000000
ExecMainExitTimestampMonotonic=10050000
ExecStart={ path=/usr/sbin/ip ; argv[]=/usr/sbin/ip route add default dev lan0 ; ignore_errors=no ; pid=812 }

Id=NetworkManager.service
ExecMainPID=70
ExecMainStartTimestampMonotonic=2000000
ExecMainExitTimestampMonotonic=0
ExecStart={ path=/usr/sbin/NetworkManager ; argv[]=/usr/sbin/NetworkManager --no-daemon }

Id=never.service
ExecMainPID=0
ExecMainStartTimestampMonotonic=0
ExecMainExitTimestampMonotonic=0
"""


def _runs(*more: str) -> list:
    return parse("\n".join([SHOWN, *more]))


def test_the_main_process_of_a_unit_is_known_by_its_pid() -> None:
    found = suspect(_runs(), 812, 10.02)
    assert found == {
        "pid": 812, "name": "ip", "unit": "fix-route.service", "command": "", "known_by": BY_MAIN_PID,
    }  # fmt: skip


def test_a_child_is_attributed_to_the_only_unit_that_ran_then() -> None:
    found = suspect(_runs(), 815, 10.02)
    assert found is not None
    assert (found["pid"], found["unit"], found["known_by"]) == (815, "fix-route.service", BY_TIME)


@pytest.mark.parametrize("moment", [9.0, 11.0], ids=["before", "after"])
def test_a_unit_that_ran_at_another_time_is_not_blamed(moment: float) -> None:
    assert suspect(_runs(), 812, moment) is None
    assert suspect(_runs(), 815, moment) is None


def test_of_several_units_none_is_blamed() -> None:
    other = SHOWN.split("\n\n", maxsplit=1)[0].replace("fix-route", "other").replace("812", "813")
    assert suspect(_runs(other), 815, 10.02) is None
    found = suspect(_runs(other), 813, 10.02)
    assert found is not None
    assert found["unit"] == "other.service"


def test_a_unit_that_runs_again_has_not_ended() -> None:
    again = SHOWN.replace("10050000", "9000000")
    assert [item.ended for item in parse(again)] == [None, None]
