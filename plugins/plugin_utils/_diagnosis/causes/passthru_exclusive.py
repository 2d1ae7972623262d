# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""passthru_exclusive: a macvlan link in mode passthru has the parent for itself."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, apply, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

PASSTHRU = "passthru"


def judge(case: Case) -> CauseVerdict:
    parent = case.parent_name
    taken = [
        (space.label, link["name"])
        for space in case.after.namespaces
        for link in space.links
        if link["mode"] == PASSTHRU
        and link["parent"] == parent
        and link["parent_namespace"] in (("", "same") if not space.label else ("",))
        and (space.label, link["name"]) != ("", case.network.link)
    ]
    if not taken:
        return case.ruled_out(f"no link in mode passthru is on {parent}")
    space, name = taken[0]
    where = f"{name} in {space}" if space else name
    evidence = [case.item("mode", f"{name} is a link of {parent} in mode passthru", name, space)]
    if case.network.link is None or case.after.shim is not None:
        return case.ruled_out(f"{where} is in mode passthru, and no other link of this host is declared", evidence)
    inside = case.after.namespace(space)
    delete = f"{inside.enter if inside else ''}ip link delete {quote(name)}"
    return case.confirmed(
        f"{where} on {case.host} is in mode passthru and has {parent} exclusively, so {case.network.link} cannot be"
        " created (EINVAL)",
        [*evidence, *case.loss_items(case.broken())],
        remedy=f"remove {where} ({delete}), then run linuxnet.macvlan.site; or create it in mode bridge",
        steps=[command(delete), apply()],
    )


CAUSE = Cause(
    id="passthru_exclusive",
    rank=120,
    title="a link in mode passthru has the parent exclusively",
    explanation="Mode passthru gives the whole parent to one link, which also uses its MAC address. The kernel refuses"
    " every further macvlan link on that parent.",
    remedy="remove the link in mode passthru, or create it in mode bridge",
    signature="at creation",
    proof="a link in mode passthru is on the parent, and the declared link does not exist",
    must="R D",
    by=BY_HAND,
    needs=("after",),
    explains=("host_isolation", "not_persistent", "link_absent", "address_absent", "route_absent"),
    breaks=BEYOND_PARENT,
    judge=judge,
)
