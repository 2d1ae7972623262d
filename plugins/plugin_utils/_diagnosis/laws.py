# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no cause may break, whatever its judge says: every verdict goes through here. Pure.

(a) Every broken target is explained by a confirmed or suspected cause, or located (`account`). (b) A host is healthy
only where all that is declared was found as declared, and something was asked of each network. (c) Nothing is confirmed
that the watch contradicts. (d) Nothing is ruled out by evidence that is not complete. (f) What is a consequence of a
confirmed cause, and lost nothing that this one does not explain (`explained`), is neither confirmed nor suspected. (g)
A repair is offered only where it can succeed, and every remedy says in steps who does what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    DeclaredLinkData,
    HostEvidence,
    LinkData,
    NetworkData,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAYS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData, TimelineData

from .account import Explaining, causes
from .case import Case, bare
from .cause import Cause
from .explained import Consequences
from .registry import BY_ID
from .remedy import APPLY, ASK, COMMAND, SAID, RemedyStep
from .snapshot import SnapshotView
from .verdict import CONFIRMED, EXPLAINED, NOT_TESTED, RULED_OUT, SUSPECTED, CauseVerdict

#: Limits of a watch, as `_watch` words them -> the kinds of event that may be missing. Of what was only reread
#: (`_watch/listening`) the change itself is known.
_MISSED = (
    (re.compile(r"no ARP of |ARP and neighbour discovery of .* left out|ARP frames of .* faster"), ("arp", "nd")),
    (re.compile(r"no events of |could not be read again"), ("link", "address", "route", "neighbour", "rule")),
    (re.compile(r"states of NetworkManager and systemd-networkd are not known"), ("manager",)),
)
_COUNTED_ONLY = re.compile(r"[0-9]+ more ([a-z]+) events were only counted")
#: Limits by which it may not be known who made a change.
_HIDING = re.compile(
    r"processes |process events|without who made them|states of NetworkManager and systemd-networkd are not known"
)


# ---- one verdict -----------------------------------------------------------------------------------------------------


def bounded(verdict: CauseVerdict, cause: Cause, case: Case) -> CauseVerdict:
    """A verdict as far as the evidence carries it: laws (c) and (d). case: the one that it was judged on."""
    reason = ""
    if verdict.status == CONFIRMED:
        reason = contradiction(cause, case.targets())
    elif verdict.status == RULED_OUT and case.evidence["watch"] is not None:
        reason = gap(case.evidence["watch"], case.relied_on)
    return replace(verdict, status=NOT_TESTED, summary=reason, remedy="", steps=(), culprit=None) if reason else verdict


def contradiction(cause: Cause, targets: Iterable[TargetData]) -> str:
    """What the watch was answered that cannot be while a cause is there, in words; empty where nothing was."""
    asked = [item for item in targets if item["kind"] in cause.silences and item["sent"]]
    if not asked or any(map(is_lost, asked)):
        return ""
    first = asked[0]
    return (
        f"an experiment supports it, and the watch contradicts it: {first['received']} of {first['sent']} probes of"
        f" {first['target']} from {first['from']['link']} were answered"
    )


def gap(watch: TimelineData, relied_on: Iterable[str]) -> str:
    """Why events of those kinds are not all known, empty where they are."""
    wanted = set(relied_on)
    for limit in watch["limits"]:
        if wanted & set(missed(limit)):
            return f"what would prove it was not seen, and may have been missed: {limit}"
    return ""


def missed(limit: str) -> tuple[str, ...]:
    """The kinds of event that may be missing by a limit of the watch."""
    counted = _COUNTED_ONLY.match(limit)
    return (counted[1],) if counted else next((kinds for pattern, kinds in _MISSED if pattern.search(limit)), ())


def hides_culprit(limit: str) -> bool:
    """Whether by a limit of the watch it may not be known who made a change."""
    return bool(_HIDING.search(limit))


# ---- all verdicts of one network -------------------------------------------------------------------------------------


def rooted(verdicts: list[CauseVerdict], watch: TimelineData | None) -> list[CauseVerdict]:
    """The verdicts of one network of one host, in the order of causes: what a confirmed cause explains is no cause of
    its own."""
    roots, by = [item for item in verdicts if item.status == CONFIRMED], Consequences(watch)
    return [
        item.consequence_of(root) if item.status in (CONFIRMED, SUSPECTED) and root is not None else item
        for item in verdicts
        for root in [next((root for root in roots if by.is_one(item, root, roots)), None)]
    ]


# ---- repairs ---------------------------------------------------------------------------------------------------------


