# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packet sockets on every interface that probes of a watch pass, and what they saw of them."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import MACS_OF_ADDRESS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Transport
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    CONTAINER_TO_HOST,
    ECHO,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import TEMPORARY_CHILD, Probe, Series
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.transports import Asker
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import Culprits
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.looks import Looks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Budget
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.targets import WatchTarget
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.packet_socket import packet_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.pinger import Pinger

from .data import ARP, HOLDER, ICMP, ND, NETWORK, ForeignProbe, HopSeen, PathsData, TargetPath
from .locate import HopRuns, ProbeRoute, Resolving, edges
from .marks import ADDRESSES_MAX, LENGTHS, NONCE, Sighting, length, program, sighting, token
from .taken import TakenCounters
from .tracing import Tracing

#: Interfaces that are followed, and frames that are read per second and in one burst of all.
HOPS_MAX, RATE, BURST = 64, 1500, 3000
#: Probes of other hosts that are remembered.
FOREIGN_MAX = 500
#: Octets of a frame that are read: headers and mark.
_SNAP = 128


@dataclass(frozen=True)
class FollowedLink:
    """An interface. path: of its namespace, empty for our own. inward: how far from the network it is, the parent 0."""

    hop: str
    path: str
    link: str
    mac: str
    inward: int


class Follower:
    """Marks the probes of one run, and follows them. Nothing of it fails the watch: what is not seen is a limit."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        scopes: Sequence[Scope],
        targets: Sequence[WatchTarget],
        transports: Mapping[Probe, Transport],
    ) -> None:
        self._selector = selector
        self._nonce, self._offset = os.urandom(NONCE), secrets.randbelow(LENGTHS)
        self._limits: dict[str, None] = {}
        self._links = _links(scopes)
        self._targets = [item for item in targets if item.probe is not None]
        self._numbers = {item.probe: number for number, item in enumerate(self._targets) if item.probe}
        self._routes = {item.id: self._route(item, scopes) for item in self._targets}
        self._macs = {item.id: self._mac(item, transports) for item in self._targets}
        self._seen: dict[tuple[int, str], HopRuns] = {}
        self._resolved: dict[tuple[str, str, str], HopRuns] = {}
        self._asked: dict[tuple[str, str], Probe] = {}
        #: By the number of the probe, and the MAC address that answers went to instead of that of who asks.
        self._misdirected: dict[int, dict[str, int]] = {}
        self._foreign: dict[tuple[bytes, int, str, str, str], dict[str, HopRuns]] = {}
        self._counters: dict[str, TakenCounters] = {}
        self._budget = Budget(RATE, BURST)
        self._sockets: list[tuple[str, socket.socket]] = []
        #: Inodes of the containers' namespaces, by their paths.
        self._homes: dict[str, int] = {}
        #: How many attempts a probe has had; set when there is someone who counts them.
        self.attempts: Callable[[Probe], int] = lambda dummy: 0
        for item in self._targets:
            if item.probe is not None:
                self._asked.setdefault((str(item.probe.target), self._macs[item.id]), item.probe)
        self._mark(transports)
        self._listen()
        self._tracing: Tracing | None = None
        self._not_traced = ""
        try:
            self._tracing = Tracing()
        except OSError as error:
            self._not_traced = error.strerror or str(error)

    def _limit(self, text: str) -> None:
        self._limits.setdefault(text)

    def _mark(self, transports: Mapping[Probe, Transport]) -> None:
        for probe, number in self._numbers.items():
            transport = transports.get(probe)
            if isinstance(transport, Pinger):
                transport.mark(probe.target, token(self._nonce, number), length(number, self._offset))

    def _route(self, target: WatchTarget, scopes: Sequence[Scope]) -> ProbeRoute | None:
        """None where the interfaces are not known."""
        probe = target.probe
        scope = _scope(target, scopes)
        if probe is None or scope is None or scope.parent is None:
            return None
        parent, shim = scope.parent.name, scope.shim
        # A link that is declared and not there is where packets that should pass it are lost.
        link = shim.name if shim is not None else scope.network.link or ""
        resolving = ARP if probe.target.version == 4 else ND
        octets = length(self._numbers[probe], self._offset)
        inside = [item for item in scope.containers if item.address == probe.target]
        holder = _hop(inside[0].label, inside[0].link.name) if inside else ""
        if (
            not holder
            and shim is not None
            and probe.target in [item.interface.ip for item in scope.facts.addresses_of(shim)]
        ):
            holder = shim.name
        if probe.namespace:
            first = _hop(target.namespace, target.link)
        elif probe.interface.startswith(TEMPORARY_CHILD) or target.link == parent:
            return ProbeRoute((parent,), NETWORK, octets, resolving)
        elif link and (target.link == link or (not target.link and _of_containers(probe, scope))):
            first = link
        elif not target.link:
            return ProbeRoute((parent,), NETWORK, octets, resolving)
        else:
            return None
        if probe.namespace and not holder and (target.kind == CONTAINER_TO_HOST or (shim and scope.own(probe.target))):
            # The parent's own addresses are reached through the host's link.
            holder = link
        return (
            ProbeRoute((first, parent, holder), HOLDER, octets, resolving)
            if holder
            else ProbeRoute((first, parent), NETWORK, octets, resolving)
        )

    def _mac(self, target: WatchTarget, transports: Mapping[Probe, Transport]) -> str:
        """Of the interface that asks."""
        transport = transports.get(target.probe) if target.probe else None
        if isinstance(transport, Asker):
            return transport.mac
        route = self._routes[target.id]
        name = _hop(target.namespace, target.link) if target.link or route is None else route.hops[0]
        return next((item.mac for item in self._links if item.hop == name), "")

    def _listen(self) -> None:
        addresses = list(dict.fromkeys(item.probe.target for item in self._targets if item.probe))
        if len(addresses) > ADDRESSES_MAX:
            self._limit(f"ARP and neighbour discovery are followed for {ADDRESSES_MAX} of {len(addresses)} targets")
        if len(self._links) > HOPS_MAX:
            self._limit(f"{HOPS_MAX} of {len(self._links)} interfaces are followed")
        for item in self._links[:HOPS_MAX]:
            opening = functools.partial(packet_socket, item.link, program(addresses), ())
            try:
                sock = run_in(item.path or OWN, opening)
                if item.path:
                    self._homes[item.path] = os.stat(item.path).st_ino
                if item.path not in self._counters:
                    self._counters[item.path] = run_in(item.path or OWN, TakenCounters)
            except (OSError, NamespaceGone) as error:
                self._limit(f"{item.hop} is not followed: {error}")
                continue
            self._sockets.append((item.path, sock))
            self._selector.register(sock, selectors.EVENT_READ, functools.partial(self._receive, item, sock))

    def _receive(self, link: FollowedLink, sock: socket.socket) -> None:
        for data in BoundedReading(functools.partial(_next, sock)):
            if not self._budget.take(time.monotonic()):
                self._limit("more packets came than could be followed: some hops have seen more than is known")
                continue
            found = sighting(data)
            if found is not None:
                self._note(link, found)

    def _note(self, link: FollowedLink, found: Sighting) -> None:
        runs, number = self._place(link.hop, found)
        if runs is None:
            return
        (runs.requests if found.request else runs.answers).add(number)
        if not link.inward and not found.request and found.nonce == self._nonce:
            self._check(found)

    def _check(self, found: Sighting) -> None:
        """Count an answer that came to the parent for another MAC address than that of who asks."""
        target = self._targets[found.probe] if found.probe < len(self._targets) else None
        mine = self._macs[target.id] if target is not None and target.kind == CONTAINER_TO_GATEWAY else ""
        macs = self._misdirected.setdefault(found.probe, {})
        if mine and found.to != mine and (found.to in macs or len(macs) < MACS_OF_ADDRESS):
            macs[found.to] = macs.get(found.to, 0) + 1

    def _place(self, hop: str, found: Sighting) -> tuple[HopRuns | None, int]:
        """Where a sighting is kept, and its number."""
        if found.protocol == ICMP and found.nonce == self._nonce:
            return self._seen.setdefault((found.probe % 0x10000, hop), HopRuns()), found.number
        address = str(found.address)
        if found.protocol != ICMP:
            probe = self._asked.get((address, found.mac))
            if probe is not None:
                number = max(self.attempts(probe) - 1, 0)
                return self._resolved.setdefault((address, found.mac, hop), HopRuns()), number
        key = found.nonce, found.probe, found.protocol, found.mac, address
        if key not in self._foreign and len(self._foreign) >= FOREIGN_MAX:
            self._limit(f"probes of {FOREIGN_MAX} other askers are followed at most")
            return None, 0
        runs = self._foreign.setdefault(key, {}).setdefault(hop, HopRuns())
        # ARP and ND have no numbers: each sighting gets the next one.
        return runs, found.number if found.protocol == ICMP else len(runs.requests if found.request else runs.answers)

    def read_trace(self) -> None:
        """From time to time, so that the kernel's buffer does not run over."""
        if self._tracing is not None:
            self._tracing.read()

    def name_programs(self, events: Iterable[Event], begin: float, looks: Looks, culprits: Culprits) -> None:
        """Name those that ended before they were read. begin: of the watch; looks: for notifications."""
        self.read_trace()
        if self._tracing is not None:
            self._tracing.complete(events, begin, looks, culprits)

    def as_data(self, series: Mapping[Probe, Series], begin: float, timeout: float) -> PathsData:
        """What became of every target that lost something. begin: of the watch; timeout: seconds."""
        self.read_trace()
        drops = self._tracing.joiner.drops if self._tracing else []
        # Questions that the watch asks itself, beside the kernel.
        asking = {
            (str(item.probe.target), self._macs[item.id])
            for item in self._targets
            if item.probe is not None and item.method != ECHO
        }
        made = []
        for item in self._targets:
            route, asked = self._routes[item.id], series.get(item.probe) if item.probe else None
            if route is None or asked is None or not asked.losses or item.probe is None:
                continue
            question = str(item.probe.target), self._macs[item.id]
            mine = [self._resolved.get((*question, hop), HopRuns()) for hop in route.hops]
            number = self._numbers[item.probe]
            seen = [self._seen.get((number, hop), HopRuns()) for hop in route.hops]
            echo = item.method == ECHO
            lost, request, answer = edges(
                route,
                asked,
                seen if echo else mine,
                Resolving(mine, question not in asking) if echo else None,
                drops,
                begin,
                timeout,
                {
                    ICMP: self._untaken(route, item.probe.target.version) if echo else None,
                    ND: self._untaken_solicits(route, question[0]) if item.probe.target.version == 6 else None,
                },
            )
            path: TargetPath = {
                "target": item.id, "address": str(item.probe.target), "probe": number, "mac": self._macs[item.id],
                "hops": list(route.hops), "end": route.end, "sent": asked.sent, "answered": asked.received,
                "request_hop": request, "answer_hop": answer, "edges": lost,
            }  # fmt: skip
            if self._misdirected.get(number):
                path["misdirected"] = self._misdirected[number]
            made.append(path)
        if self._tracing and self._tracing.joiner.left_out:
            self._limit(f"{self._tracing.joiner.left_out} more dropped packets were not kept")
        return {
            "nonce": self._nonce.hex(),
            "targets": made,
            "foreign": self._others(),
            "not_traced": self._not_traced,
            "limits": list(self._limits),
        }

    def _untaken(self, route: ProbeRoute, version: int) -> int | None:
        """Requests that came to the last interface, and not to the ICMP of its namespace."""
        taken = self._taken(route, version, ICMP)
        if taken is None:
            return None
        ending = {item.probe for item in self._targets if (self._routes[item.id] or route).hops[-1] == route.hops[-1]}
        same = {
            number for probe, number in self._numbers.items() if probe.target.version == version and probe in ending
        }
        came = sum(
            len(runs.requests) for (number, hop), runs in self._seen.items() if hop == route.hops[-1] and number in same
        )
        return max(came - taken, 0)

    def _untaken_solicits(self, route: ProbeRoute, address: str) -> int | None:
        """The same of neighbour solicitations for an address, whoever asked. What the namespace was asked for its other
        addresses counts as taken, too."""
        taken, hop = self._taken(route, 6, ND), route.hops[-1]
        if taken is None:
            return None
        came = sum(
            len(runs.requests) for (one, _mac, at), runs in self._resolved.items() if (one, at) == (address, hop)
        )
        for (_nonce, _probe, protocol, _mac, one), hops in self._foreign.items():
            if (protocol, one) == (ND, address) and hop in hops:
                came += len(hops[hop].requests)
        return max(came - taken, 0)

    def _taken(self, route: ProbeRoute, version: int, protocol: str) -> int | None:
        """Questions that came to ICMP in the namespace of the last interface; None where that is not known."""
        link = next((item for item in self._links if item.hop == route.hops[-1]), None)
        counters = self._counters.get(link.path) if link else None
        return counters.taken(version, protocol) if counters else None

    def _others(self) -> list[ForeignProbe]:
        order = {item.hop: item.inward for item in self._links}
        found: list[ForeignProbe] = []
        for (nonce, probe, protocol, mac, address), hops in self._foreign.items():
            numbered = protocol == ICMP
            seen: list[HopSeen] = [
                {
                    "hop": hop,
                    "requests": runs.requests.as_data() if numbered else [],
                    "answers": runs.answers.as_data() if numbered else [],
                    "request_count": len(runs.requests),
                    "answer_count": len(runs.answers),
                }
                for hop, runs in sorted(hops.items(), key=lambda item: order[item[0]])
            ]
            asked: ForeignProbe = {
                "nonce": nonce.hex(), "probe": probe, "protocol": protocol, "mac": mac, "address": address,
                "hops": seen,
            }  # fmt: skip
            found.append(asked)
        return found

    def drop_ended(self) -> None:
        """Close what is open in namespaces that ended: it keeps them alive, and in them links and addresses that answer
        and may be needed elsewhere."""
        ended = {path for path, inode in self._homes.items() if _has_ended(path, inode)}
        for path in ended:
            del self._homes[path]
            if path in self._counters:
                self._counters.pop(path).close()
        for path, sock in self._sockets:
            if path in ended:
                self._close(sock)
        self._sockets = [(path, sock) for path, sock in self._sockets if path not in ended]

    def _close(self, sock: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)
        sock.close()

    def close(self) -> None:
        for dummy, sock in self._sockets:
            self._close(sock)
        for counters in self._counters.values():
            counters.close()
        if self._tracing is not None:
            self._tracing.close()


