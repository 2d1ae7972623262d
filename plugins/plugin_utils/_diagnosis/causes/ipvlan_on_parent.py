# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipvlan_on_parent: ipvlan links are on the parent, so no macvlan link can be created on it."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, apply, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

IPVLAN_KINDS = ("ipvlan", "ipvtap")


def judge(case: Case) -> CauseVerdict:
    parent = case.parent_name
    taken = [
        (space.label, link["name"], link["kind"])
        for space in case.after.namespaces
        for link in space.links
        if link["kind"] in IPVLAN_KINDS
        and link["parent"] == parent
        and link["parent_namespace"] in (("", "same") if not space.label else ("",))
    ]
    if not taken:
        return case.ruled_out(f"no ipvlan link is on {parent}")
    evidence = [case.item("kind", f"{name} is an {kind} link of {parent}", name, space) for space, name, kind in taken]
    if case.network.link is None or case.after.shim is not None:
        return case.ruled_out(f"ipvlan links are on {parent}, and no macvlan link of this host is missing", evidence)
    space, name, kind = taken[0]
    where = f"{name} in {space}" if space else name
    inside = case.after.namespace(space)
    delete = f"{inside.enter if inside else ''}ip link delete {quote(name)}"
    return case.confirmed(
        f"{where} on {case.host} is an {kind} link of {parent}, so the kernel refuses to create the macvlan link"
        f" {case.network.link}",
        [*evidence, *case.refusals(), *case.loss_items(case.broken())],
        remedy=f"remove {where} ({delete}), then run linuxnet.macvlan.site; or name another parent",
        steps=[command(delete), apply()],
    )


CAUSE = Cause(
    id="ipvlan_on_parent",
    rank=220,
    title="the parent carries ipvlan links",
    explanation="A device has one receive handler, and ipvlan and macvlan links both need it. On a parent with ipvlan"
    " links the kernel refuses every macvlan link (EBUSY).",
    remedy="use one kind of link on a parent: remove the ipvlan links, or name another parent",
    signature="at creation",
    proof="an ipvlan link is on the parent, and the declared link does not exist",
    must="R D",
    by=BY_HAND,
    needs=("after",),
    explains=("host_isolation", "not_persistent", "link_absent", "address_absent", "route_absent"),
    breaks=BEYOND_PARENT,
    judge=judge,
)
