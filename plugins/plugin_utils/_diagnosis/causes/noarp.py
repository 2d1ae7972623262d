# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""noarp: a link neither asks for MAC addresses nor answers for its own."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, culprit


def judge(case: Case) -> CauseVerdict:
    silent = _silent(case)
    if not silent:
        return case.ruled_out("ARP is on on the parent, on the host's link and on the containers' links")
    broken = case.broken()
    evidence = [case.item("flag", f"{name} has the flag NOARP", name, space) for space, name in silent]
    if not broken:
        return case.suspected(f"ARP is off on {_where(*silent[0])} of {case.host}, and nothing is lost yet", evidence)
    space, name = silent[0]
    changes = [event for event in case.events("link", "change", name, space) if _turned_off(event)]
    after = changes[0]["after"] if changes else case.first_loss(broken)
    return case.confirmed(
        f"ARP is off on {_where(space, name)} of {case.host}{since(after)}: it asks for no MAC address and answers for"
        " none",
        [*evidence, *map(case.event_item, changes[:3]), *case.loss_items(broken)],
        after=after,
        culprit=culprit(changes[0]["process"]) if changes and changes[0].get("process") else None,
        remedy=f"ip {f'-n {space} ' if space else ''}link set {name} arp on",
    )


def _silent(case: Case) -> list[tuple[str, str]]:
    """Namespaces and names of the links of this network that have ARP turned off."""
    own = [("", name) for name in (case.parent_name, case.network.link) if name]
    inside = [(item["namespace"], item["link"]) for item in case.after.containers]
    found = []
    for space, name in dict.fromkeys([*own, *inside]):
        place = case.after.own if not space else case.after.namespace(space)
        link = place.link(name) if place else None
        if link is not None and not link["arp"]:
            found.append((space, name))
    return found


def _where(space: str, name: str) -> str:
    return f"{name} in {space}" if space else name


def _turned_off(event: dict) -> bool:
    return (event.get("data") or {}).get("arp") is False


CAUSE = Cause(
    id="noarp",
    rank=130,
    title="ARP is turned off on a link",
    explanation="With the flag NOARP a link sends no ARP requests and answers none, so no neighbour learns its MAC"
    " address and it learns no neighbour's. What others still have in their caches goes on to work until it expires.",
    remedy="ip link set LINK arp on; and remove what turns it off (ARP=no in a .link or .network file, NOARP scripts)",
    signature="always, or about 30 s after it was turned off, when neighbour entries expire",
    proof="the flag IFF_NOARP of the link, and targets that do not answer",
    must="D",
    needs=("watch", "after"),
    explains=("mac_filtering_upstream",),
    judge=judge,
)
