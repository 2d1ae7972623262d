# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked the gateway in the experiment gateway_ask, and who was answered. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import (
    AskedVantage,
    GatewayAskResult,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    ANNOUNCER,
    CONTAINER_TO_GATEWAY,
    CONTAINER_TO_HOST,
    GATEWAY_FROM_LINK,
    GATEWAY_FROM_PARENT,
    HOST_TO_CONTAINER,
    WHO_HAS,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData

from .case import Case
from .verdict import EvidenceItem

#: MAC addresses that a remedy names; macvlan_info lists all.
MACS_MAX = 8
PARENT, LINK, CHILD = "parent", "link", "child"
#: What the vantage of a container begins with; its namespace follows.
CONTAINER = "container "
#: Vantages of the experiment -> the kind of target with which the watch asks from there.
_WATCHED = {PARENT: GATEWAY_FROM_PARENT, LINK: GATEWAY_FROM_LINK}
#: Kinds of target whose requests do not leave the host, or leave it with the parent's MAC address.
_OWN = (ANNOUNCER, CONTAINER_TO_HOST, GATEWAY_FROM_PARENT, HOST_TO_CONTAINER)


def senders(case: Case, made: GatewayAskResult) -> dict[str, AskedVantage]:
    """The vantages that could ask: parent, link, child, egress, and ``container NAME``.

    One that got no answer is left out where the watch got all of them from the same place: its silence proves nothing.
    """
    return {item["vantage"]: item for item in made["asked"] if item["sent"] and not _contradicted(case, made, item)}


def _contradicted(case: Case, made: GatewayAskResult, asked: AskedVantage) -> bool:
    if asked["answered"]:
        return False
    same = [item for item in watched_from(case, asked["vantage"]) if item["target"] == made["gateway"]]
    return bool(same) and all(item["received"] == item["sent"] for item in same)


def watched_from(case: Case, vantage: str) -> list[TargetData]:
    """The targets of the watch that asked gateways from the same place."""
    if vantage.startswith(CONTAINER):
        name = vantage[len(CONTAINER) :]
        found = [item for item in case.targets(CONTAINER_TO_GATEWAY) if item["from"]["namespace"] == name]
    else:
        found = case.targets(_WATCHED[vantage]) if vantage in _WATCHED else []
    return [item for item in found if item["sent"]]


def lost_from(case: Case, vantage: str) -> list[TargetData]:
    """Those of them that are broken."""
    return broken(watched_from(case, vantage))


def only_the_parent(case: Case) -> list[EvidenceItem]:
    """The proof that the parent is answered and a new MAC address on it is not; empty where that is not so."""
    made = case.experiments.result("gateway_ask")
    if made is None:
        return []
    asked = senders(case, made)
    if "parent" not in asked or "child" not in asked:
        return []
    parent, child = asked["parent"], asked["child"]
    if not parent["answered"] or child["answered"]:
        return []
    text = f"{made['gateway']} answers the parent's MAC {parent['mac']}, and not {child['mac']}"
    return [case.item("experiment", text, parent["link"])]


def of_other_macs(case: Case, gateway: str = "") -> list[str]:
    """The ids of what is lost where the port refuses other MAC addresses than the parent's: the broken targets of these
    and, as experiments ask with such an address, the gateway asked from the host's link, whether the watch lost it or
    not. gateway: empty for all of the network."""
    asked = [item["id"] for item in case.broken() if item["kind"] not in _OWN]
    own = case.network.link or ""
    gateways = [gateway] if gateway else map(str, case.network.gateways)
    return [*asked, *(f"{case.network.name}/{GATEWAY_FROM_LINK}/{own}/{item}/{WHO_HAS}" for item in gateways)]


def port(case: Case) -> str:
    """The switch port of this host, in words by which a network team finds it."""
    parent = case.after.parent
    return f"the switch port of {case.host} {case.parent_name}" + (f" ({parent['mac']})" if parent else "")


def further_macs(case: Case) -> str:
    """The MAC addresses that the port has to accept beside the parent's."""
    own = ("", case.parent_name)
    macs = list(dict.fromkeys(link["mac"] for space, link in case.links() if (space.label, link["name"]) != own))
    more = f" and {len(macs) - MACS_MAX} more, which macvlan_info lists" if len(macs) > MACS_MAX else ""
    return ", ".join(macs[:MACS_MAX]) + more
