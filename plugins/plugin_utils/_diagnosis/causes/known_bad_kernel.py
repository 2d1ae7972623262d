# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""known_bad_kernel: the running kernel has a known bug in macvlan."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    kernel = case.kernel
    bad = kernel["macvlan"]["known_bad"]
    if not bad:
        return case.ruled_out(f"no bug of macvlan is known in the kernel {kernel['release']}")
    evidence = [
        case.item("kernel", f"{kernel['release']}: {bad['problem']}"),
        case.item("source", bad["source"]),
    ]
    broken = case.broken()
    if not broken:
        return case.ruled_out(f"the kernel {kernel['release']} has a known bug, and nothing was lost", evidence)
    return case.suspected(
        f"the kernel {kernel['release']} of {case.host} has a known bug: {bad['problem']}",
        [*evidence, *case.loss_items(broken)],
        remedy=f"update the kernel to {bad['fixed_in']} or newer",
    )


CAUSE = Cause(
    id="known_bad_kernel",
    rank=240,
    title="the running kernel has a known bug in macvlan",
    explanation="A few stable releases of the kernel corrupt frames that macvlan links receive. It shows after an"
    " update of the kernel, and often only for connections from outside, until the container has sent something"
    " itself.",
    remedy="update the kernel",
    signature="after an update of the kernel",
    proof="the release, and that something is lost; a version number is no proof, so this is suspected at most",
    must="R H",
    by=BY_HAND,
    needs=("watch", "system.kernel"),
    judge=judge,
)
