# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large may packets be? Host and containers send some of several sizes that may not be fragmented."""

from __future__ import annotations

import contextlib
import errno
import select
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.pinger import Pinger, open_pinger

from .belief import NUMBER_MAX, Repetition, doubt, repetition
from .model import Context, Experiment
from .results import FullSizeResult, SizedPair

#: Octets of IP packets that links take, beside the sender's own MTU: RFC 8200, 5 (the least of IPv6), tunnels, PPPoE
#: (RFC 2516), Ethernet, and the usual jumbo frames.
SIZES = (1280, 1400, 1450, 1492, 1500, 8950, 9000)
#: Packets of each size that is not answered at least, and the seconds between two rounds at least.
PACKETS, GAP = 3, 0.1
#: Pairs that are tried at most.
PAIRS = 16
#: Senders that ask at the same time.
SENDERS = 4
#: The sequence number of the last question, beyond those of the sizes.
CONTROL = 1000


def _why_not(context: Context) -> str:
    pairs = _pairs(context)
    return doubt(context.noise, PACKETS, GAP, of=_together(pairs)) if pairs else "no target answers pings"


def _together(pairs: Sequence[object]) -> int:
    """Answers of which one could be missing by chance."""
    return len(pairs) * (len(SIZES) + 1)


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
    sizes, chosen = _sizes(context), _pairs(context)
    often = repetition(context.noise, PACKETS, GAP, of=_together(chosen))
    by_sender: dict[tuple[str, str], list[Address]] = {}
    for path, label, target in chosen:
        by_sender.setdefault((path, label), []).append(target)

    def ask(sender: tuple[str, str]) -> list[SizedPair]:
        path, label = sender
        asked = {target: sizes(label, target) for target in by_sender[sender]}
        try:
            return _ask(path, label, asked, often)
        except (NamespaceGone, OSError) as error:
            return [_result(label, target, size, error=str(error)) for target, size in asked.items()]

    # The targets of one sender fill a queue; those of another one have another.
    with ThreadPoolExecutor(max_workers=SENDERS) as executor:
        return {"pairs": [pair for pairs in executor.map(ask, by_sender) for pair in pairs]}


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


def _ask(path: str, label: str, asked: dict[Address, int], often: Repetition) -> list[SizedPair]:
    """All targets of one sender at the same time, and again what is not answered yet, beside the smallest size: that it
    still is answered shows that the path works. The sequence number identifies the size that an answer is for."""
    pinger = open_pinger(path, {target.version for target in asked})
    sizes = {target: sorted({size for size in SIZES if size < own} | {own}) for target, own in asked.items()}
    answered: dict[Address, set[int]] = {target: set() for target in asked}
    errors: dict[Address, str] = {}
    try:
        pinger.never_fragment()
        for packet in range(often.number):
            for target in asked:
                # The largest first: where only so many are answered, it is those, and no smaller MTU seems to be there.
                for number, size in reversed(list(enumerate(sizes[target]))):
                    if number in answered[target]:
                        continue
                    try:
                        pinger.send(target, number, size)
                    except OSError as error:
                        # A device that drops it says so over IPv6: then it is lost like one that is dropped further on.
                        if error.errno != errno.ENOBUFS:
                            errors[target] = error.strerror or str(error)
            _collect(pinger, sizes, answered, often.patience if packet == often.number - 1 else often.gap)
        lasting = _still_answered(pinger, sizes, answered, often)
    finally:
        pinger.close()
    found = []
    for target, own in asked.items():
        passed = [size for number, size in enumerate(sizes[target]) if number in answered[target]]
        lost = [size for size in sizes[target] if size not in passed]
        reason = "" if target in lasting or not lost else "even small packets were not answered any more"
        found.append(_result(label, target, own, passed, lost, errors.get(target, "") or reason))
    return found


def _still_answered(
    pinger: Pinger, sizes: dict[Address, list[int]], answered: dict[Address, set[int]], often: Repetition
) -> set[Address]:
    """The targets of lost sizes that answer the smallest one after all of them: the control of what is concluded.

    Of a target that answered no size nothing can be concluded.
    """
    doubtful = {target: sizes[target][:1] for target in sizes if 0 < len(answered[target]) < len(sizes[target])}
    seen: dict[Address, set[int]] = {target: set() for target in doubtful}
    for packet in range(often.number):
        for target in doubtful:
            if not seen[target]:
                with contextlib.suppress(OSError):
                    pinger.send(target, CONTROL, sizes[target][0])
        _collect(pinger, doubtful, seen, often.patience if packet == often.number - 1 else often.gap, first=CONTROL)
        if all(seen.values()):
            break
    return {target for target, numbers in seen.items() if numbers}


def _collect(
    pinger: Pinger,
    sizes: dict[Address, list[int]],
    answered: dict[Address, set[int]],
    seconds: float,
    first: int = 0,
) -> None:
    """Note answers for that long, or until all sizes are answered. first: the least number that counts."""
    end = time.monotonic() + seconds
    while any(len(answered[target]) < len(sizes[target]) for target in sizes):
        left = end - time.monotonic()
        if left <= 0 or not select.select(pinger.sockets, [], [], left)[0]:
            return
        for target, sequence in pinger.receive():
            if target in answered and sequence is not None and first <= sequence < first + len(sizes[target]):
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
    sends=f"ICMP echo requests of {len(SIZES) + 1} sizes up to the MTU, not to be fragmented, from host and"
    f" containers to each target that answers small ones, {PAIRS} at most: each size until it is answered,"
    f" {PACKETS} times, or up to {NUMBER_MAX} times where answers are lost",
    run=_run,
    why_not=_why_not,
)