def _has_ended(path: str, inode: int) -> bool:
    """Whether a namespace has no name and no process any more."""
    try:
        return os.stat(path).st_ino != inode
    except OSError:
        return True


def _scope(target: WatchTarget, scopes: Sequence[Scope]) -> Scope | None:
    """The network of a target; for one that was requested beside the networks, the one whose subnet has its address."""
    if target.network or target.probe is None:
        return next((item for item in scopes if item.network.name == target.network), None)
    address = target.probe.target
    return next((item for item in scopes if any(within(address, subnet) for subnet in item.network.subnets)), None)


def _of_containers(probe: Probe, scope: Scope) -> bool:
    """Whether the host reaches an address over its own link of the network."""
    return any(within(probe.target, network) for network in scope.network.ranges)


def _next(sock: socket.socket) -> bytes | None:
    """The next frame, None where none waits or the interface is down."""
    try:
        return sock.recv(_SNAP)
    except OSError:
        return None


def _hop(label: str, link: str) -> str:
    return f"{label}/{link}" if label else link


def _links(scopes: Sequence[Scope]) -> list[FollowedLink]:
    found: dict[str, FollowedLink] = {}
    for scope in scopes:
        for inward, link in enumerate((scope.parent, scope.shim)):
            if link is not None:
                found.setdefault(link.name, FollowedLink(link.name, "", link.name, link.mac or "", inward))
    for scope in scopes:
        for item in scope.containers:
            hop = _hop(item.label, item.link.name)
            found.setdefault(hop, FollowedLink(hop, item.path, item.link.name, item.link.mac or "", 1))
    return list(found.values())
