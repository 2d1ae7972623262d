# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_firewall_bypassed: the host's firewall has rules for containers that never see the containers' packets."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import DroppingRule
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_HOST, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: The families whose hooks are in the IP stack of the host (nft(8), ADDRESS FAMILIES).
FAMILIES = ("ip", "ip6", "inet")
#: The hook for routed packets. The others see packets between the host and its containers.
PASSING = ["forward"]


def judge(case: Case) -> CauseVerdict:
    filters = case.after.filters
    meant = [(rule, found) for rule in filters for found in [_containers(case, rule)] if found]
    if not meant:
        return case.ruled_out(
            "no rule of nftables on the host drops, and counts, forwarded packets of containers alone"
        )
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
        return case.ruled_out(
            "the host's rules that drop packets of containers matched nothing, and there was no traffic"
        )
    rule, found = idle[0]
    evidence = [
        case.item("rule", f"{one['place']} handle {one['handle']} names {_listed(some)}, and dropped 0 packets")
        for one, some in idle[:5]
    ]
    return case.suspected(
        f"{rule['place']} on {case.host} has a rule that drops packets of {_listed(found)} and has matched none, while"
        " they have traffic: frames from the LAN to a macvlan link never pass the host's own firewall",
        [*evidence, *case.answer_items(asked)],
    )


def _containers(case: Case, rule: DroppingRule) -> list[str]:
    """The containers' addresses that a rule for routed packets names, without ranges that contain others too."""
    if rule["place"].split()[0] not in FAMILIES or rule["hooks"] != PASSING:
        return []
    found: list[str] = []
    for text in rule["addresses"]:
        first, last = (parse_address(part) for part in text.split("-"))
        if first and last and case.claims(str(first)) and case.claims(str(last)):
            found += [
                item["address"]
                for item in case.after.containers
                for address in [parse_address(item["address"])]
                if address and address.version == first.version and int(first) <= int(address) <= int(last)
            ]
    return list(dict.fromkeys(found))


def _source(case: Case, target: TargetData) -> set[str]:
    """The addresses of the container that asked."""
    place = (target["from"]["namespace"], target["from"]["link"])
    return {item["address"] for item in case.after.containers if (item["namespace"], item["link"]) == place}


def _listed(addresses: list[str]) -> str:
    return ", ".join(addresses[:3]) + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")


CAUSE = Cause(
    id="host_firewall_bypassed",
    rank=430,
    title="the host's firewall does not see the containers' packets",
    explanation="The macvlan driver hands a frame to the container's link before the host's IP stack sees it, and the"
    " container's own frames go straight to the parent. Rules of iptables and nftables in the host's forward chains,"
    " also in DOCKER-USER, never match them: they do not protect the container.",
    remedy="filter in the container's own namespace, or in chains of the family netdev with the hooks ingress and"
    " egress on the parent",
    signature="always; nothing breaks, and nothing is filtered",
    proof="rules in the host's forward hook name containers' addresses and drop, and their counters stay at 0 while"
    " these containers have traffic; the host cannot know the purpose of the rules, so this is suspected at most",
    must="H",
    by=BY_HAND,
    needs=("watch", "after"),
    judge=judge,
)
