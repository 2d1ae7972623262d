# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do targets that do not answer do so after an announcement? Asked, announced, and asked again, from one address."""

from __future__ import annotations

import contextlib
import functools
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import open_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import announcement
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.pinger import Pinger, open_pinger

from . import holders
from .belief import NUMBER_MAX, Noise, Repetition, doubt, repetition
from .model import REPAIRING, Context, Experiment
from .results import AnnounceResult

#: Echo requests before and after at least, and the seconds between two of them at least.
PACKETS, GAP = 3, 0.1
#: Seconds between two looks for answers.
_LOOK = 0.05
#: Announcements of each address, and seconds between them. RFC 5227, 1.1: ANNOUNCE_NUM is 2, ANNOUNCE_INTERVAL 2
#: seconds, which is too long here; RFC 4861, 10: MAX_NEIGHBOR_ADVERTISEMENT is 3.
ANNOUNCEMENTS, INTERVAL = 2, 0.2
#: Pairs of an address and a target that does not answer it, at most.
PAIRS_MAX = 8


@dataclass(frozen=True)
class LostPair:
    """path: of the namespace, empty for the host's own. link, address: from which the target is asked."""

    label: str
    path: str
    link: str
    address: Address
    target: Address


def _pairs(context: Context) -> list[LostPair]:
    """Neighbours whose pings are lost to the end of the watch. Announcements do not pass routers."""
    scope = context.scope
    paths = {"": "", **{item.label: item.path for item in scope.containers}}
    held = {("", item.interface.ip) for item in scope.facts.addresses}
    held |= {(item.label, item.address) for item in scope.containers}
    found = []
    for item in context.targets:
        label, target = item["from"]["namespace"], parse_address(item["target"])
        route = context.paths.get((label, item["target"]))
        if item["method"] != ECHO or target is None or not is_lost(item) or item.get("declined"):
            continue
        if item["losses"] and item["losses"][-1][1] < context.duration:
            continue
        if route is None or route["local"] or route["gateway"]:
            continue
        address = parse_address(route["source"] or "")
        if address is not None and route["link"] and (label, address) in held and label in paths:
            found.append(LostPair(label, paths[label], route["link"], address, target))
    return list(dict.fromkeys(found))[:PAIRS_MAX]


def _why_not(context: Context) -> str:
    if context.scope.parent is None:
        return context.scope.parent_problem
    pairs = _pairs(context)
    if not pairs:
        return "no ping from an address of this host to a neighbour was lost to the end of the watch"
    return doubt(_noise(context, pairs), PACKETS, GAP, of=len(pairs))


def _noise(context: Context, pairs: list[LostPair]) -> Noise:
    """An outage of another link of the host does not make these ones doubtful."""
    return context.noise_over({(pair.label, pair.link) for pair in pairs})


@dataclass
class _Asked:
    """What has been asked before anything is announced: late answers still come to the same pingers."""

    pairs: list[LostPair]
    pingers: list[Pinger]
    answered: list[set[int]]
    often: Repetition
    stack: contextlib.ExitStack

    def close(self) -> None:
        self.stack.close()


def _before(context: Context) -> _Asked:
    """Errors: OSError, NamespaceGone."""
    pairs = _pairs(context)
    with contextlib.ExitStack() as stack:
        pingers = [_pinger(pair, stack) for pair in pairs]
        often = repetition(_noise(context, pairs), PACKETS, GAP, of=len(pairs))
        asked = _Asked(pairs, pingers, [set() for dummy in pairs], often, contextlib.ExitStack())
        _ask(pairs, pingers, asked.answered, 0, often)
        asked.stack = stack.pop_all()
    return asked


