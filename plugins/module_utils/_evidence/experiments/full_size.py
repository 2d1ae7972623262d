# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large may packets be? Host and containers send some of several sizes that may not be fragmented."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.pinger import Pinger, open_pinger

from .model import Context, Experiment
from .results import FullSizeResult, SizedPair

#: Octets of IP packets that links take, beside the sender's own MTU: RFC 8200, 5 (the least of IPv6), tunnels, PPPoE
#: (RFC 2516), Ethernet, and the usual jumbo frames.
SIZES = (1280, 1400, 1450, 1492, 1500, 8950, 9000)
#: Packets of each size, the seconds between two rounds, and for how long the last ones are waited for.
PACKETS, GAP, WAIT = 2, 0.1, 0.5
#: Pairs that are tried at most.
PAIRS = 16


def _why_not(context: Context) -> str:
    return "" if _pairs(context) else "no target answers pings"


def _pairs(context: Context) -> list[tuple[str, str, Address]]:
    """Namespace's path and label of the sender, and the target: those that answered small packets in the watch."""
    paths = {item.label: item.path for item in context.scope.containers}
    found = []
    for target in context.targets:
        label, address = target["from"]["namespace"], parse_address(target["target"])
        if target["method"] == "echo" and target["received"] and address and (not label or label in paths):
            found.append((paths.get(label, ""), label, address))
    return list(dict.fromkeys(found))[:PAIRS]


def _run(context: Context) -> FullSizeResult:
    sizes = _sizes(context)
    by_sender: dict[tuple[str, str], list[Address]] = {}
    for path, label, target in _pairs(context):
        by_sender.setdefault((path, label), []).append(target)
    pairs: list[SizedPair] = []
    for (path, label), targets in by_sender.items():
        asked = {target: sizes(label, target) for target in targets}
        try:
            pairs += _ask(path, label, asked)
        except (NamespaceGone, OSError) as error:
            pairs += [_result(label, target, size, error=str(error)) for target, size in asked.items()]
    return {"pairs": pairs}


def _sizes(context: Context) -> Callable[[str, Address], int]:
    """The MTU of the link by which a sender reaches a target."""
    scope = context.scope
    inside = {item.label: item.link.mtu for item in scope.containers}
    children = {item.address for item in (*scope.containers, *scope.strays)}

    def size(label: str, target: Address) -> int:
        if label:
            return inside[label]
        link = scope.shim if target in children and scope.shim is not None else scope.parent
        return link.mtu if link is not None else 0

    return size


def _ask(path: str, label: str, asked: dict[Address, int]) -> list[SizedPair]:
    """All targets of one sender at the same time. The sequence number identifies the size that an answer is for."""
    pinger = open_pinger(path, {target.version for target in asked})
    sizes = {target: sorted({size for size in SIZES if size < own} | {own}) for target, own in asked.items()}
    answered: dict[Address, set[int]] = {target: set() for target in asked}
    errors: dict[Address, str] = {}
    try:
        pinger.never_fragment()
        for packet in range(PACKETS):
            for target in asked:
                for number, size in enumerate(sizes[target]):
                    try:
                        pinger.send(target, number, size)
                    except OSError as error:
                        errors[target] = error.strerror or str(error)
            _collect(pinger, sizes, answered, WAIT if packet == PACKETS - 1 else GAP)
    finally:
        pinger.close()
    found = []
    for target, own in asked.items():
        passed = [size for number, size in enumerate(sizes[target]) if number in answered[target]]
        lost = [size for size in sizes[target] if size not in passed]
        found.append(_result(label, target, own, passed, lost, errors.get(target, "")))
    return found


def _collect(
    pinger: Pinger, sizes: dict[Address, list[int]], answered: dict[Address, set[int]], seconds: float
) -> None:
    """Note answers for that long, or until all sizes of all targets are answered."""
    end = time.monotonic() + seconds
    while any(len(answered[target]) < len(sizes[target]) for target in sizes):
        left = end - time.monotonic()
        if left <= 0 or not select.select(pinger.sockets, [], [], left)[0]:
            return
        for target, sequence in pinger.receive():
            if target in answered and sequence is not None:
                answered[target].add(sequence)


def _result(
    label: str, target: Address, size: int, passed: Sequence[int] = (), lost: Sequence[int] = (), error: str = ""
) -> SizedPair:
    return {
        "namespace": label,
        "target": str(target),
        "size": size,
        "passed": list(passed),
        "lost": list(lost),
        "error": error,
    }


EXPERIMENT = Experiment(
    id="full_size",
    sends=f"ICMP echo requests of {len(SIZES) + 1} sizes up to the MTU, {PACKETS} of each, not to be fragmented, from"
    f" host and containers to each target that answers small ones, {PAIRS} at most",
    run=_run,
    why_not=_why_not,
)
