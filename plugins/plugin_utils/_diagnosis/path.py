# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where lost probes vanished, from what every host of the fleet saw of them. Pure.

A host knows its own interfaces. What vanished behind its parent is looked for in the evidence of the host that holds
the address: what arrived there, and what left there as an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import HostEvidence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.data import (
    ANSWER,
    HOLDER,
    ICMP,
    NETWORK,
    REQUEST,
    SENDER,
    ForeignProbe,
    HopSeen,
    KernelDrop,
    LostEdge,
    TargetPath,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.runs import overlap

from .fleet import at_once

#: So many edges of one target are looked at: two harms at once cut a few.
EDGES_MAX = 8

#: Probes of others that hosts saw, each with the host, by what makes them the same probe.
_Sightings = dict[tuple[object, ...], list[tuple[str, ForeignProbe]]]


@dataclass(frozen=True)
class PathEnd:
    """One end of an edge. host: empty for the network. hop: an interface, SENDER, HOLDER or NETWORK.

    above: of SENDER and HOLDER, the interface that they have.
    """

    host: str
    hop: str
    above: str = ""

    def __str__(self) -> str:
        if self.hop == NETWORK:
            return "the network"
        if self.hop in (SENDER, HOLDER):
            inside = self.above.rpartition("/")[0]
            if inside:
                return f"container {inside} itself"
            return f"{self.host} itself" if self.host else "the machine that has the address"
        return f"{self.hop} of {self.host}" if self.host else self.hop


@dataclass(frozen=True)
class LocatedLoss:
    """Some of what a target lost vanished from ``start`` to ``end``, in the packet's direction.

    direction: ``request``, ``answer`` or ``unknown``. protocol: what was lost. count, share: of the attempts that were
    lost on this edge, and of all that were sent. first, last: seconds after the start of the watch. not_traced: why the
    kernel could not be asked for its reasons. witnesses: hosts whose evidence it is from.
    """

    host: str
    target: str
    start: PathEnd
    end: PathEnd
    direction: str
    protocol: str
    count: int
    share: float
    first: float
    last: float
    drops: tuple[KernelDrop, ...] = ()
    not_traced: str = ""
    witnesses: tuple[str, ...] = ()

    @property
    def edge(self) -> tuple[str, str]:
        """Both ends in words."""
        return str(self.start), str(self.end)

    @property
    def between_hosts(self) -> bool:
        """Whether it left the parent of one host of the fleet and did not come to that of the other one."""
        return bool(self.start.host and self.end.host and self.start.host != self.end.host)


def located(hosts: Mapping[str, HostEvidence]) -> dict[tuple[str, str], tuple[LocatedLoss, ...]]:
    """For each host and id of a target that lost something: where it vanished, the most frequent edge first."""
    found, witnesses = {}, _Witnesses(hosts)
    for host, evidence in hosts.items():
        paths = evidence.get("paths")
        for target in paths["targets"] if paths else ():
            if paths and target["edges"]:
                found[host, target["target"]] = tuple(
                    _joined(host, paths["nonce"], paths["not_traced"], target, lost, witnesses)
                    for lost in target["edges"][:EDGES_MAX]
                )
    return found


class _Witnesses:
    """What all hosts saw of others' probes, and where addresses are. It is gone through once, and only after a loss."""

    def __init__(self, hosts: Mapping[str, HostEvidence]) -> None:
        self.hosts = hosts

    def of(self, host: str, nonce: str, target: TargetPath, protocol: str) -> Iterator[tuple[str, ForeignProbe]]:
        """What other hosts saw of a target's probes."""
        echo = protocol == ICMP
        key: tuple[object, ...] = (protocol, target["mac"], target["address"])
        key = (nonce, target["probe"]) if echo else key
        found = (self._echoes if echo else self._questions).get(key, [])
        return ((other, probe) for other, probe in found if other != host)

    def holders(self, address: str) -> Mapping[str, str]:
        """By host the hop that has an address, in any of its namespaces."""
        return self._places.get(address, {})

    def _seen(self) -> Iterator[tuple[str, ForeignProbe]]:
        for host, evidence in self.hosts.items():
            paths = evidence.get("paths")
            for probe in paths["foreign"] if paths is not None else ():
                yield host, probe

    @cached_property
    def _echoes(self) -> _Sightings:
        found: _Sightings = {}
        for host, probe in self._seen():
            found.setdefault((probe["nonce"], probe["probe"]), []).append((host, probe))
        return found

    @cached_property
    def _questions(self) -> _Sightings:
        found: _Sightings = {}
        for host, probe in self._seen():
            found.setdefault((probe["protocol"], probe["mac"], probe["address"]), []).append((host, probe))
        return found

    @cached_property
    def _places(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for host, evidence in self.hosts.items():
            snapshot = evidence["before"] or evidence["after"]
            for space in snapshot["namespaces"] if snapshot else ():
                for item in space["addresses"]:
                    if item["link"]:
                        hop = "/".join(filter(None, [space["label"], item["link"]]))
                        found.setdefault(item["address"].split("/")[0], {}).setdefault(host, hop)
        return found


def _joined(
    host: str, nonce: str, not_traced: str, target: TargetPath, lost: LostEdge, witnesses: _Witnesses
) -> LocatedLoss:
    first, second = lost["edge"]
    own = LocatedLoss(
        host,
        target["target"],
        PathEnd(host, first, second if first in (SENDER, HOLDER) else ""),
        PathEnd("" if second == NETWORK else host, second, first if second in (SENDER, HOLDER) else ""),
        lost["direction"],
        lost["protocol"],
        lost["count"],
        lost["count"] / max(target["sent"], 1),
        lost["first"],
        lost["last"],
        tuple(lost["drops"]),
        not_traced,
        (host,),
    )
    if second != NETWORK:
        return own
    holders = witnesses.holders(target["address"])
    for witness, probe in witnesses.of(host, nonce, target, lost["protocol"]):
        hops = _inwards(holders.get(witness), probe["hops"])
        if hops:
            return replace(_behind(own, witness, hops, lost), witnesses=(host, witness))
    return _unseen(own, target["address"], holders, witnesses.hosts)


def _inwards(place: str | None, seen: list[HopSeen]) -> list[HopSeen]:
    """The interfaces from the parent to the one that has the address, whether they saw anything or not; empty where the
    host does not have it. All interfaces hear broadcasts."""
    if place is None or not seen:
        return []
    known = {item["hop"]: item for item in seen}
    hops = list(dict.fromkeys([seen[0]["hop"], place]))
    return [
        known.get(hop, {"hop": hop, "requests": [], "answers": [], "request_count": 0, "answer_count": 0})
        for hop in hops
    ]


def _behind(own: LocatedLoss, witness: str, hops: list[HopSeen], lost: LostEdge) -> LocatedLoss:
    """The edge, by what the holder's host saw of the lost attempts. hops: from its parent inwards."""
    requests = [_of(item["requests"], item["request_count"], lost) for item in hops]
    answers = [_of(item["answers"], item["answer_count"], lost) for item in hops]
    enough = max(1, lost["count"] // 2)
    if answers[0] >= enough:
        return replace(own, start=PathEnd(witness, hops[0]["hop"]), end=own.start, direction=ANSWER)
    if requests[0] < enough:
        return replace(own, end=PathEnd(witness, hops[0]["hop"]), direction=REQUEST)
    answered = next((place for place, number in enumerate(answers) if number >= enough), None)
    if answered is not None:
        ends = [PathEnd(witness, hops[place]["hop"]) for place in (answered, answered - 1)]
        return replace(own, start=ends[0], end=ends[1], direction=ANSWER)
    reached = max(place for place, number in enumerate(requests) if number >= enough)
    ends = [*(PathEnd(witness, item["hop"]) for item in hops), PathEnd(witness, HOLDER, hops[-1]["hop"])]
    return replace(own, start=ends[reached], end=ends[reached + 1], direction=REQUEST)


def _of(numbers: list[list[int]], count: int, lost: LostEdge) -> int:
    """How many of the lost attempts were seen; ARP and ND have no numbers, and any that were seen count."""
    return overlap(numbers, lost["numbers"]) if lost["protocol"] == ICMP else count


def _unseen(
    own: LocatedLoss, address: str, holders: Mapping[str, str], hosts: Mapping[str, HostEvidence]
) -> LocatedLoss:
    """Where the holder is in the fleet and watched at the same time, and has seen nothing, requests are lost."""
    for other in holders:
        if other != own.host and at_once(hosts[own.host], hosts[other]) and hosts[other].get("paths"):
            parent = _parent(hosts[other], address)
            end = PathEnd(other, parent) if parent else own.end
            return replace(own, end=end, direction=REQUEST, witnesses=(own.host, other))
    return own


def _parent(evidence: HostEvidence, address: str) -> str:
    """The parent over which a host is reached at an address of one of its containers or of itself; empty where that is
    not known."""
    snapshot = evidence["before"] or evidence["after"]
    for scope in snapshot["networks"].values() if snapshot else ():
        if address in (item["address"] for item in (*scope["containers"], *scope["strays"])):
            return scope["parent"] or ""
    return ""


# ---- the kernel's reasons in an operator's words ---------------------------------------------------------------------


@dataclass(frozen=True)
class DropReason:
    """words: what the kernel did. look: what to look at next."""

    words: str
    look: str


#: By the names of enum skb_drop_reason (include/net/dropreason-core.h).
REASONS: dict[str, DropReason] = {
    "NETFILTER_DROP": DropReason(
        "a firewall rule dropped it", "nft list ruleset, and iptables-legacy-save: rules that count, in that namespace"
    ),
    "IP_RPFILTER": DropReason(
        "the reverse path filter dropped it: the route back leads through another interface",
        "sysctl net.ipv4.conf.all.rp_filter and that of the interface; ip route get SENDER",
    ),
    "NEIGH_FAILED": DropReason(
        "the neighbour did not answer ARP or neighbour discovery", "ip neighbour show, and who has the address"
    ),
    "NEIGH_CREATEFAIL": DropReason("the neighbour table is full", "sysctl net.ipv4.neigh.default.gc_thresh3"),
    "NEIGH_QUEUEFULL": DropReason(
        "too many packets waited for ARP or neighbour discovery", "ip neighbour show: INCOMPLETE entries"
    ),
    "NEIGH_DEAD": DropReason("the neighbour entry was removed meanwhile", "ip monitor neigh"),
    "TC_INGRESS": DropReason("a filter of tc dropped it on its way in", "tc -s filter show dev DEVICE ingress"),
    "TC_EGRESS": DropReason("a filter of tc dropped it on its way out", "tc -s filter show dev DEVICE egress"),
    "QDISC_DROP": DropReason("the queue of the interface dropped it", "tc -s qdisc show dev DEVICE"),
    "QDISC_OVERLIMIT": DropReason("the queue of the interface was full", "tc -s qdisc show dev DEVICE"),
    "QDISC_CONGESTED": DropReason("the queue of the interface was congested", "tc -s qdisc show dev DEVICE"),
    "CPU_BACKLOG": DropReason(
        "the processor's input queue was full", "/proc/net/softnet_stat, sysctl net.core.netdev_max_backlog"
    ),
    "XDP": DropReason("an XDP program dropped it", "ip link show dev DEVICE: prog/xdp"),
    "BPF_CGROUP_EGRESS": DropReason("a BPF program of the control group dropped it", "bpftool cgroup tree"),
    "SOCKET_FILTER": DropReason("the socket's filter did not want it", "ss -0 --bpf"),
    "SOCKET_RCVBUFF": DropReason("the receiver's buffer was full", "ss -m, sysctl net.core.rmem_max"),
    "OTHERHOST": DropReason(
        "it was addressed to another MAC address", "ip neighbour show at the sender: an outdated MAC address"
    ),
    "IP_OUTNOROUTES": DropReason("there was no route for it", "ip route get ADDRESS"),
    "IP_INNOROUTES": DropReason("there was no route for what came in", "ip route get ADDRESS iif DEVICE"),
    "IP_INADDRERRORS": DropReason(
        "it came for an address that this namespace does not have", "ip address, and sysctl net.ipv4.ip_forward"
    ),
    "IP_LOCAL_SOURCE": DropReason("it came from an address that this host has itself", "a second holder of it"),
    "IP_INVALID_SOURCE": DropReason("its source address is not valid", "the sender's address"),
    "IP_LOCALNET": DropReason("it came from the loopback network", "the sender's address"),
    "IP_INVALID_DEST": DropReason("its destination address is not valid", "the target's address"),
    "IP_CSUM": DropReason("its IP checksum is wrong", "ethtool -k DEVICE, and what handles the packet on the path"),
    "ICMP_CSUM": DropReason("its ICMP checksum is wrong", "ethtool -k DEVICE, and what handles the packet on the path"),
    "SKB_CSUM": DropReason("its checksum is wrong", "ethtool -k DEVICE, and what handles the packet on the path"),
    "PKT_TOO_BIG": DropReason("it was larger than the MTU", "ip link show: mtu of all interfaces on the path"),
    "PKT_TOO_SMALL": DropReason("it was cut off", "ethtool -S DEVICE: errors of the receiver"),
    "IPV6DISABLED": DropReason("IPv6 is disabled there", "sysctl net.ipv6.conf.DEVICE.disable_ipv6"),
    "UNHANDLED_PROTO": DropReason("nothing on the host takes its protocol", "ip -d link show dev DEVICE"),
    "DEV_READY": DropReason("the interface was down", "ip link show dev DEVICE"),
    "FULL_RING": DropReason("the queue of the tap device was full", "the program that reads from it"),
    "NOMEM": DropReason("the kernel had no memory for it", "free, and the kernel's log"),
    "SECURITY_HOOK": DropReason("a security module dropped it", "ausearch -m avc, and the kernel's log"),
    "XFRM_POLICY": DropReason("an IPsec policy dropped it", "ip xfrm policy"),
    "BRIDGE_INGRESS_STP_STATE": DropReason("the bridge port did not forward yet", "bridge link show"),
    "LOCAL_MAC": DropReason("it came from a MAC address of this host", "a loop of the network, or a duplicate MAC"),
    "MAC_INVALID_SOURCE": DropReason("its source MAC address is not valid", "the sender's MAC address"),
    "NO_TX_TARGET": DropReason("the interface had nowhere to send it to", "ip -d link show dev DEVICE"),
    "RECURSION_LIMIT": DropReason("interfaces pass it round in a loop", "ip -d link show"),
    "ARP_PVLAN_DISABLE": DropReason("proxy ARP of private VLANs does not answer it", "sysctl proxy_arp_pvlan"),
    "NOT_SPECIFIED": DropReason("the kernel dropped it without a reason", "the function in which it did so"),
}


def drop_words(drop: KernelDrop) -> str:
    """One reason of the kernel in words, with the function and what to look at; unknown ones as the kernel says."""
    known = REASONS.get(drop["reason"])
    where = f"on {drop['device']} in {drop['location']}"
    if known is None:
        return f"the kernel dropped {drop['count']} {where}: {drop['reason']}"
    look = known.look.replace("DEVICE", drop["device"])
    return f"{known.words} ({drop['count']} {where}, {drop['reason']}); look at: {look}"
