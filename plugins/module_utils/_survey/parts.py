# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a survey: each is what one module reads in check mode, and returns the result of that module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import task as _conflicts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers import task as _containers
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import task as _converge
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import task as _dhcp
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import task as _kmod
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import task as _nm
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import task as _reach

from .names import CONFLICTS, CONTAINERS, DHCP, EXCLUSION, KERNEL, LINKS, REACHABILITY


@dataclass(frozen=True)
class SurveyPart:
    """module: whose options it takes. run: from these options, and whether Ansible only predicts, to the result."""

    module: str
    argument_spec: Callable[[], dict]
    run: Callable[[dict, bool], dict]


#: In the order of the documentation. What could write is asked for a prediction in any case.
PARTS = {
    KERNEL: SurveyPart("kmod_check", _kmod.argument_spec, lambda options, _check: _kmod.run(options, True)),
    EXCLUSION: SurveyPart("nm_unmanaged", _nm.argument_spec, lambda options, _check: _nm.run(options, True)),
    LINKS: SurveyPart("macvlan_link", _converge.argument_spec, lambda options, _check: _converge.run(options, True)),
    CONTAINERS: SurveyPart(
        "container_network", _containers.argument_spec, lambda options, _check: _containers.run(options, True)
    ),
    CONFLICTS: SurveyPart(
        "arp_conflict_check", _conflicts.argument_spec, lambda options, _check: _conflicts.run(options)
    ),
    REACHABILITY: SurveyPart("macvlan_verify", _reach.argument_spec, _reach.run),
    DHCP: SurveyPart("dhcp_check", _dhcp.argument_spec, lambda options, _check: _dhcp.run(options)),
}
