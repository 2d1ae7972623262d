# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows rtnetlink notifications of links, addresses, routes, neighbours and rules in each namespace that matters."""

from __future__ import annotations

import errno
import functools
import selectors
import time
from collections.abc import Callable
from typing import cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import decode, netlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace, NamespaceGone
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import Culprits

from .counters import Counters, parse
from .namespace import WatchedNamespace
from .record import Budget, Record
from .state import CHANGE, DELETE, ROUTES_MAX, NamespaceChange, NamespaceState
from .timeline import Attribution, RouteChange

#: Notifications that are read per second and in one burst. One takes about 50 µs; the rest is counted.
RATE, BURST = 150, 600
#: Seconds between two dumps of everything, where notifications were lost.
REREAD_GAP = 5.0
#: Seconds after a change that may have removed routes silently until they are read again.
SILENCE = 0.1
#: Kinds whose messages can carry the port id of the process that asked.
_ATTRIBUTED = frozenset((decode.LINK, decode.ADDRESS, decode.ROUTE, decode.RULE))


#: The process of a change whose notification was lost.
_LOST: Attribution = {"process": None, "process_unknown": "its notification was lost"}


@dataclass(frozen=True)
class _SilentRemoval:
    """A change with which the kernel may have removed routes. moment: time.monotonic()."""

    moment: float
    what: str
    who: Attribution


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
        self._states: dict[WatchedNamespace, NamespaceState] = {}
        self._watched: dict[WatchedNamespace, set[int]] = {}
        self._stale: set[WatchedNamespace] = set()
        self._reread = 0.0
        self._silent: dict[WatchedNamespace, _SilentRemoval] = {}
        #: Set when a link appeared or disappeared, which may have been moved between namespaces.
        self.moved = False

    @property
    def namespaces(self) -> list[WatchedNamespace]:
        return list(self._states)

    @property
    def due(self) -> float | None:
        """When `settle` has something to do."""
        return min((item.moment + SILENCE for item in self._silent.values()), default=None)

    def name(self, index: int) -> str:
        """The name of a link of our own namespace."""
        state = next((state for namespace, state in self._states.items() if not namespace.label), None)
        return state.name(index) if state else ""

    def label(self, network: int) -> str | None:
        """The label of the namespace with an inode, None when it is not listened to."""
        return next((namespace.label for namespace in self._states if namespace.inode == network), None)

    def add(self, namespace: Namespace, links: set[int]) -> None:
        """Listen in a namespace from now on. links: whose counters are read. Errors: OSError, NamespaceGone."""
        opened = WatchedNamespace(namespace)
        state = NamespaceState()
        try:
            state.load(opened.dump())
        except OSError:
            opened.close()
            raise
        self.adopt(opened, state, links)

    def adopt(self, namespace: WatchedNamespace, state: NamespaceState, links: set[int]) -> None:
        """The same for a namespace that is open already."""
        if state.many_routes:
            where = namespace.label or "the host"
            self._record.limit(
                f"{where} has more than {ROUTES_MAX} routes: those that are removed silently are not seen"
            )
        self._states[namespace] = state
        self._watched[namespace] = links
        self._selector.register(namespace.events, selectors.EVENT_READ, functools.partial(self._receive, namespace))

    def _receive(self, namespace: WatchedNamespace) -> None:
        for data in BoundedReading(functools.partial(self._next, namespace)):
            for kind, dummy, dummy, port, payload in netlink.messages(data):
                self._take(namespace, kind, port, payload)

    def _next(self, namespace: WatchedNamespace) -> bytes | None:
        """The next datagram that waits, an empty one where some were lost, None where none waits."""
        try:
            return namespace.receive()
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self._lost(namespace, "notifications came faster than they could be read")
            return b""

    def _take(self, namespace: WatchedNamespace, message_type: int, port: int, payload: bytes) -> None:
        now = time.monotonic()
        kind = decode.kind_of(message_type)
        if not kind:
            return
        if not self._budget.take(now):
            self._record.count(kind)
            if namespace not in self._stale:
                self._lost(namespace, f"more than {RATE} notifications per second came")
            return
        message = decode.decode(message_type, port, payload)
        if message is not None:
            for change in self._states[namespace].take(message):
                self._report(namespace, change, now)

    def _lost(self, namespace: WatchedNamespace, reason: str) -> None:
        where = f" in {namespace.label}" if namespace.label else ""
        self._record.limit(f"{reason}{where}: some changes are known from reading all again, without who made them")
        self._stale.add(namespace)

    def _report(self, namespace: WatchedNamespace, change: NamespaceChange, now: float) -> None:
        who: Attribution = {"process": None, "process_unknown": ""}
        # What is only counted needs no process.
        if (change.port or change.kind in _ATTRIBUTED) and not self._record.full(change.kind):
            who = self._culprits.find(change.port, namespace).as_data()
        if _removes_routes(change):
            self._silent[namespace] = _SilentRemoval(now, change.what, who)
        if change.kind == decode.LINK and change.action != CHANGE:
            self.moved = True
        self._add(namespace, change, now, who)

    def _add(self, namespace: WatchedNamespace, change: NamespaceChange, now: float, who: Attribution) -> None:
        self._record.add(
            self._stamp(now), change.kind, change.action, namespace.label, change.link, change.what, change.data, who
        )

    def settle(self, now: float) -> None:
        """Report which routes the kernel removed without a notification, as it does when a link goes down and when it
        loses its last IPv4 address (net/ipv4/fib_frontend.c fib_disable_ip)."""
        for namespace, removal in list(self._silent.items()):
            if now - removal.moment < SILENCE:
                continue
            del self._silent[namespace]
            if self._states[namespace].many_routes:
                continue
            try:
                routes = list(namespace.dump(netlink.RTM_GETROUTE))
            except OSError:
                continue
            for change in self._states[namespace].reconcile(routes, (decode.ROUTE,)):
                route = cast(RouteChange, change.data)
                route["silent"] = True
                route["with"] = removal.what
                self._add(namespace, change, removal.moment, removal.who)

    def reread(self, now: float, force: bool = False) -> None:
        """Dump everything where notifications were lost, not too often."""
        if not self._stale or (now - self._reread < REREAD_GAP and not force):
            return
        self._reread = now
        for namespace in list(self._stale):
            self._stale.discard(namespace)
            try:
                changes = self._states[namespace].reconcile(list(namespace.dump()))
            except OSError as error:
                self._record.limit(f"{namespace.label or 'the host'} could not be read again: {error.strerror}")
                continue
            for change in changes:
                change.data["reread"] = True
                self._add(namespace, change, now, _LOST)

    def poll(self, now: float) -> None:
        """Read counters, and what of links changes without a notification (a macvlan link's mode)."""
        for namespace, state in self._states.items():
            values = parse("".join(namespace.read(name) for name in ("netstat", "snmp", "snmp6")))
            self._count(namespace, "", values, now)
            for index in self._watched[namespace]:
                message = namespace.link(index)
                if message is not None:
                    for change in state.take(message):
                        self._report(namespace, change, now)
                    self._count(namespace, message.fields["name"], message.fields.get("counters", {}), now)

    def _count(self, namespace: WatchedNamespace, link: str, values: dict[str, int], now: float) -> None:
        for rise in self.counters.take(namespace.label, link, values, self._stamp(now)):
            what = f"{rise['name']}{' of ' + link if link else ''} began to rise"
            self._record.add(self._stamp(now), "counter", CHANGE, namespace.label, link, what, rise)

    def drop_ended(self) -> None:
        """What is open here keeps a namespace alive, and in it links and addresses that may be wanted elsewhere."""
        for namespace in [item for item in self._states if item.ended()]:
            for change in self._states[namespace].end(sorted(self._watched[namespace])):
                what = f"{change.what} with its namespace {namespace.label}"
                moment = self._stamp(time.monotonic())
                self._record.add(moment, change.kind, change.action, namespace.label, change.link, what, change.data)
            self._close(namespace)

    def _close(self, namespace: WatchedNamespace) -> None:
        self._selector.unregister(namespace.events)
        namespace.close()
        del self._states[namespace], self._watched[namespace]
        self._stale.discard(namespace)
        self._silent.pop(namespace, None)

    def close(self) -> None:
        for namespace in self.namespaces:
            self._close(namespace)


def _removes_routes(change: NamespaceChange) -> bool:
    if change.kind == decode.ADDRESS:
        return change.action == DELETE
    if change.kind == decode.LINK:
        return change.action == DELETE or change.data.get("changed", {}).get("up") == [True, False]
    return False


def try_add(listening: Listening, namespace: Namespace, links: set[int], record: Record) -> None:
    """The same as `Listening.add`; a failure is a blind spot."""
    try:
        listening.add(namespace, links)
    except (OSError, NamespaceGone) as error:
        record.limit(f"no events of {namespace.label or 'the host'}: {error}")
