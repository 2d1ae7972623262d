# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells of links, addresses, routes, neighbours and rules, in each namespace that matters."""

from __future__ import annotations

import errno
import functools
import selectors
import time
from collections.abc import Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._netns import Namespace, NamespaceGone

from . import rtnetlink
from .counters import Counters, parse
from .culprit import Culprits
from .place import Place
from .record import Budget, Record
from .state import Change, State

#: Notifications that are read per second and in one burst. One takes about 50 µs; the rest is counted.
RATE, BURST = 200, 1000
#: Seconds between two looks at everything, where notifications were lost.
REREAD_GAP = 5.0
#: Kinds whose messages can tell who asked.
_ATTRIBUTED = frozenset((rtnetlink.LINK, rtnetlink.ADDRESS, rtnetlink.ROUTE, rtnetlink.RULE))


class Listening:
    """All namespaces. stamp: makes ``after`` of a moment (time.monotonic)."""

    def __init__(
        self, selector: selectors.BaseSelector, record: Record, culprits: Culprits, stamp: Callable[[float], float]
    ) -> None:
        self.counters = Counters()
        self._selector = selector
        self._record = record
        self._culprits = culprits
        self._stamp = stamp
        self._budget = Budget(RATE, BURST)
        self._states: dict[Place, State] = {}
        self._watched: dict[Place, set[int]] = {}
        self._stale: set[Place] = set()
        self._reread = 0.0

    @property
    def places(self) -> list[Place]:
        return list(self._states)

    def label(self, network: int) -> str | None:
        """How the namespace with an inode is called, None when it is not listened to."""
        return next((place.label for place in self._states if place.inode == network), None)

    def add(self, namespace: Namespace, links: set[int]) -> None:
        """Listen in a namespace from now on. links: whose counters are read. Errors: OSError, NamespaceGone."""
        place = Place(namespace)
        state = State()
        try:
            state.load(place.dump())
        except OSError:
            place.close()
            raise
        self._states[place] = state
        self._watched[place] = links
        self._selector.register(place.events, selectors.EVENT_READ, functools.partial(self._receive, place))

    def _receive(self, place: Place) -> None:
        while True:
            try:
                data = place.receive()
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._lost(place, "notifications came faster than they could be read")
                continue
            if data is None:
                return
            for kind, dummy, port, payload in rtnetlink.split(data):
                self._take(place, kind, port, payload)

    def _take(self, place: Place, message_type: int, port: int, payload: bytes) -> None:
        now = time.monotonic()
        kind = rtnetlink.kind_of(message_type)
        if not kind:
            return
        if not self._budget.take(now):
            self._record.count(kind)
            self._lost(place, f"more than {RATE} notifications per second came")
            return
        message = rtnetlink.decode(message_type, port, payload)
        if message is not None:
            for change in self._states[place].take(message):
                self._tell(place, change, now)

    def _lost(self, place: Place, reason: str) -> None:
        where = f" in {place.label}" if place.label else ""
        self._record.limit(f"{reason}{where}: some changes are known from reading all again, without who made them")
        self._stale.add(place)

    def _tell(self, place: Place, change: Change, now: float, reread: bool = False) -> None:
        if self._record.full(change.kind):
            self._record.count(change.kind)
            return
        who: dict[str, object] = {}
        if reread:
            change.data["reread"] = True
            who["process_unknown"] = "its notification was lost"
        elif change.port or change.kind in _ATTRIBUTED:
            who = self._culprits.find(change.port, place).as_data()
        self._record.add(
            self._stamp(now), change.kind, change.action, place.label, change.link, change.what, change.data, who
        )

    def reread(self, now: float, force: bool = False) -> None:
        """Look at everything where notifications were lost, not too often."""
        if not self._stale or (now - self._reread < REREAD_GAP and not force):
            return
        self._reread = now
        for place in list(self._stale):
            self._stale.discard(place)
            try:
                changes = self._states[place].reconcile(list(place.dump()))
            except OSError as error:
                self._record.limit(f"{place.label or 'the host'} could not be read again: {error.strerror}")
                continue
            for change in changes:
                self._tell(place, change, now, reread=True)

    def poll(self, now: float) -> None:
        """Read counters, and what of links changes without a notification (a macvlan link's mode)."""
        for place, state in self._states.items():
            values = parse("".join(place.read(name) for name in ("netstat", "snmp", "snmp6")))
            self._count(place, "", values, now)
            for index in self._watched[place]:
                message = place.link(index)
                if message is not None:
                    for change in state.take(message):
                        self._tell(place, change, now)
                    self._count(place, message.fields["name"], message.fields.get("counters", {}), now)

    def _count(self, place: Place, link: str, values: dict[str, int], now: float) -> None:
        for key, run in self.counters.take(place.label, link, values, self._stamp(now)):
            data = {"name": key[2], "before": run.first, "after": run.last, "until": run.end}
            what = f"{key[2]}{' of ' + link if link else ''} began to count"
            self._record.add(self._stamp(now), "counter", "change", place.label, link, what, data)

    def drop_ended(self) -> None:
        """What is open here keeps a namespace alive, and in it links and addresses that may be wanted elsewhere."""
        for place in [item for item in self._states if item.ended()]:
            self._close(place)

    def _close(self, place: Place) -> None:
        self._selector.unregister(place.events)
        place.close()
        del self._states[place], self._watched[place]
        self._stale.discard(place)

    def close(self) -> None:
        for place in self.places:
            self._close(place)


def try_add(listening: Listening, namespace: Namespace, links: set[int], record: Record) -> None:
    """The same as `Listening.add`; a failure is a limit of what was seen."""
    try:
        listening.add(namespace, links)
    except (OSError, NamespaceGone) as error:
        record.limit(f"no events of {namespace.label or 'the host'}: {error}")
