# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bad_checksum_offload: TCP and UDP arrive with checksums that no device completed, and are dropped."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import (
    DatagramPair,
    WrongSender,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import Culprit
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    machine,
)

#: Counters of packets that the kernel dropped for their checksum (net/ipv4/proc.c); IPv6 counts UDP by itself.
COUNTERS = ("TcpInCsumErrors", "UdpInCsumErrors", "Udp6InCsumErrors")
#: Frames of one sender, or counted packets, from which on it is no accident.
SEVERAL = 2


def judge(case: Case) -> CauseVerdict:
    sent, heard = case.experiments.result("datagrams"), case.experiments.result("checksums")
    if sent is None and heard is None:
        return case.not_tested(case.experiments.why_not("checksums"))
    pairs = sent["pairs"] if sent else []
    cut = [pair for pair in pairs if pair["unsummed"] == pair["sent"] and not pair["summed"] and pair["sent"] > 1]
    if cut:
        return _outgoing(case, cut)
    wrong = [one for one in (heard["wrong"] if heard else []) if one["frames"] >= SEVERAL]
    right = heard["right"] if heard else 0
    dropped = _dropped(case)
    if wrong or sum(number for dummy, number in dropped.values()) >= SEVERAL:
        return _incoming(case, wrong, dropped, right)
    passed = next((pair for pair in pairs if pair["summed"]), None)
    if passed is not None:
        return case.ruled_out(f"{passed['target']} answers datagrams with a checksum, and no wrong checksum arrived")
    if right:
        return case.ruled_out(f"{right} frames of TCP and UDP arrived on {case.parent_name} with a valid checksum")
    return case.not_tested(f"neither TCP nor UDP arrived on {case.parent_name}, and datagrams are not answered")


def _outgoing(case: Case, cut: list[DatagramPair]) -> CauseVerdict:
    """Proven by the answers: without a checksum the same request gets through, each time."""
    evidence = [
        case.item(
            "experiment",
            f"{pair['target']} answered none of {pair['sent']} datagrams with a checksum, and {pair['unsummed']} of"
            f" {pair['sent']} without",
            "" if pair["namespace"] else case.parent_name,
            pair["namespace"],
        )
        for pair in cut
    ]
    senders = ", ".join(pair["namespace"] or case.host for pair in cut[:3])
    return case.confirmed(
        f"TCP and UDP of {senders} get a wrong checksum on the path, and {cut[0]['target']} drops them; pings get"
        " through, as their checksum is never left to a device",
        [*evidence, *_counted(case)],
    )


def _incoming(case: Case, wrong: list[WrongSender], dropped: dict[str, tuple[str, int]], right: int) -> CauseVerdict:
    """Proven where wrong checksums were seen on the wire, and the kernel counts what it drops for that."""
    evidence = [
        case.item(
            "frames",
            f"{one['frames']} with a wrong checksum from {one['mac']}: {', '.join(one['examples'])}",
            case.parent_name,
        )
        for one in wrong[:5]
    ]
    if wrong and right:
        evidence.append(case.item("frames", f"{right} from others with a valid checksum", case.parent_name))
    evidence += _counted(case)
    number = sum(count for dummy, count in dropped.values())
    if not wrong:
        return case.suspected(
            f"{case.host} dropped {number} packets of TCP and UDP for a wrong checksum; none arrived after the watch to"
            " be examined",
            evidence,
        )
    alone = len(wrong) == 1 and right > 0
    who = _sender(case, wrong[0]["mac"]) if alone else None
    sender = who["text"] if who else f"{len(wrong)} senders" if len(wrong) > 1 else wrong[0]["mac"]
    summary = f"TCP and UDP of {sender} arrive on {case.parent_name} of {case.host} with wrong checksums"
    if not number:
        return case.suspected(f"{summary}, and no packet was dropped for that", evidence, culprit=who)
    after = _since(case)
    return case.confirmed(
        f"{summary}, and {number} packets were dropped for that{since(after)}", evidence, after=after, culprit=who
    )


def _dropped(case: Case) -> dict[str, tuple[str, int]]:
    """Of each namespace that counted any: a counter's name, and how much all of them grew during the watch."""
    found = {}
    for space in case.after.namespaces:
        grown = {name: case.counted(name, namespace=space.label) for name in COUNTERS}
        name = max(grown, key=lambda item: grown[item])
        if grown[name] > 0:
            found[space.label] = name, sum(grown.values())
    return found


def _counted(case: Case) -> list[EvidenceItem]:
    return [
        case.item("counter", f"{name} and related counters grew by {number} during the watch", namespace=label)
        for label, (name, number) in _dropped(case).items()
    ][:5]


def _since(case: Case) -> float | None:
    """When a counter began to grow; None where it did from the start."""
    moved = [item["after"] for item in case.counter_events() if item["data"]["name"] in COUNTERS]
    return min(moved, default=None)


def _sender(case: Case, mac: str) -> Culprit:
    links = case.fleet.at(mac)
    return machine(mac, links[0].host, place=str(links[0])) if links else machine(mac)


CAUSE = Cause(
    id="bad_checksum_offload",
    rank=460,
    title="checksums are left to a device that does not complete them",
    explanation="The kernel leaves the checksum of TCP and UDP to the network device, and between links of one machine"
    " it is never computed. A virtual switch, tap device, tunnel or driver that forwards such a frame without"
    " completing the checksum sends out a wrong one, which every receiver drops silently. Pings work, connections and"
    " DHCP do not.",
    remedy="turn the offload off on the sender's device (ethtool -K DEVICE tx off), or update the driver or virtual"
    " switch that forwards its frames",
    signature="from the start, TCP and UDP only",
    proof="the gateway answers datagrams without a checksum and none with one; or frames with wrong checksums arrive"
    " from the network, and the kernel's counters InCsumErrors grow",
    must="D",
    by=BY_HAND,
    needs=("after", "watch"),
    judge=judge,
)
