# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_firewall_bypassed: the host's firewall has rules for containers, and never sees their packets."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_HOST, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: The families whose hooks are in the IP stack of the host (nft(8), ADDRESS FAMILIES).
FAMILIES = ("ip", "ip6", "inet")
#: The hook for what passes a host. The others see what the host and its containers say to each other.
PASSING = ["forward"]


def judge(case: Case) -> CauseVerdict:
    filters = case.after.data.get("filters", [])
    meant = [(rule, found) for rule in filters for found in [_containers(case, rule)] if found]
    if not meant:
        return case.ruled_out("no rule of the host's nftables that counts drops what passes it for containers alone")
    idle = [(rule, found) for rule, found in meant if not rule["packets"]]
    if not idle:
        return case.ruled_out("the host's rules that drop packets of containers do match")
    reached = {address for dummy, found in idle for address in found}
    asked = [
        item
        for kind in (HOST_TO_CONTAINER, CONTAINER_TO_HOST)
        for item in case.targets(kind)
        if item["received"] and (item["target"] in reached or _source(case, item) & reached)
    ]
    if not asked:
        return case.ruled_out("the host's rules that drop packets of containers matched nothing, and nothing was there")
    rule, found = idle[0]
    evidence = [
        case.item("rule", f"{one['place']} handle {one['handle']} is for {_told(some)}, and dropped 0 packets")
        for one, some in idle[:5]
    ]
    return case.suspected(
        f"{rule['place']} on {case.host} has a rule that drops packets of {_told(found)} and has seen none, while"
        " they get traffic: what the LAN sends to a macvlan link never passes the host's own firewall",
        [*evidence, *case.answer_items(asked)],
    )


def _containers(case: Case, rule: dict[str, Any]) -> list[str]:
    """The containers' addresses that a rule for passing packets names, without ranges that hold others too."""
    if rule["place"].split()[0] not in FAMILIES or rule.get("hooks") != PASSING:
        return []
    found: list[str] = []
    for text in rule.get("addresses", []):
        first, last = (parse_address(part) for part in text.split("-"))
        if first and last and case.claims(str(first)) and case.claims(str(last)):
            found += [
                item["address"]
                for item in case.after.containers
                for address in [parse_address(item["address"])]
                if address and address.version == first.version and int(first) <= int(address) <= int(last)
            ]
    return list(dict.fromkeys(found))


def _source(case: Case, target: dict[str, Any]) -> set[str]:
    """The addresses of the container that asked."""
    place = (target["from"]["namespace"], target["from"]["link"])
    return {item["address"] for item in case.after.containers if (item["namespace"], item["link"]) == place}


def _told(addresses: list[str]) -> str:
    return ", ".join(addresses[:3]) + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")


CAUSE = Cause(
    id="host_firewall_bypassed",
    rank=430,
    title="the host's firewall does not see the containers' packets",
    explanation="The macvlan driver takes a frame for a container before the host's IP stack sees it, and sends the"
    " container's own frames straight to the parent. Rules of iptables and nftables in the host's forward chains,"
    " DOCKER-USER too, never match them: the container is not protected, however the rules read.",
    remedy="filter in the container's own namespace, or in chains of the family netdev with the hooks ingress and"
    " egress on the parent",
    signature="always; nothing breaks, and nothing is filtered",
    proof="rules in the host's forward hook name containers' addresses and drop, and their counters stay at 0 while"
    " these containers get traffic; a host alone cannot know what the rules are there for",
    must="H",
    needs=("watch", "after"),
    judge=judge,
)
