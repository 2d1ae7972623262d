# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""engine_rootless: a network is in an engine without root's rights, whose containers never reach the parent."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import unplaced
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    engine = engines.declared(case)
    alone = engine["problem"] if engine and "rootless" in engine["problem"] else ""
    users = [
        (name, item)
        for name, item in engines.networks(case)
        if item["user"] and (engines.overlaps(case, item) or item["parent"] == case.parent_name)
    ]
    if not alone and not users:
        return case.ruled_out("no other user's engine has a network on this parent or subnet")
    absent = list(unplaced(case))
    lost = [target for target in case.broken() if target["target"] in absent]
    evidence = [case.item("engine", alone)] if alone else []
    evidence += [engines.item(case, name, item) for name, item in users[:3]]
    what = alone or f"the {engines.words(*users[0])} is rootless: its containers reach nothing on the LAN"
    said = case.confirmed if alone or lost else case.suspected
    return said(f"{what} ({case.host})", [*evidence, *case.loss_items(lost)])


CAUSE = Cause(
    id="engine_rootless",
    rank=9,
    title="the container engine is rootless",
    explanation="An engine without root's rights makes the macvlan link in a network namespace of its own, on a tap"
    " interface that is called like the parent. It reports success, the container has an address of the subnet, and not"
    " one packet reaches the LAN.",
    remedy="create the network and the containers with the engine of root (sudo podman, or the system's docker)",
    signature="from the start, for all of its containers",
    proof="the files of another user's engine have a macvlan network of this subnet or parent, or only a rootless"
    " engine runs, and a declared container is on no link of the host",
    must="D H",
    by=BY_HAND,
    needs=("after", "system.engines"),
    explains=("container_not_running", "engine_stopped"),
    judge=judge,
)