def _run(context: Context) -> AnnounceResult:
    parent = context.scope.parent
    if parent is None:
        return {"pairs": []}
    asked = context.early if isinstance(context.early, _Asked) else _before(context)
    with contextlib.closing(asked):
        pairs, often = asked.pairs, asked.often
        # To announce an address that another machine has too would divert its traffic.
        shared = _shared(context, parent.name, sorted({str(pair.address) for pair in pairs}))
        silent = [
            pair for pair, seen in zip(pairs, asked.answered) if not seen and str(pair.address) not in shared
        ]  # fmt: skip
        macs = _announce(silent)
        _ask(pairs, asked.pingers, asked.answered, often.number, often)
    return {
        "pairs": [
            {
                "namespace": pair.label,
                "link": pair.link,
                "mac": macs.get((pair.label, pair.link)),
                "address": str(pair.address),
                "target": str(pair.target),
                "before": len([number for number in seen if number < often.number]),
                "after": len([number for number in seen if number >= often.number]),
                "why_not": _reason(pair, silent, shared),
            }
            for pair, seen in zip(pairs, asked.answered)
        ]
    }


def _shared(context: Context, parent: str, addresses: list[str]) -> set[str]:
    """Those of these addresses that another machine answers for: as just found, or as asked now."""
    for item in context.made:
        if item["id"] == "holders" and item["result"] is not None:
            known = {found["address"]: found for found in item["result"]["results"]}
            if all(address in known for address in addresses):
                return {address for address in addresses if holders.foreign(known[address])}
    return holders.shared(parent, addresses)


def _reason(pair: LostPair, silent: list[LostPair], shared: set[str]) -> str:
    if pair in silent:
        return ""
    if str(pair.address) in shared:
        return f"another machine answers for {pair.address} too"
    return f"{pair.target} answers again"


def _pinger(pair: LostPair, stack: contextlib.ExitStack) -> Pinger:
    """Errors: OSError, NamespaceGone."""
    pinger = open_pinger(pair.path, {pair.target.version})
    stack.callback(pinger.close)
    return pinger


def _ask(pairs: list[LostPair], pingers: list[Pinger], answered: list[set[int]], first: int, often: Repetition) -> None:
    """The same requests of each, numbered from ``first``, and the numbers of all that are answered until the end.

    It ends as soon as each target has answered all of them.
    """
    for number in range(first, first + often.number):
        for pair, pinger in zip(pairs, pingers):
            # What the kernel refuses to send is not answered.
            with contextlib.suppress(OSError):
                pinger.send(pair.target, number)
        if number < first + often.number - 1:
            time.sleep(often.gap)
    end = time.monotonic() + often.patience
    while True:
        for pair, pinger, seen in zip(pairs, pingers, answered):
            seen.update(number for target, number in pinger.receive() if target == pair.target and number is not None)
        wanted = set(range(first, first + often.number))
        if time.monotonic() >= end or all(wanted <= seen for seen in answered):
            return
        time.sleep(_LOOK)


def _announce(pairs: list[LostPair]) -> dict[tuple[str, str], str]:
    """Each address from its link; the links' MAC addresses by namespace and link. Errors: OSError, NamespaceGone."""
    macs: dict[tuple[str, str], str] = {}
    with contextlib.ExitStack() as stack:
        frames = {}
        for pair in pairs:
            opening = functools.partial(open_socket, pair.link, [])
            sock, mac = run_in(pair.path or OWN, opening)
            stack.callback(sock.close)
            macs[pair.label, pair.link] = mac
            frames[pair.label, pair.link, pair.address] = sock, announcement(mac, pair.address)
        for dummy in range(ANNOUNCEMENTS if frames else 0):
            for sock, frame in frames.values():
                sock.send(frame)
            time.sleep(INTERVAL)
    return macs


EXPERIMENT = Experiment(
    id="announce",
    sends=f"where a neighbour's pings are not answered: {PACKETS} echo requests (up to {NUMBER_MAX} where"
    f" answers are lost), {ANNOUNCEMENTS} announcements (gratuitous ARP, or"
    " unsolicited neighbour advertisements) of the address that they come from, and the same"
    f" requests again; {PAIRS_MAX} pairs at most, and no address that another machine answers for, for which each is"
    " asked first",
    run=_run,
    why_not=_why_not,
    phase=REPAIRING,
    early=_before,
    # Announcements teach every neighbour of the segment, and with that change what others are just asking.
    in_turns=True,
)
