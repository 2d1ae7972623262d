# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""filter_drops: a rule of nftables or iptables on the host, or in a container, drops the lost packets."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.rules import NFTABLES, TEXT_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import FilterRuleData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import NamespaceView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: Hooks that packets pass on their way in and out of a namespace that is their end (nft(8), ADDRESS FAMILIES).
INBOUND, OUTBOUND = {"ingress", "prerouting", "input"}, {"output", "postrouting", "egress"}
#: The families of nftables whose chains see a protocol; tables of iptables have none in their place.
FAMILIES = {"icmp": {"ip", "inet", "netdev"}, "icmpv6": {"ip6", "inet", "netdev"}, "arp": {"arp", "netdev"}}
LEGACY = {"iptables-legacy": "icmp", "ip6tables-legacy": "icmpv6"}
POLICY = "policy"


@dataclass(frozen=True)
class _Passage:
    """One packet of a probe where it passes a namespace that sends or receives it. source: empty where not known."""

    inbound: bool
    link: str
    protocol: str
    source: str
    target: str

    def fits(self, rule: FilterRuleData) -> bool:
        """Whether the rule sees the packet and matches it, as far as its matches are understood."""
        if not set(rule["hooks"]) & (INBOUND if self.inbound else OUTBOUND):
            return False
        family = rule["place"].split(" ", maxsplit=1)[0]
        sees = LEGACY[rule["tool"]] == self.protocol if rule["tool"] in LEGACY else family in FAMILIES[self.protocol]
        links, others = (rule["iif"], rule["oif"]) if self.inbound else (rule["oif"], rule["iif"])
        return (
            sees
            and not others
            and (not links or any(_named(self.link, pattern) for pattern in links))
            and (not rule["protocols"] or self.protocol in rule["protocols"])
            and _within(self.source, rule["sources"])
            and _within(self.target, rule["targets"])
        )


@dataclass(frozen=True)
class _Suspect:
    """A rule that matches lost packets. dropped: how many it dropped during the watch, None where it does not count."""

    space: NamespaceView
    rule: FilterRuleData
    lost: list[TargetData]
    dropped: int | None

    @property
    def proven(self) -> bool:
        """Whether it dropped at least half as many packets as one of the targets lost."""
        least = min(item["sent"] - item["received"] for item in self.lost)
        return self.dropped is not None and self.dropped > 0 and 2 * self.dropped >= least

    @property
    def possible(self) -> bool:
        """Whether it may be the reason though it counts nothing: only where all that it demands is known."""
        return self.dropped is None and not self.rule["partial"]

    @property
    def name(self) -> str:
        handle = f" handle {self.rule['handle']}" if self.rule["handle"] is not None else ""
        return f"{self.rule['tool']} {self.rule['place']}{handle}: {self.rule['text']}"


def judge(case: Case) -> CauseVerdict:
    if not any("filters" in space.data for space in case.after.namespaces):
        return case.not_tested("the rules of nftables and iptables are not known")
    suspects = [item for space in case.after.namespaces for item in _suspects(case, space)]
    proven = [item for item in suspects if item.proven]
    possible = [item for item in suspects if item.possible]
    if not proven and not possible:
        return case.ruled_out("no rule of nftables or iptables, on the host or in a container, drops what is lost")
    chosen = sorted(proven or possible, key=lambda item: (item.rule["verdict"] == POLICY, -len(item.lost)))
    first = chosen[0]
    where = f"in the container {first.space.label} on {case.host}" if first.space.label else f"on {case.host}"
    lost = list({item["id"]: item for one in chosen for item in one.lost}.values())
    after = case.first_loss(lost)
    pings = "; it drops pings, and other traffic may pass" if set(first.rule["protocols"]) & {"icmp", "icmpv6"} else ""
    summary = f"a rule {where} drops probes of {first.lost[0]['target']}{since(after)} ({first.name})"
    evidence = [
        case.item(
            "rule",
            f"{one.name}; "
            + (f"{one.dropped} packets during the watch" if one.dropped is not None else "it does not count"),
            "",
            one.space.label,
        )
        for one in chosen[:5]
    ] + case.loss_items(lost)
    inside = f"in the namespace of {first.space.label}: " if first.space.label else ""
    remedy = f"{inside}delete that rule, or accept these packets before it, where it is made{pings}"
    steps = [command(f"{first.space.enter}{delete}")] if (delete := _delete(first.rule)) else []
    if steps:
        remedy += f"; until then: {steps[0].text}"
    if proven:
        return case.confirmed(summary, evidence, after, remedy=remedy, steps=steps)
    return case.suspected(f"{summary}, which does not count what it drops", evidence, after, remedy=remedy, steps=steps)


