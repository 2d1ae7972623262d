# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gateway_dead: the network's gateway answers no host of the segment any more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import epoch
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import HostEvidence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, GATEWAYS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData, TimelineData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import segment_of
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import natural
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: Seconds by which hosts may notice the same loss at different times, beside one round of probes: the clocks of hosts
#: that no time service keeps together differ by more than their probes do.
TOGETHER = 1.5


#: A silence lasts so many rounds at least, and this share of what was lost has to be in silences: where packets are
#: lost at random, most losses are shorter, and the probes of a gateway are seldom lost together.
SILENT_ROUNDS, SILENT_SHARE = 2.5, 0.6


@dataclass(frozen=True)
class _Witness:
    """What one host saw of a gateway. at: the first loss in seconds since the epoch; None where it never answered.

    silent: whether all probes of it were lost at the same times, not some of each.
    """

    host: str
    started: float
    ended: float
    lost: list[TargetData]
    answered: list[TargetData]
    at: float | None = None
    interval: float = 0.0
    silent: bool = False


class _AtOnce:
    """Witnesses by the time of their watches: which of them are of the same minutes, without a look at each."""

    def __init__(self, witnesses: Iterable[_Witness]) -> None:
        self._items = sorted(witnesses, key=lambda item: item.started)
        self._starts = [item.started for item in self._items]
        self._ends = sorted(item.ended for item in self._items)
        self._found: dict[tuple[int, int], list[_Witness]] = {}

    def count(self, one: _Witness) -> int:
        begun, over = self._bounds(one)
        return begun - over

    def of(self, one: _Witness) -> list[_Witness]:
        """The same for all that are between the same two."""
        bounds = self._bounds(one)
        if bounds not in self._found:
            self._found[bounds] = [item for item in self._items[: bounds[0]] if item.ended >= one.started]
        return self._found[bounds]

    def _bounds(self, one: _Witness) -> tuple[int, int]:
        """How many had begun before it ended, and how many of these had ended before it began."""
        return bisect_right(self._starts, one.ended), bisect_left(self._ends, one.started)


class _GatewayWitnesses:
    """What all hosts of a segment saw of one gateway in the same minutes, over parents with a carrier."""

    def __init__(self, found: Iterable[_Witness]) -> None:
        found = list(found)
        self._all = _AtOnce(found)
        self._reaching = _AtOnce(item for item in found if item.answered and not item.lost)
        self._never = _AtOnce(item for item in found if item.silent and item.at is None)
        fallen = [(item.at, item) for item in found if item.silent and item.at is not None]
        self._fallen = [item for dummy, item in sorted(fallen, key=lambda pair: pair[0])]
        self._moments = sorted(moment for moment, dummy in fallen)
        self._near = TOGETHER + max((item.interval for item in found), default=0.0)
        self._groups: dict[tuple[int, int], list[_Witness]] = {}

    def reaching(self, own: _Witness) -> list[_Witness]:
        return self._reaching.of(own)

    def agreeing(self, own: _Witness) -> list[_Witness]:
        """All of them, if all lost it in the same second, or none ever reached it; else none. With the own one."""
        if own.at is None:
            return self._never.of(own) if self._never.count(own) == self._all.count(own) else []
        bounds = bisect_left(self._moments, own.at - self._near), bisect_right(self._moments, own.at + self._near)
        if bounds[1] - bounds[0] != self._all.count(own):
            return []
        return self._groups.setdefault(bounds, self._fallen[bounds[0] : bounds[1]])


def judge(case: Case) -> CauseVerdict:
    asked = dict.fromkeys(item["target"] for kind in GATEWAYS for item in case.targets(kind) if item["sent"])
    if not asked:
        return case.not_tested("no gateway of the network was asked")
    found = [(gateway, one) for gateway in asked for one in [_witness(case.evidence, case.segment, gateway)] if one]
    dead = [(gateway, one) for gateway, one in found if one.silent]
    if not dead:
        return case.ruled_out("every gateway that was asked answers the parent or a link on it, now and then at least")
    gateway, own = dead[0]
    witnesses = case.fleet.once(
        ("gateway_dead", case.segment, gateway), lambda: _GatewayWitnesses(_of_all(case, gateway))
    )
    reaching = witnesses.reaching(own)
    if reaching:
        return case.ruled_out(f"{gateway} answers {', '.join(one.host for one in reaching[:5])}")
    agreeing = witnesses.agreeing(own)
    after = case.first_loss(own.lost)
    if len(agreeing) > 1:
        return _of_fleet(case, gateway, own, agreeing)
    return case.suspected(
        f"{gateway} does not answer {case.host}{since(after)}, neither its parent nor its link, and no other host of"
        " the segment shows whether the gateway itself or the way to it is broken",
        [*_alive(case, after), *case.loss_items(own.lost)],
        after,
        remedy=f"ask the network team: is {gateway} up, and does its table of neighbours have"
        f" {_mac(case)} ({case.parent_name} of {case.host}); if so: which port and VLAN is that MAC address on",
    )


