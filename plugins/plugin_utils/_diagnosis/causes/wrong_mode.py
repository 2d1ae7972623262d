# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wrong_mode: a macvlan link is in a mode that isolates it from its siblings."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_HOST, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_LINK, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import (
    events_of,
    lost_during,
    outages,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    APPLY,
    BY_HAND,
    CONTAINER,
    RemedyStep,
    apply,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, whoever

BRIDGE = "bridge"
FIND_OUT = "find out who changed the mode; nothing has to be restored now"


def judge(case: Case) -> CauseVerdict:
    # Of a link that has gone meanwhile the mode it had: its containers' modes are wrong beside that.
    shim = case.after.shim or (case.before.shim if not case.lacks("before") else None)
    broken = [*case.broken(HOST_TO_CONTAINER), *case.broken(CONTAINER_TO_HOST)]
    containers = case.after.containers
    wrong = [(item["link"], item["namespace"], item["mode"]) for item in containers if item["mode"] != BRIDGE]
    if shim is None:
        return case.ruled_out("the host has no macvlan link whose mode could matter")
    if shim["mode"] != BRIDGE:
        wrong.insert(0, (shim["name"], "", shim["mode"]))
    wrong = list(dict.fromkeys(wrong))
    evidence = [case.item("mode", f"{name} is in mode {mode}", name, space) for name, space, mode in wrong]
    if not wrong:
        found = outages(case, "mode", shim["name"], good=BRIDGE)
        hurt = lost_during(case, found, broken)
        if hurt:
            return case.confirmed(
                f"{shim['name']} on {case.host} was not in mode bridge at +{found[0].start:.1f} s, and is again",
                [*map(case.event_item, events_of(found)[:4]), *case.loss_items(hurt)],
                found[0].start,
                whoever(found[0].begun_by),
                remedy=FIND_OUT,
                steps=[RemedyStep(BY_HAND, FIND_OUT)],
            )
        return case.ruled_out("the host's link and all containers' links are in mode bridge")
    if shim["mode"] == BRIDGE:
        affected = {item["address"] for item in containers if item["mode"] != BRIDGE}
        spaces = {item["namespace"] for item in containers if item["mode"] != BRIDGE}
        broken = [item for item in broken if item["target"] in affected or item["from"]["namespace"] in spaces]
    if not broken:
        return case.ruled_out("links are not in mode bridge, and all answer: the switch sends frames back", evidence)
    after = case.first_loss(broken)
    name, space, mode = wrong[0]
    spaces = {where for dummy, where, dummy in wrong if where}
    again = f"create the container network {case.network.name} with macvlan_mode=bridge"
    steps = [] if space else [apply()]
    steps += [RemedyStep(CONTAINER, again, namespace=where) for where in sorted(spaces)]
    where = f" in {space}" if space else ""
    return case.confirmed(
        f"{name}{where} on {case.host} is in mode {mode}{since(after)}, in which it cannot reach other macvlan links of"
        f" {case.parent_name}",
        [*evidence, *case.loss_items(broken)],
        after=after,
        remedy="; then ".join(dict.fromkeys(step.text for step in steps)) if spaces else "",
        steps=steps,
    )


CAUSE = Cause(
    id="wrong_mode",
    rank=80,
    title="a macvlan link is not in mode bridge",
    explanation="Links in mode vepa send all frames to the switch, which does not send them back, and links in mode"
    " private drop each other's frames. Only links in mode bridge reach their siblings. The kernel's default is vepa.",
    remedy="set mode: bridge for the link (ip link set LINK type macvlan mode bridge works while it is up), or run"
    " linuxnet.macvlan.site",
    signature="always, from the start",
    proof="the link's mode in the kernel, and lost pings between host and containers",
    must="P D",
    by=APPLY,
    needs=("watch", "after"),
    breaks=OF_LINK,
    judge=judge,
)
