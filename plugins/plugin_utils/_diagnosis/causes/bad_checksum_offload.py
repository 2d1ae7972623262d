# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bad_checksum_offload: TCP and UDP arrive with checksums that nobody finished, and are dropped."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    holder,
)

#: Counters of packets that the kernel dropped for their checksum (net/ipv4/proc.c); IPv6 counts UDP by itself.
COUNTERS = ("TcpInCsumErrors", "UdpInCsumErrors", "Udp6InCsumErrors")
#: Frames of one sender, or counted packets, from which on it is no accident.
SEVERAL = 2


def judge(case: Case) -> CauseVerdict:
    sent, heard = case.experiment("datagrams"), case.experiment("checksums")
    if sent is None and heard is None:
        return case.not_tested(case.why_no_experiment("checksums"))
    pairs = (sent or {}).get("pairs", [])
    cut = [pair for pair in pairs if pair["unsummed"] == pair["sent"] and not pair["summed"] and pair["sent"] > 1]
    if cut:
        return _outgoing(case, cut)
    wrong = [one for one in (heard or {}).get("wrong", []) if one["frames"] >= SEVERAL]
    dropped = _dropped(case)
    if wrong or sum(number for dummy, number in dropped.values()) >= SEVERAL:
        return _incoming(case, wrong, dropped, heard or {})
    right = (heard or {}).get("right", 0)
    passed = next((pair for pair in pairs if pair["summed"]), None)
    if passed is not None:
        return case.ruled_out(f"{passed['target']} answers datagrams with a checksum, and no wrong one arrived")
    if right:
        return case.ruled_out(f"{right} frames of TCP and UDP arrived on {case.parent_name} with the right checksum")
    return case.not_tested(f"no TCP and no UDP arrived on {case.parent_name}, and nobody answers datagrams")


def _outgoing(case: Case, cut: list[dict[str, Any]]) -> CauseVerdict:
    """Proven by the answers: without a checksum the same question gets through, each time."""
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
        f"what {senders} {'sends' if len(cut) == 1 else 'send'} by TCP and UDP gets a wrong checksum on the way, and"
        f" {cut[0]['target']} drops it; pings get through, as nobody leaves their checksum to a device",
        [*evidence, *_counted(case)],
    )


def _incoming(case: Case, wrong: list[dict[str, Any]], dropped: dict[str, Any], heard: dict[str, Any]) -> CauseVerdict:
    """Proven where wrong checksums were seen on the wire, and the kernel counts what it drops for that."""
    evidence = [
        case.item(
            "frames",
            f"{one['frames']} with a wrong checksum from {one['mac']}: {', '.join(one['examples'])}",
            case.parent_name,
        )
        for one in wrong[:5]
    ]
    if wrong and heard.get("right"):
        evidence.append(case.item("frames", f"{heard['right']} of others with the right one", case.parent_name))
    evidence += _counted(case)
    number = sum(count for dummy, count in dropped.values())
    if not wrong:
        return case.suspected(
            f"{case.host} dropped {number} packets of TCP and UDP for a wrong checksum; none was there to be looked at"
            " when the watch was over",
            evidence,
        )
    alone = len(wrong) == 1 and bool(heard.get("right"))
    who = _sender(case, wrong[0]["mac"]) if alone else None
    told = who["text"] if who else f"{len(wrong)} senders" if len(wrong) > 1 else wrong[0]["mac"]
    summary = f"TCP and UDP of {told} arrive on {case.parent_name} of {case.host} with wrong checksums"
    if not number:
        return case.suspected(f"{summary}, and nothing was dropped for that", evidence, culprit=who)
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
        case.item("counter", f"{name} and its like grew by {number} during the watch", namespace=label)
        for label, (name, number) in _dropped(case).items()
    ][:5]


def _since(case: Case) -> float | None:
    """When a counter began to move; None where it did from the start."""
    moved = [item["after"] for item in case.events("counter", namespace=None) if item["data"].get("name") in COUNTERS]
    return min(moved, default=None)


def _sender(case: Case, mac: str) -> dict[str, Any]:
    places = case.fleet.at(mac)
    return holder(mac, places[0].host, place=str(places[0])) if places else holder(mac)


CAUSE = Cause(
    id="bad_checksum_offload",
    rank=460,
    title="checksums are left to a device that does not finish them",
    explanation="Kernels leave the checksum of TCP and UDP to the network device, and between links of one machine it"
    " is never made. A virtual switch, tap device, tunnel or driver that passes such a frame on and does not finish it"
    " sends out a wrong one, which every receiver drops without a word. Pings work, connections and DHCP do not.",
    remedy="switch the offload off on the sender's device (ethtool -K DEVICE tx off), or update the driver or virtual"
    " switch that takes its frames",
    signature="at once, TCP and UDP only",
    proof="the gateway answers datagrams without a checksum and none with one; or frames with wrong checksums arrive"
    " from the network, and the kernel's InCsumErrors grow",
    must="D",
    needs=("after", "watch"),
    judge=judge,
)
