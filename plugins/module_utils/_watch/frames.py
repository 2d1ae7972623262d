# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARP packets and neighbour discovery messages for the addresses that matter, on each link that matters."""

from __future__ import annotations

import contextlib
import functools
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Literal

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Network, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import SENT_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage, open_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import (
    attach,
    passes_without_questions,
    program,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import PROBE, claim, may_be_between_children
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp, Frame, parse

from .record import OF_ONE_ADDRESS_MAX, Budget, Record
from .timeline import FrameSeen

#: Frames that are read per second and in one burst. One takes about 40 µs; the rest is counted.
RATE, BURST = 120, 400
#: Seconds for which the kernel passes only answers where more comes than is read: to receive a frame and forget it
#: takes 20 µs, and storms are of broadcast questions and announcements.
PAUSE = 0.1
#: Longer than any frame that the filter passes.
_FRAME_MAX = 2048
#: Different claims that are remembered; those that come after them are counted.
SEEN_MAX = 1000


@dataclass(frozen=True)
class FrameClaim:
    """What a frame claims: that ``address`` belongs to ``mac``. asked: the address that it asks for, where it asks.

    incoming: whether it came from the network, and not from this host.
    """

    kind: Literal["arp", "nd"]
    what: str
    address: Address
    mac: str
    asked: Address | None
    incoming: bool


@dataclass(frozen=True)
class Interest:
    """The addresses that matter, and the MAC addresses of parents and children. parents: names of links."""

    addresses: Collection[Address]
    networks: Collection[Network]
    macs: set[str]
    parents: Collection[str] = ()

    def concerns(self, claimed: FrameClaim) -> bool:
        return self._address(claimed.address) or (claimed.asked is not None and self._address(claimed.asked))

    def _address(self, address: Address) -> bool:
        return address in self.addresses or any(within(address, network) for network in self.networks)


def claim_of(frame: Frame, incoming: bool) -> FrameClaim | None:
    """None for what claims nothing, and for what this process asks itself: see `_wire.signature`. Pure."""
    found = None if frame.own else claim(frame)
    if found is None:
        return None
    address, mac, what = found
    asked: Address | None = None
    if isinstance(frame.body, Arp):
        asked = frame.body.tpa if frame.body.operation == 1 else None
    elif frame.body.solicitation:
        asked = frame.body.target
    asked = None if asked == address else asked
    return FrameClaim("arp" if isinstance(frame.body, Arp) else "nd", what, address, mac, asked, incoming)


class Frames:
    """Listens on links of our own namespace. stamp: makes ``after`` of a moment."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        record: Record,
        interest: Interest,
        stamp: Callable[[float], float],
    ) -> None:
        self._selector = selector
        self._record = record
        self._interest = interest
        self._stamp = stamp
        self._budget, self._answers = Budget(RATE, BURST), Budget(RATE, BURST)
        self._vantages: dict[str, tuple[Vantage, int]] = {}
        self._seen: dict[tuple[str, FrameClaim], FrameSeen] = {}
        self._holders: dict[tuple[str, Address], str] = {}
        self._reported: Counter[tuple[str, Address]] = Counter()
        self._eased: dict[str, Vantage] = {}
        #: When `listen_again` has something to do (time.monotonic).
        self.due: float | None = None

    def add(self, links: Iterable[str]) -> None:
        """Listen on links from now on; one on which that is not possible is a blind spot."""
        for link in links:
            try:
                sock, mac = open_socket(link, [item for item in self._interest.addresses if item.version == 6])
            except OSError as error:
                self._record.limit(f"no ARP of {link}: {error.strerror}")
                continue
            vantage = Vantage(link, link, mac, sock)
            self._vantages[link] = vantage, socket.if_nametoindex(link)
            self._selector.register(sock, selectors.EVENT_READ, functools.partial(self._receive, vantage))

    def _receive(self, vantage: Vantage) -> None:
        for data, outgoing in BoundedReading(functools.partial(_next, vantage)):
            now = time.monotonic()
            eased = vantage.link in self._eased
            # What has come in before the kernel left it out may be thousands of questions: they take nothing from the
            # answers behind them.
            if eased and not passes_without_questions(data, outgoing):
                self._record.count("arp")
                continue
            budget = self._answers if eased else self._budget
            if not budget.take(now):
                self._record.count("arp")
                self._ease(vantage, now)
                continue
            frame = parse(data)
            if frame is None:
                continue
            claimed = claim_of(frame, not outgoing and not self._of_sibling(vantage, frame))
            if claimed is not None:
                self._take(vantage.link, frame, claimed, now)
            if outgoing and len(self._interest.macs) < SENT_MAX:
                self._interest.macs.add(frame.source)

    def _ease(self, vantage: Vantage, now: float) -> None:
        """Receive only answers for a while. Questions that have come in already are received and counted."""
        if vantage.link in self._eased:
            return
        attach(vantage.socket, program(questions=False))
        self._eased[vantage.link] = vantage
        self.due = self.due or now + PAUSE
        self._record.limit(f"ARP and neighbour discovery of {vantage.link} came so fast that questions were left out")

    def listen_again(self, now: float) -> None:
        """Receive everything again, when it is time to."""
        if self.due is None or now < self.due:
            return
        for vantage in self._eased.values():
            attach(vantage.socket, program())
        self._eased.clear()
        self.due = None

    def _of_sibling(self, vantage: Vantage, frame: Frame) -> bool:
        """Whether one link of this host sent it to another. A parent receives what its children send each other, a
        child the broadcasts of the others (drivers/net/macvlan.c macvlan_broadcast)."""
        if frame.source not in self._interest.macs:
            return False
        return vantage.link not in self._interest.parents or may_be_between_children(frame, vantage.mac)

    def _take(self, link: str, frame: Frame, claimed: FrameClaim, now: float) -> None:
        # A frame from the network with a MAC address of ours: another machine has it too, or the network sends it back.
        ours = claimed.incoming and frame.source in self._interest.macs
        if not ours and not self._interest.concerns(claimed):
            return
        known = self._seen.get((link, claimed))
        if known is not None:
            known["count"] += 1
            known["last"] = self._stamp(now)
        elif len(self._seen) < SEEN_MAX:
            data = self._data(claimed, ours, now)
            self._seen[link, claimed] = data
            self._report(link, claimed, now, "seen", _in_words(claimed, ours, link), data)
        else:
            self._record.count(claimed.kind)
        self._follow(link, claimed, now)

    def _data(self, claimed: FrameClaim, ours: bool, now: float) -> FrameSeen:
        return {
            "what": claimed.what,
            "address": str(claimed.address),
            "mac": claimed.mac,
            "asked": str(claimed.asked) if claimed.asked else None,
            "incoming": claimed.incoming,
            "own_mac": ours,
            "count": 1,
            "last": self._stamp(now),
        }

    def _follow(self, link: str, claimed: FrameClaim, now: float) -> None:
        """Report each time when another MAC address claims an address than before, unless both are ours."""
        if claimed.what == PROBE:
            return
        if (link, claimed.address) not in self._holders and len(self._holders) >= SEEN_MAX:
            return  # it was counted when it was seen
        before = self._holders.get((link, claimed.address))
        self._holders[link, claimed.address] = claimed.mac
        if before not in (None, claimed.mac) and not {before, claimed.mac} <= self._interest.macs:
            what = f"{claimed.address} is claimed by {claimed.mac}, and was by {before}, on {link}"
            data = self._data(claimed, False, now)
            data["changed"] = {"mac": [before, claimed.mac]}
            self._report(link, claimed, now, "change", what, data)

    def _report(self, link: str, claimed: FrameClaim, now: float, action: str, what: str, data: FrameSeen) -> None:
        self._reported[link, claimed.address] += 1
        if self._reported[link, claimed.address] > OF_ONE_ADDRESS_MAX:
            self._record.count(claimed.kind)
        else:
            self._record.add(self._stamp(now), claimed.kind, action, "", link, what, data)

    def rebind(self) -> None:
        """Go on where a link was created again under its name."""
        for link, (vantage, index) in list(self._vantages.items()):
            with contextlib.suppress(OSError):
                now = socket.if_nametoindex(link)
                if now != index:
                    vantage.rebind()
                    self._vantages[link] = vantage, now

    def close(self) -> None:
        for vantage, dummy in self._vantages.values():
            vantage.finish()
            if vantage.lost:
                self._record.limit(f"{vantage.lost} ARP frames of {vantage.link} came faster than they could be read")
            self._selector.unregister(vantage.socket)
            vantage.socket.close()


def _next(vantage: Vantage) -> tuple[bytes, bool] | None:
    """The next frame, and whether this host sent it. None where none waits; or where the link goes down, which is
    reported once. The socket goes on when it comes up again (net/packet/af_packet.c packet_notifier)."""
    try:
        data, source = vantage.socket.recvfrom(_FRAME_MAX)
    except OSError:
        return None
    return data, source[2] == socket.PACKET_OUTGOING


def _in_words(claimed: FrameClaim, ours: bool, link: str) -> str:
    protocol = "ARP" if claimed.kind == "arp" else "ND"
    origin = "from the network" if claimed.incoming else "from this host"
    asked = f", asks for {claimed.asked}" if claimed.asked else ""
    verb = "wants" if claimed.what == PROBE else "is"
    own = ", which is a MAC address of this host" if ours else ""
    return f"{protocol} {claimed.what} {origin} on {link}: {claimed.address} {verb} {claimed.mac}{asked}{own}"
