# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kind_missing: the running kernel cannot create macvlan links."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

MACVLAN_KINDS = ("macvlan", "macvtap")
#: Status of the kind -> why it is so, and what to do. `kmod_check` documents them.
REASONS = {
    "missing": ("has no module macvlan", "install the kernel's package with extra modules, or another kernel"),
    "no_module_tree": (
        "has no directory in /lib/modules, as after an update of the kernel without a reboot",
        "reboot into the installed kernel",
    ),
    "blacklisted": (
        "does not load the module macvlan, which modprobe.d blacklists",
        "remove that line of modprobe.d, then modprobe macvlan",
    ),
}


def judge(case: Case) -> CauseVerdict:
    kernel = case.kernel
    found = kernel["macvlan"]
    there = [
        link["name"]
        for space in case.after.namespaces
        for link in space.links
        if link["kind"] in MACVLAN_KINDS and link["parent"] == case.parent_name
    ]
    if there or found["works"]:
        return case.ruled_out("the kernel can create macvlan links")
    if found["works"] is None and found["status"] not in REASONS:
        return case.ruled_out(f"the kernel can create macvlan links (the module is {found['status']})")
    why, remedy = REASONS.get(found["status"], ("refuses a trial macvlan link", ""))
    evidence = [case.item("kernel", text) for text in found["evidence"]]
    return case.confirmed(
        f"the kernel {kernel['release']} of {case.host} {why}, so no macvlan link can be created",
        [*evidence, *case.loss_items(case.broken())],
        remedy=remedy,
    )


CAUSE = Cause(
    id="kind_missing",
    rank=230,
    title="the kernel does not support macvlan",
    explanation="macvlan is a kernel module. Small kernels leave it out, and it is not found when /lib/modules belongs"
    " to another version than the running one. Every attempt to create such a link then fails with EOPNOTSUPP.",
    remedy="install or load the module macvlan for the running kernel, or reboot into the installed kernel",
    signature="at creation",
    proof="the kernel's options and module files, and a trial macvlan link that could not be created",
    must="R D",
    by=BY_HAND,
    needs=("after", "system.kernel"),
    explains=("host_isolation", "not_persistent", "boot_order", "link_absent", "address_absent", "route_absent"),
    breaks=BEYOND_PARENT,
    judge=judge,
)
