# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the service run that announces containers which start? Only one that does not run is a result. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from . import proof
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.ANNOUNCER


def checks(scope: Scope) -> list[Check]:
    if not scope.announcer_problem:
        return []
    link = str(scope.network.link)
    evidence = (CheckFact("unit", scope.announcer_problem),)
    remedy = "read the log of the unit (journalctl), and run the role linuxnet.macvlan.interfaces again"
    return [Check(scope.network.name, KIND, scope.parent_name, link, decided=FAIL, evidence=evidence, remedy=remedy)]


def verdict(check: Check, _findings: Findings) -> CheckResult:
    return proof.decided(check)
