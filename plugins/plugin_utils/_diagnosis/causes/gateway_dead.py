# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gateway_dead: the network's gateway answers no host of the segment any more."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import epoch
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_GATEWAY, GATEWAYS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.gateways import (
    TOGETHER,
    GatewayWitness,
    GatewayWitnesses,
    witness,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import natural
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem


def judge(case: Case) -> CauseVerdict:
    asked = dict.fromkeys(item["target"] for kind in GATEWAYS for item in case.targets(kind) if item["sent"])
    if not asked:
        return case.not_tested("no gateway of the network was asked")
    found = [(gateway, one) for gateway in asked for one in [witness(case.evidence, case.segment, gateway)] if one]
    dead = [(gateway, one) for gateway, one in found if one.silent]
    if not dead:
        return case.ruled_out("every gateway that was asked answers the parent or a link on it, now and then at least")
    gateway, own = dead[0]
    witnesses = case.fleet.once(
        ("gateway_dead", case.segment, gateway), lambda: GatewayWitnesses(_of_all(case, gateway))
    )
    reaching = witnesses.reaching(own)
    if reaching:
        return case.ruled_out(f"{gateway} answers {', '.join(one.host for one in reaching[:5])}")
    agreeing = witnesses.agreeing(own)
    after = _after(case, own)
    if len(agreeing) > 1:
        return _of_fleet(case, gateway, own, agreeing)
    return case.suspected(
        f"{gateway} does not answer {case.host}{since(after)}, neither its parent nor its link, and no other host of"
        " the segment shows whether the gateway itself or the way to it is broken",
        [*_alive(case, after), *case.loss_items(_lost(case, gateway, own))],
        after,
        remedy=f"ask the network team: is {gateway} up, and does its table of neighbours have"
        f" {_mac(case)} ({case.parent_name} of {case.host}); if so: which port and VLAN is that MAC address on",
    )


def _of_fleet(case: Case, gateway: str, own: GatewayWitness, agreeing: list[GatewayWitness]) -> CauseVerdict:
    """One verdict for all hosts: its text is the same on each. agreeing: with the own one."""
    others = [one for one in agreeing[:6] if one.host != case.host]
    # The witnesses keep the list, and it is the same one for all that are in it.
    key = ("gateway_dead", case.segment, gateway, str(id(agreeing)))
    hosts = case.fleet.once(key, lambda: tuple(sorted((one.host for one in agreeing), key=natural)))
    after = _after(case, own)
    alive = _alive(case, after)
    what = "the gateway itself" if alive else "the gateway, or the switch between it and the hosts,"
    when = "in the same second" if after is not None else "from the start"
    names = ", ".join(hosts[:5]) + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
    evidence = [*alive, *case.loss_items(_lost(case, gateway, own))]
    evidence += [
        EvidenceItem("reachability", f"{one.lost[0]['target']}: {_share(one)}", one.host) for one in others[:5]
    ]
    return case.fleet_wide(
        f"{gateway} of {case.network.name} stopped answering all {len(hosts)} hosts of the segment {when} ({names}):"
        f" {what} is down"
        if after is not None
        else f"{gateway} of {case.network.name} answers none of the {len(hosts)} hosts of the segment ({names}):"
        f" {what} is down",
        evidence,
        hosts,
        after,
        remedy=f"no host can repair this: ask the network team whether {gateway} is up and its port in the right VLAN",
    )


def _lost(case: Case, gateway: str, own: GatewayWitness) -> list[TargetData]:
    """What the host lost, and what its containers did: these alone may have another reason, and are no witnesses."""
    return [*own.lost, *(item for item in case.broken(CONTAINER_TO_GATEWAY) if item["target"] == gateway)]


def _after(case: Case, own: GatewayWitness) -> float | None:
    """When it went, in seconds after the start of the watch: later than the first loss where it lost some before."""
    first = case.first_loss(own.lost)
    return None if first is None or own.at is None else max(first, own.at - epoch(case.watch["started"]))


def _share(one: GatewayWitness) -> str:
    return f"{sum(item['received'] for item in one.lost)} of {sum(item['sent'] for item in one.lost)} answered"


def _of_all(case: Case, gateway: str) -> Iterator[GatewayWitness]:
    """The hosts of the segment that asked the gateway over a parent with a carrier."""
    for evidence in case.fleet.hosts.values():
        one = witness(evidence, case.segment, gateway)
        if one is not None:
            yield one


def _alive(case: Case, after: float | None) -> list[EvidenceItem]:
    """Frames of other machines that arrived on the parent after the loss: the segment itself forwards."""
    heard = [
        event
        for kind in ("arp", "nd")
        for event in (case.frame_events("arp") if kind == "arp" else case.frame_events("nd"))
        if event["link"] == case.parent_name
        and event["data"]["incoming"]
        and not event["data"]["own_mac"]
        and event["data"]["last"] > (after or 0.0) + TOGETHER
    ]
    return [case.event_item(event) for event in heard[:2]]


def _mac(case: Case) -> str:
    return case.after.parent["mac"] if case.after.parent else "its MAC address"


CAUSE = Cause(
    id="gateway_dead",
    rank=8,
    title="the gateway does not answer",
    explanation="The network's gateway answers neither the parent nor a macvlan link of the host, and no other host of"
    " the segment either: the gateway is down, or the switch port or VLAN over which all of them reach it.",
    remedy="ask the network team whether the gateway is up",
    signature="in the same second on all hosts of the segment",
    proof="all probes of the gateway are lost on every host of the segment that asked it at that time, from the same"
    " second on, while their parents have a carrier; from one host alone this is suspected only",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    judge=judge,
)
