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

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import decode as rtnetlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace, NamespaceGone
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import Culprits

from .counters import Counters, parse
from .namespace import Place
from .record import Budget, Record
from .state import CHANGE, DELETE, ROUTES_MAX, Change, State

#: Notifications that are read per second and in one burst. One takes about 50 µs; the rest is counted.
RATE, BURST = 150, 600
#: Seconds between two looks at everything, where notifications were lost.
REREAD_GAP = 5.0
#: Seconds after a change that may have taken routes away silently until they are read again.
SILENCE = 0.1
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
        #: What may have taken routes away, and who did it.
        self._silent: dict[Place, tuple[float, dict[str, object]]] = {}
        #: Set when a link came or went, which may have come from or gone to another namespace.
        self.moved = False

    @property
    def places(self) -> list[Place]:
        return list(self._states)

    @property
    def due(self) -> float | None:
        """When `settle` has something to do."""
        return min((moment + SILENCE for moment, dummy in self._silent.values()), default=None)

    def name(self, index: int) -> str:
        """The name of a link of our own namespace."""
        state = next((state for place, state in self._states.items() if not place.label), None)
        return state.name(index) if state else ""

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
        self.adopt(place, state, links)

    def adopt(self, place: Place, state: State, links: set[int]) -> None:
        """The same for a place that is open already."""
        if state.many_routes:
            where = place.label or "the host"
            self._record.limit(f"{where} has more than {ROUTES_MAX} routes: those that go silently are not told")
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
            if place not in self._stale:
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

    def _tell(self, place: Place, change: Change, now: float) -> None:
        who: dict[str, object] = {}
        if change.port or change.kind in _ATTRIBUTED:
            # Of what is only counted nobody needs to know who did it.
            who = {} if self._record.full(change.kind) else self._culprits.find(change.port, place).as_data()
        if _takes_routes(change):
            self._silent[place] = now, {**who, "with": change.what}
        if change.kind == rtnetlink.LINK and change.action != CHANGE:
            self.moved = True
        self._add(place, change, now, who)

    def _add(self, place: Place, change: Change, now: float, who: dict[str, object]) -> None:
        self._record.add(
            self._stamp(now), change.kind, change.action, place.label, change.link, change.what, change.data, who
        )

    def settle(self, now: float) -> None:
        """Tell which routes the kernel took away without a notification, as it does when a link goes down and when it
        loses its last IPv4 address (net/ipv4/fib_frontend.c fib_disable_ip)."""
        for place, (moment, who) in list(self._silent.items()):
            if now - moment < SILENCE:
                continue
            del self._silent[place]
            if self._states[place].many_routes:
                continue
            try:
                routes = list(place.dump(rtnetlink.RTM_GETROUTE))
            except OSError:
                continue
            for change in self._states[place].reconcile(routes, (rtnetlink.ROUTE,)):
                change.data["silent"] = True
                change.data["with"] = who["with"]
                told = {key: value for key, value in who.items() if key != "with"}
                self._add(place, change, moment, told)

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
                change.data["reread"] = True
                self._add(place, change, now, {"process_unknown": "its notification was lost"})

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
            names = [self._states[place].name(index) for index in sorted(self._watched[place])]
            for name in names:
                what = f"{name} disappeared with its namespace {place.label}"
                self._record.add(self._stamp(time.monotonic()), "link", DELETE, place.label, name, what, {"name": name})
            self._close(place)

    def _close(self, place: Place) -> None:
        self._selector.unregister(place.events)
        place.close()
        del self._states[place], self._watched[place]
        self._stale.discard(place)
        self._silent.pop(place, None)

    def close(self) -> None:
        for place in self.places:
            self._close(place)


def _takes_routes(change: Change) -> bool:
    if change.kind == rtnetlink.ADDRESS:
        return change.action == DELETE
    if change.kind == rtnetlink.LINK:
        return change.action == DELETE or change.data.get("changed", {}).get("up") == [True, False]
    return False


def try_add(listening: Listening, namespace: Namespace, links: set[int], record: Record) -> None:
    """The same as `Listening.add`; a failure is a limit of what was seen."""
    try:
        listening.add(namespace, links)
    except (OSError, NamespaceGone) as error:
        record.limit(f"no events of {namespace.label or 'the host'}: {error}")