def possible(verdict: CauseVerdict, evidence: HostEvidence) -> CauseVerdict:
    """A verdict whose remedy begins with what keeps the declaration from being re-applied, law (g)."""
    if not _applies(verdict):
        return verdict
    reason = obstacle(evidence, verdict.network)
    if not reason:
        return verdict
    if _removes(verdict, reason):
        # It is what its own first step does.
        return replace(verdict, repair_possible=False)
    steps = (RemedyStep(ASK, reason, verdict.host), *verdict.steps)
    return replace(verdict, remedy=f"first {reason}; then: {verdict.remedy}", steps=steps, repair_possible=False)


def _applies(verdict: CauseVerdict) -> bool:
    """Whether its remedy re-applies the declaration."""
    return any(step.kind == APPLY for step in verdict.steps)


def _removes(verdict: CauseVerdict, reason: str) -> bool:
    """Whether a command of the verdict does what an obstacle asks for."""
    return any(step.kind == COMMAND and step.text in reason for step in verdict.steps)


def obstacle(evidence: HostEvidence, network: str) -> str:
    """What has to be done before the declaration can be re-applied with success; empty where that can be done now."""
    snapshot = evidence["after"] or evidence["before"]
    if snapshot is None or network not in snapshot["networks"]:
        return "let the host's network be read again: it could not be"
    view = SnapshotView(snapshot, network)
    parent = view.parent
    declared = next((str(item["parent"]) for item in evidence["networks"] if item["name"] == network), "")
    if parent is None:
        return f"bring back the parent {view.scope['parent'] or declared} of {network} on {evidence['host']}"
    if parent["up"] and not parent["carrier"]:
        return (
            f"restore the carrier of {parent['name']} on {evidence['host']}: plug in its cable, or have the switch port"
            " enabled"
        )
    if not parent["up"]:
        return f"set the parent up on {evidence['host']}, by what configures it: ip link set {quote(parent['name'])} up"
    return ""


# ---- a host ----------------------------------------------------------------------------------------------------------


def unlike(evidence: HostEvidence) -> list[str]:
    """What is declared and was not found as declared, in words."""
    snapshot = evidence["after"] or evidence["before"]
    if snapshot is None:
        return ["the host's network could not be read"]
    own = snapshot["namespaces"][0]
    links = {link["name"]: link for link in own["links"]}
    addresses: dict[str | None, set[str]] = {}
    for item in own["addresses"]:
        addresses.setdefault(item["link"], set()).add(bare(item["address"]))
    found: dict[str, None] = {}
    for network in evidence["networks"]:
        found.update(dict.fromkeys(_unlike_network(network, SnapshotView(snapshot, network["name"]), links, addresses)))
    for declared in evidence["drift"]["links"] if evidence["drift"] else []:
        found.update(dict.fromkeys(_unlike_link(declared, links, addresses)))
    # What is none of the states above: prefix lengths, routes, settings, files. The role verify fails for it too.
    changes = evidence["drift"]["messages"] if evidence["drift"] else []
    return [*(found or dict.fromkeys(changes)), *evidence.get("container_drift", [])]


def _unlike_network(
    network: NetworkData, view: SnapshotView, links: Mapping[str, LinkData], addresses: Mapping[str | None, set[str]]
) -> Iterator[str]:
    name, link = network["name"], network["link"]
    if name not in view.data["networks"]:
        yield f"network {name} could not be read"
    elif view.parent is None:
        yield f"the parent of network {name} is not there"
    if link and link not in links:
        yield f"link {link} is declared and not there"
    elif link:
        have = addresses.get(link, set())
        if network.get("leased") and not any(parsed.version == 4 for parsed in map(parse_address, have) if parsed):
            yield f"{link} has no leased address"
        yield from (
            f"{link} lacks its address {item}" for item in network["host_addresses"] if _plain(item) not in have
        )


def _unlike_link(
    declared: DeclaredLinkData, links: Mapping[str, LinkData], addresses: Mapping[str | None, set[str]]
) -> Iterator[str]:
    name = declared["name"]
    link = links.get(name)
    if link is None:
        yield f"link {name} is declared and not there"
        return
    if not link["up"]:
        yield f"link {name} is down"
    for what, wanted, there in (
        ("parent", declared["parent"], link["parent"]),
        ("mode", declared["mode"], link["mode"]),
    ):
        if wanted and there and wanted != there:
            yield f"link {name} has {what} {there} instead of {wanted}"
    have = addresses.get(name, set())
    yield from (
        f"{name} lacks its address {_plain(item)}" for item in declared["addresses"] or [] if _plain(item) not in have
    )