def _of_fleet(case: Case, gateway: str, own: _Witness, agreeing: list[_Witness]) -> CauseVerdict:
    """One verdict for all hosts: its text is the same on each. agreeing: with the own one."""
    others = [one for one in agreeing[:6] if one.host != case.host]
    # The witnesses keep the list, and it is the same one for all that are in it.
    key = ("gateway_dead", case.segment, gateway, str(id(agreeing)))
    hosts = case.fleet.once(key, lambda: sorted((one.host for one in agreeing), key=natural))
    after, alive = case.first_loss(own.lost), _alive(case, case.first_loss(own.lost))
    what = "the gateway itself" if alive else "the gateway, or the switch between it and the hosts,"
    when = "in the same second" if after is not None else "from the start"
    names = ", ".join(hosts[:5]) + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
    evidence = [*alive, *case.loss_items(own.lost)]
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


def _share(one: _Witness) -> str:
    return f"{sum(item['received'] for item in one.lost)} of {sum(item['sent'] for item in one.lost)} answered"


def _of_all(case: Case, gateway: str) -> Iterator[_Witness]:
    """The hosts of the segment that asked the gateway over a parent with a carrier."""
    for evidence in case.fleet.hosts.values():
        one = _witness(evidence, case.segment, gateway)
        if one is not None:
            yield one


def _witness(evidence: HostEvidence, segment: str, gateway: str) -> _Witness | None:
    watch = evidence["watch"]
    names = {item["name"] for item in evidence["networks"] if segment_of(item) == segment}
    names = {name for name in names if _connected(evidence, name)}
    targets = [
        item
        for item in (watch["targets"] if watch else [])
        if item["network"] in names and item["kind"] in GATEWAYS and item["target"] == gateway and item["sent"]
    ]
    if watch is None or not targets:
        return None
    lost = broken(targets)
    answered = [item for item in targets if not is_lost(item) and not (lost and _late(item, watch))]
    silent = bool(lost) and not answered and _silent(lost, watch)
    return _Witness(
        evidence["host"],
        evidence["started"],
        evidence["ended"],
        lost,
        answered,
        _begin(watch, lost),
        watch["interval"],
        silent,
    )


def _late(target: TargetData, watch: TimelineData) -> bool:
    """Whether ARP or neighbour discovery was silent for a while and answered then, which answers what was asked before
    as well: it lost nothing, and is no sign of a gateway that was there."""
    times = target["rtt_ms"]
    return target["method"] != ECHO and times is not None and times["max"] >= 1000 * SILENT_ROUNDS * watch["interval"]


def _silent(lost: list[TargetData], watch: TimelineData) -> bool:
    """Whether the lost probes of all targets were lost together, for some rounds at least.

    Pings say most exactly when: any later answer to an ARP request or neighbour solicitation answers the ones before.
    """
    shortest = SILENT_ROUNDS * watch["interval"]
    spans = [_spans(item, watch["duration"]) for item in lost]
    exact = [_spans(item, watch["duration"]) for item in lost if item["method"] == ECHO]
    common = (exact or spans)[0]
    for other in (exact or spans)[1:]:
        common = _overlaps(common, other)
    common = [(start, end) for start, end in common if end - start >= shortest]
    inside = [sum(end - start for start, end in _overlaps(one, common)) for one in spans]
    whole = [sum(end - start for start, end in one) for one in spans]
    together = sum(inside) >= SILENT_SHARE * sum(whole) and all(inside)
    return together and all(end - start >= shortest for one in exact for start, end in one)


def _spans(target: TargetData, duration: float) -> list[tuple[float, float]]:
    return [(loss[0], loss[1]) for loss in target["losses"]] if target["received"] else [(0.0, duration)]


def _overlaps(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found = [(max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other]
    return [(start, end) for start, end in found if start < end]


def _begin(watch: TimelineData, lost: list[TargetData]) -> float | None:
    moments = [item["first_loss"] for item in lost if item["received"] and item["first_loss"] is not None]
    return epoch(watch["started"]) + min(moments) if moments else None


def _connected(evidence: HostEvidence, network: str) -> bool:
    """Whether the parent of a network is up and has its carrier: another host's own fault is no sign of the gateway."""
    snapshot = evidence["after"]
    scope = snapshot["networks"].get(network) if snapshot else None
    if snapshot is None or scope is None:
        return False
    links = snapshot["namespaces"][0]["links"]
    return any(link["name"] == scope["parent"] and link["up"] and link["carrier"] for link in links)


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
