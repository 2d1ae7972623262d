# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a survey: each is what one module reads in check mode, and returns the result of that module.

Each is imported when it is needed: compiling what a survey does not need was a third of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class SurveyPart:
    """module: whose options it takes. load: imports it. run: from these options, and whether Ansible only predicts, to
    the result."""

    module: str
    load: Callable[[], Any]
    run: Callable[[dict, bool], dict]


#: In the order of the documentation. What could write is asked for a prediction in any case.
PARTS = {
    KERNEL: SurveyPart("kmod_check", _kmod, lambda options, _check: _kmod().run(options, True)),
    EXCLUSION: SurveyPart("nm_unmanaged", _nm, lambda options, _check: _nm().run(options, True)),
    LINKS: SurveyPart("macvlan_link", _converge, lambda options, _check: _converge().run(options, True)),
    CONTAINERS: SurveyPart("container_network", _containers, lambda options, _check: _containers().run(options, True)),
    CONFLICTS: SurveyPart("arp_conflict_check", _conflicts, lambda options, _check: _conflicts().run(options)),
    REACHABILITY: SurveyPart("macvlan_verify", _reach, lambda options, check: _reach().run(options, check)),
    DHCP: SurveyPart("dhcp_check", _dhcp, lambda options, _check: _dhcp().run(options)),
}