def _plain(address: str) -> str:
    """As the kernel writes it, without prefix length."""
    parsed = parse_address(bare(address))
    return str(parsed) if parsed is not None else bare(address)


def unasked(evidence: HostEvidence) -> list[str]:
    """The networks of which nothing, or no gateway, was asked, with the reason."""
    watch = evidence["watch"]
    if watch is None:
        return ["nothing was watched"]
    found = []
    for network in evidence["networks"]:
        name = network["name"]
        targets = [item for item in watch["targets"] if item["network"] == name]
        asked = [item for item in targets if item["sent"]]
        reasons = ", ".join(dict.fromkeys(item["impossible"] for item in targets if item["impossible"]))
        because = f" ({reasons})" if reasons else ""
        if network["gateways"]:
            if not any(item["kind"] in GATEWAYS for item in asked):
                found.append(f"no gateway of network {name} could be asked{because}")
        elif not (asked and network.get("of_link")):
            found.append(f"no gateway of network {name} is declared: whether the switch accepts its links is not known")
        if not asked:
            found.append(f"nothing of network {name} could be asked{because}")
    if not evidence["networks"] and not any(item["sent"] for item in watch["targets"]):
        found.append("nothing was asked: its links have neither addresses nor routes to containers")
    return found


# ---- the check of all ------------------------------------------------------------------------------------------------


def violations(
    verdicts: Iterable[CauseVerdict],
    hosts: Mapping[str, HostEvidence],
    states: Mapping[str, str],
    accounted: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> list[str]:
    """What breaks a law, in words; empty for every diagnosis.

    states: of the hosts. accounted: for each host its accounts, as causes that explain by id of the target.
    """
    verdicts = list(verdicts)
    explaining = Explaining(verdicts, hosts)
    found = []
    for host, evidence in hosts.items():
        own = [item for item in verdicts if item.host == host]
        watch = evidence["watch"]
        lost = {item["id"]: item for item in broken(watch["targets"])} if watch else {}
        if set(lost) != set(accounted.get(host, {})):
            found.append(f"(a) {host}: not every broken target has an account")
        for name, said in accounted.get(host, {}).items():
            if watch and name in lost and said != causes(explaining.of(host, lost[name], watch["interval"])):
                found.append(f"(a) {host}: {name} is explained by {said}, and that is not what the verdicts say")
        if states.get(host) == "healthy" and (unlike(evidence) or unasked(evidence) or lost):
            found.append(f"(b) {host} is healthy, and {[*unlike(evidence), *unasked(evidence), *lost]}")
        by = Consequences(watch)
        found += [text for item in own for text in _broken_by(item, evidence, own, by)]
    return found


def _broken_by(
    item: CauseVerdict, evidence: HostEvidence, own: Iterable[CauseVerdict], by: Consequences
) -> Iterator[str]:
    """The laws that one verdict breaks."""
    cause, watch = BY_ID[item.cause], evidence["watch"]
    who = f"{item.host} {item.network} {item.cause}"
    targets = [one for one in watch["targets"] if one["network"] == item.network] if watch else []
    if item.status == CONFIRMED and contradiction(cause, targets):
        yield f"(c) {who} is confirmed against the watch"
    confirmed = [other for other in own if other.network == item.network and other.status == CONFIRMED]
    above = {other.cause for other in confirmed if by.is_one(item, other, confirmed)}
    if item.status in (CONFIRMED, SUSPECTED) and above:
        yield f"(f) {who} stands beside its cause {sorted(above)}"
    roots = [other for other in own if (other.network, other.cause) == (item.network, item.explained_by)]
    if item.status == EXPLAINED and not any(by.is_one(item, root, confirmed) for root in roots):
        yield f"(f) {who} lost what {item.explained_by} does not explain"
    if (item.status == EXPLAINED) != bool(item.explained_by):
        yield f"(f) {who} is {item.status} and explained by {item.explained_by}"
    if bool(item.steps) != (item.status in (CONFIRMED, SUSPECTED)):
        yield f"(g) {who} is {item.status} and has {len(item.steps)} steps"
    yield from (
        f"(g) {who} has a step that its remedy does not say: {step.text}"
        for step in item.steps
        if step.kind in SAID and step.text not in item.remedy
    )
    if _applies(item):
        reason = obstacle(evidence, item.network)
        said = reason in item.remedy or _removes(item, reason)
        if reason and (item.repair_possible or not said):
            yield f"(g) {who} offers a repair that cannot succeed: {reason}"
