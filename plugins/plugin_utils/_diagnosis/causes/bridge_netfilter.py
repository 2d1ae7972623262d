# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bridge_netfilter: the host's firewall drops what its containers send and get across a bridge."""

from __future__ import annotations

import shlex

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import (
    DroppedRule,
    PingCount,
    RulePlace,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAY_FROM_PARENT
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import ECHO
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, RemedyStep, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: By how the parent relates to the bridge, for each family of nftables the hooks that a container's packets pass,
#: measured on Linux 6.18 (net/bridge/br_netfilter_hooks.c; nft(8), ADDRESS FAMILIES). Those of IP depend on `SETTINGS`.
IP_HOOKS = {"itself": {"prerouting"}, "port": {"prerouting", "forward", "postrouting"}}
BRIDGE_HOOKS = {
    "itself": {"prerouting", "input", "output", "postrouting"},
    "port": {"prerouting", "forward", "postrouting"},
}
#: By the IP version of what is lost.
SETTINGS = {4: "bridge-nf-call-iptables", 6: "bridge-nf-call-ip6tables"}
FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}


def judge(case: Case) -> CauseVerdict:
    tried, host = case.experiments.result("bridge_pass"), case.host
    if tried is None:
        return case.not_tested(case.experiments.why_not("bridge_pass"))
    bridge = tried["bridge"]
    if bridge is None:
        return case.ruled_out(f"{case.parent_name} is neither a bridge nor connected to one on this host")
    asked, how = tried.get("pings", []), tried.get("how", "")
    pings = [_ping_item(case, ping) for ping in asked]
    lost = [ping for ping in asked if not ping["received"]]
    if not asked:
        return case.not_tested("no container of this host could ping the gateway")
    if not lost:
        return case.ruled_out(f"containers reach the gateway across the bridge {bridge}", pings)
    version = 6 if ":" in lost[0]["target"] else 4
    count = sum(ping["sent"] for ping in lost)
    drops = [rule for rule in tried.get("drops", []) if _concerns(case, rule, how, version)]
    taken = max(drops, key=lambda rule: rule["dropped"], default=None)
    name = SETTINGS[version]
    setting = [case.item("setting", f"net.bridge.{name} is {case.after.bridge_setting(name)}")]
    text = f"the firewall of {host} drops the packets of containers across the bridge {bridge}"
    if taken is not None and taken["dropped"] >= lost[0]["sent"]:
        return case.confirmed(
            f"{text}: the rule {taken['handle']} of {taken['place']} dropped {taken['dropped']} packets while"
            f" {count} pings of {lost[0]['target']} were lost",
            [_rule_item(case, taken), *setting, *pings],
            remedy=_remedy(taken["place"], version),
            steps=_steps(taken["place"], version),
        )
    silent = [rule for rule in tried.get("uncounted", []) if _concerns(case, rule, how, version)]
    if silent and _answers_the_host(case, lost[0]["target"]):
        place = silent[0]["place"]
        rule = f"rule {silent[0]['handle']}" if silent[0]["handle"] is not None else "policy"
        return case.suspected(
            f"{text}, perhaps: {lost[0]['target']} answers the host and not them, and the {rule} of {place}, which"
            " they pass, drops packets without counting them",
            [*setting, *pings],
            remedy=_remedy(place, version),
            steps=_steps(place, version),
        )
    legacy = tried.get("legacy", [])
    if legacy and case.after.bridge_setting(name):
        return case.not_tested(f"rules of iptables-legacy are not read here: tables {', '.join(legacy)}")
    return case.ruled_out("no rule that containers pass on their path across the bridge dropped anything", pings)


def _concerns(case: Case, rule: RulePlace, how: str, version: int) -> bool:
    """Whether packets of containers pass a rule. how: ``itself`` or ``port``."""
    family = rule["place"].split()[0]
    if family == "bridge":
        return bool(BRIDGE_HOOKS[how].intersection(rule["hooks"]))
    asked = case.after.bridge_setting(SETTINGS[version])
    return bool(asked) and family in FAMILIES[version] and bool(IP_HOOKS[how].intersection(rule["hooks"]))


def _answers_the_host(case: Case, gateway: str) -> bool:
    """Whether it answers pings from the host, which need not pass the same rules."""
    return any(
        item["received"]
        for item in case.targets(GATEWAY_FROM_PARENT)
        if item["method"] == ECHO and item["target"] == gateway
    )


def _remedy(place: str, version: int) -> str:
    family = place.split(maxsplit=1)[0]
    accept = f"accept the containers' addresses before that rule (nft -a list chain {shlex.join(place.split())})"
    if family == "bridge":
        return accept
    return (
        f"sysctl -w net.bridge.{SETTINGS[version]}=0, where no other bridge of this host needs it (Kubernetes does);"
        f" or {accept}"
    )


def _steps(place: str, version: int) -> list[RemedyStep]:
    if place.split(maxsplit=1)[0] == "bridge":
        return []
    return [command(f"sysctl -w net.bridge.{SETTINGS[version]}=0")]


def _rule_item(case: Case, rule: DroppedRule) -> EvidenceItem:
    hooks = ", ".join(rule["hooks"])
    text = f"{rule['place']} handle {rule['handle']} (hook {hooks}) dropped {rule['dropped']} packets during the pings"
    return case.item("rule", f"{text}; it matches {rule['matches']}")


def _ping_item(case: Case, ping: PingCount) -> EvidenceItem:
    text = f"{ping['target']} answered {ping['received']} of {ping['sent']} pings"
    return case.item("experiment", text, namespace=ping["namespace"])


CAUSE = Cause(
    id="bridge_netfilter",
    rank=470,
    title="the host's firewall drops packets that cross its bridge",
    explanation="Frames that cross a Linux bridge pass the host's IP firewall if bridge-nf-call-iptables is 1, which"
    " Docker and Kubernetes set. A rule that is meant for the host or for routed packets then drops those of containers"
    " on the bridge. ARP passes, so the gateway's MAC address is known and pings are still lost.",
    remedy="sysctl -w net.bridge.bridge-nf-call-iptables=0, or a rule that accepts the containers' addresses",
    signature="once the module br_netfilter is loaded, for example when Docker starts, or firewall rules are loaded",
    proof="containers' pings of the gateway are lost, and a rule that bridged packets pass drops as many packets in the"
    " same time",
    must="D",
    by=BY_HAND,
    needs=("after",),
    judge=judge,
)
