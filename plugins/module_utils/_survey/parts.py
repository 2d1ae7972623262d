# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a survey: each is what one module reads in check mode, and returns the result of that module.

Each is imported when it is needed: compiling what a survey does not need was a third of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .names import CONFLICTS, CONTAINERS, DHCP, EXCLUSION, KERNEL, LINKS, REACHABILITY


def _kmod() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import task

    return task


def _nm() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import task

    return task


def _converge() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import task

    return task


def _containers() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers import task

    return task


def _conflicts() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import task

    return task


def _reach() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import task

    return task


def _dhcp() -> Any:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import task

    return task


def _predict(task: Any, options: dict, _check: bool) -> dict:
    found: dict = task.run(options, True)
    return found


def _ask(task: Any, options: dict, _check: bool) -> dict:
    found: dict = task.run(options)
    return found


def _verify(task: Any, options: dict, check: bool) -> dict:
    found: dict = task.run(options, check)
    return found


@dataclass(frozen=True)
class SurveyPart:
    """module: whose options it takes. load: imports what does its work. run: from that, these options, and whether
    Ansible only predicts, to the result."""

    module: str
    load: Callable[[], Any]
    run: Callable[[Any, dict, bool], dict]


#: In the order of the documentation. What could write is asked for a prediction in any case.
PARTS = {
    KERNEL: SurveyPart("kmod_check", _kmod, _predict),
    EXCLUSION: SurveyPart("nm_unmanaged", _nm, _predict),
    LINKS: SurveyPart("macvlan_link", _converge, _predict),
    CONTAINERS: SurveyPart("container_network", _containers, _predict),
    CONFLICTS: SurveyPart("arp_conflict_check", _conflicts, _ask),
    REACHABILITY: SurveyPart("macvlan_verify", _reach, _verify),
    DHCP: SurveyPart("dhcp_check", _dhcp, _ask),
}
