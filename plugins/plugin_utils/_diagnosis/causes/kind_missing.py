# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kind_missing: the running kernel cannot make macvlan links."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

MACVLAN_KINDS = ("macvlan", "macvtap")
#: Status of the kind -> why it is so, and what to do. `kmod_check` documents them.
REASONS = {
    "missing": ("has no module macvlan", "install the kernel's package with extra modules, or another kernel"),
    "no_module_tree": (
        "has no directory in /lib/modules, as after an update of the kernel without a reboot",
        "reboot into the installed kernel",
    ),
    "blacklisted": ("is told not to load the module macvlan", "remove that line of modprobe.d, then modprobe macvlan"),
}


def judge(case: Case) -> CauseVerdict:
    kernel = case.system["kernel"]
    found = kernel["macvlan"]
    there = [
        link["name"]
        for space in case.after.namespaces
        for link in space.links
        if link["kind"] in MACVLAN_KINDS and link["parent"] == case.parent_name
    ]
    if there or found["works"]:
        return case.ruled_out("the kernel makes macvlan links")
    if found["works"] is None and found["status"] not in REASONS:
        return case.ruled_out(f"the kernel can make macvlan links (the module is {found['status']})")
    why, remedy = REASONS.get(found["status"], ("cannot make a macvlan link", ""))
    evidence = [case.item("kernel", text) for text in found["evidence"]]
    return case.confirmed(
        f"the kernel {kernel['release']} of {case.host} {why}, so that no macvlan link can be made",
        [*evidence, *case.loss_items(case.broken())],
        remedy=remedy,
    )


CAUSE = Cause(
    id="kind_missing",
    rank=230,
    title="the kernel has no macvlan",
    explanation="macvlan is a module of the kernel, which small kernels leave out and which is not found when"
    " /lib/modules belongs to another version than the one that runs. Every attempt to make such a link then ends with"
    " EOPNOTSUPP.",
    remedy="install or load the module macvlan for the running kernel, or reboot into the installed kernel",
    signature="at creation",
    proof="the kernel's options and module files, and a macvlan link that could not be made for a trial",
    must="R D",
    needs=("after", "system", "system.kernel"),
    explains=("host_isolation", "not_persistent", "boot_order"),
    judge=judge,
)
