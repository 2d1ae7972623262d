# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""noarp: a link neither sends ARP requests nor answers them."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_GATEWAY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import container_links
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, whoever


def judge(case: Case) -> CauseVerdict:
    silent = _silent(case)
    if not silent:
        return case.ruled_out("the parent, the host's link and the containers' links all use ARP")
    broken = _of(case, silent)
    evidence = [case.item("flag", f"{name} has the flag NOARP", name, space) for space, name in silent]
    if not broken:
        return case.suspected(f"ARP is off on {_where(*silent[0])} of {case.host}, and nothing is lost yet", evidence)
    space, name = silent[0]
    inside = case.after.namespace(space)
    switch_on = f"{inside.enter if inside else ''}ip link set {quote(name)} arp on"
    changes = [event for event in case.link_events("change", name, space) if not event["data"]["arp"]]
    after = changes[0]["after"] if changes else case.first_loss(broken)
    return case.confirmed(
        f"ARP is off on {_where(space, name)} of {case.host}{since(after)}: it neither sends ARP requests nor answers"
        " them",
        [*evidence, *map(case.event_item, changes[:3]), *case.loss_items(broken)],
        after=after,
        culprit=whoever(changes[0]) if changes else None,
        remedy=switch_on,
        steps=[command(switch_on)],
    )


def _silent(case: Case) -> list[tuple[str, str]]:
    """Namespaces and names of the links of this network that have ARP turned off."""
    return [(namespace.label, link["name"]) for namespace, link in case.links() if not link["arp"]]


def _of(case: Case, silent: list[tuple[str, str]]) -> list[TargetData]:
    """What is broken and leads over one of these links: where it is one of the host's own, which its containers ask as
    well, all but what these ask the gateway."""
    if any(not space for space, dummy in silent):
        return [target for target in case.broken() if target["kind"] != CONTAINER_TO_GATEWAY]
    places = [item for item in container_links(case) if (item.space.label, item.link["name"]) in silent]
    return [target for target in case.broken() if any(item.targets([target]) for item in places)]


def _where(space: str, name: str) -> str:
    return f"{name} in {space}" if space else name


CAUSE = Cause(
    id="noarp",
    rank=130,
    title="ARP is turned off on a link",
    explanation="With the flag NOARP a link sends no ARP requests and answers none, so no neighbour learns its MAC"
    " address and it learns no neighbour's. Entries that neighbours still have keep working until they expire.",
    remedy="ip link set LINK arp on; and remove what turns ARP off (ARP=no in a .link or .network file, a script)",
    signature="always, or about 30 s after it was turned off, when neighbour entries expire",
    proof="the link has the flag IFF_NOARP, and targets do not answer",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("mac_filtering_upstream",),
    everywhere=True,
    breaks=BEYOND_PARENT,
    judge=judge,
)