def _delete(rule: FilterRuleData) -> str:
    """The command that deletes a rule; empty where that is not known."""
    if rule["verdict"] == POLICY:
        return ""
    if rule["tool"] == NFTABLES:
        place = " ".join(map(quote, rule["place"].split()))
        return f"nft delete rule {place} handle {rule['handle']}" if rule["handle"] is not None else ""
    if len(rule["text"]) >= TEXT_MAX:
        return ""
    # As iptables-save prints it: -A CHAIN and what it matches.
    program, table = rule["tool"], rule["place"].split()[0]
    return f"{program} -t {quote(table)} -D {shlex.join(shlex.split(rule['text'])[1:])}"


def _suspects(case: Case, space: NamespaceView) -> Iterator[_Suspect]:
    before = case.before.namespace(space.label)
    for rule in space.data.get("filters", []):
        lost = [item for item in case.lost() if any(one.fits(rule) for one in _passages(case, space, item))]
        if lost:
            yield _Suspect(space, rule, lost, _grown(rule, before))


def _grown(rule: FilterRuleData, before: NamespaceView | None) -> int | None:
    """By how much its counter grew during the watch."""
    if rule["packets"] is None:
        return None
    key = (rule["tool"], rule["place"], rule["handle"], rule["text"])
    same = [
        item["packets"] or 0
        for item in (before.data.get("filters", []) if before else [])
        if (item["tool"], item["place"], item["handle"], item["text"]) == key
    ]
    return max(0, rule["packets"] - (same[0] if same else 0))


def _passages(case: Case, space: NamespaceView, target: TargetData) -> Iterator[_Passage]:
    """Request and answer of a probe where they pass a namespace: as the one that asks, or as the one that is asked."""
    address, origin = parse_address(target["target"]), target["from"]
    if address is None:
        return
    protocol = "icmpv6" if address.version == 6 else "icmp" if target["method"] == ECHO else "arp"
    asker = case.after.namespace(origin["namespace"])
    source = _source(asker, str(address), origin["link"])
    if space.label == origin["namespace"]:
        yield _Passage(False, origin["link"], protocol, source, str(address))
        yield _Passage(True, origin["link"], protocol, str(address), source)
    held = [item["link"] or "" for item in space.addresses() if bare(item["address"]) == str(address)]
    if held and space.label != origin["namespace"]:
        path = space.path(source) if source else None
        back = path["link"] if path and path["link"] else held[0]
        # A container that asks for the parent's address is heard by the link over which it is answered.
        for link in dict.fromkeys((held[0], back)):
            yield _Passage(True, link, protocol, source, str(address))
        yield _Passage(False, back, protocol, str(address), source)


def _source(asker: NamespaceView | None, address: str, link: str) -> str:
    """From which address is asked, empty where that is not known."""
    path = asker.path(address) if asker else None
    if path and path["source"]:
        return path["source"]
    version = ipaddress.ip_address(address).version
    own = [ipaddress.ip_interface(item["address"]).ip for item in asker.addresses(link)] if asker else []
    same = [str(item) for item in own if item.version == version]
    return same[0] if len(same) == 1 else ""


def _named(link: str, pattern: str) -> bool:
    """nft writes any further characters as ``*``, iptables as ``+``."""
    return link.startswith(pattern[:-1]) if pattern.endswith(("*", "+")) else link == pattern


def _within(address: str, ranges: Iterable[str]) -> bool:
    """An address that is not known fits every range."""
    known, wanted = parse_address(address), list(ranges)
    if not wanted or known is None:
        return True
    for text in wanted:
        first, last = (parse_address(part) for part in text.split("-"))
        if first and last and first.version == known.version and int(first) <= int(known) <= int(last):
            return True
    return False


CAUSE = Cause(
    id="filter_drops",
    rank=17,
    title="a packet filter on the host or in a container drops the packets",
    explanation="A rule of nftables or iptables matches the packets that are lost. Packets between a container and the"
    " network never pass the host's own IP filters, but packets between host and container do (input, output), and each"
    " container has filters of its own. A filter that drops pings alone leaves other traffic as it is.",
    remedy="change that rule in the program or file that makes it",
    signature="for those that match the rule alone, from the moment when it is added",
    proof="the rule matches interface, addresses and protocol of the lost probes, and its counter grew by at least half"
    " as many packets as were lost; a rule that does not count is suspected only",
    must="D",
    by=BY_HAND,
    needs=("watch", "before", "after"),
    explains=(
        "announcement_lost",
        "stale_neighbour",
        "gateway_dead",
        "mac_filtering_upstream",
        "mac_limit_after_ageing",
    ),
    judge=judge,
)
