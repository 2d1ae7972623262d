# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""engine_stopped: the declared container engine does not run, or does not answer."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import unplaced
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.engines import declared
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    BY_HAND,
    COMMAND,
    RemedyStep,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    name, engine = case.network.engine, declared(case)
    if engine is None:
        return case.ruled_out("the network declares no container engine")
    if not engine["problem"] or "rootless" in engine["problem"]:
        return case.ruled_out(f"{name} runs and answers")
    absent = set(unplaced(case))
    lost = [target for target in case.broken(HOST_TO_CONTAINER) if target["target"] in absent]
    start = f"systemctl start {name}.service"
    step = command(start, case.host) if start in engine["remedy"] else RemedyStep(BY_HAND, engine["remedy"])
    return case.confirmed(
        f"{case.network.name} declares engine: {name}, and {engine['problem']} ({case.host})",
        [case.item("engine", engine["problem"]), *case.loss_items(lost)],
        remedy=engine["remedy"],
        steps=[step],
    )


CAUSE = Cause(
    id="engine_stopped",
    rank=9,
    title="the declared container engine does not run",
    explanation="The network is declared for a container engine that is not installed, does not run, or does not"
    " answer. With live-restore its running containers go on, but nothing starts a container that ends, and none of"
    " its networks can be compared.",
    remedy="systemctl start docker.service, or correct engine in macvlan_networks",
    signature="from the moment when it stops, for containers that end",
    proof="no process of the engine runs in the host's network namespace, or it does not answer at its socket",
    must="D",
    by=COMMAND,
    needs=("after", "system.engines"),
    explains=("container_not_running",),
    judge=judge,
)
