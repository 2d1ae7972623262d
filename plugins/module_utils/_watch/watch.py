# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a host for some seconds: what answers, what changes, and which process changed it. Changes nothing."""

from __future__ import annotations

import contextlib
import math
import operator
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, own_label
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read_all
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import lookup
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import declined
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Asking, Steady, Transport
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    ECHO,
    GATEWAYS,
    HOST_TO_CONTAINER,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import LOSSES
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Probe, Series
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.survey import survey
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.transports import Asker
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import BY_EVENTS, Culprits
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.looks import Looks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.process import Process
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.seen import SeenProcesses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.unit_runs import attribute

from . import request as _watch_request
from . import targets as _watch_targets
from .declining import by_gateways
from .discovery import Discovery
from .frames import Frames
from .listening import SILENCE, Listening, try_add
from .managers import Managers
from .path.data import PathsData
from .path.follow import Follower
from .progress import Progress, calm_since
from .record import Budget, Record
from .state import NEW
from .surroundings import heard, interest, open_transports, watched
from .targets import WatchTarget
from .taught import corrections
from .timeline import Event, TimelineData

#: An unanswered probe is lost after this many intervals.
TIMEOUT_INTERVALS = 2
#: Seconds: the slowest answer that counts. The first ones of a slow path come after the attempt was taken for lost.
LATE = 5.0
#: Probes per second, all targets together. Each takes about 60 µs; with more targets the interval grows.
PROBES_MAX = 200
#: Namespaces that are watched. Each takes seven descriptors.
NAMESPACES_MAX = 100
#: Seconds between two readings of the counters, and at least this many times as long as one takes.
POLL, POLL_SHARE = 1.0, 100
#: Wake-ups per second, and in one burst, before events are left to gather for so many seconds. Each takes 50 µs.
WAKES_RATE, WAKES_BURST, GATHER = 60, 200, 0.02
#: Seconds from a loss to a look at what is broken: what was asked at the same time is lost at nearly the same time.
TOGETHER = 0.02
#: The thread's niceness (sched(7)); the calling process keeps its own.
PRIORITY = -10
#: Seconds, instead of Python's 5 ms.
SWITCH_INTERVAL = 0.0005
#: Seconds for which the last answers are waited for where none can come late (`_since`).
GRACE = 0.25
#: Seconds for which an ended namespace may be kept alive at most.
LINGER = 1.0


def observe(options: _watch_request.WatchOptions, meanwhile: Callable[[Observer], None] | None = None) -> TimelineData:
    """Watch for the requested duration, and do something else at the same time if wanted.

    options: as the module macvlan_watch documents them. meanwhile: called once it watches; when it takes longer,
    watching goes on until it returns. Errors: InvalidInput with all problems.
    """
    observer = Observer(options)
    observer.start()
    try:
        if meanwhile is not None:
            meanwhile(observer)
        observer.wait()
    finally:
        result = observer.stop()
    return result


class Observer:
    """One run, in a thread of its own between `start` and `stop`. Errors: InvalidInput with all problems.

    started: seconds since the epoch; set by `start`. paths: those of lost probes; set when it is over.
    progress: what is known so far; replaced with each round of questions.
    """

    def __init__(self, options: _watch_request.WatchOptions) -> None:
        problems = Problems()
        self._request = _watch_request.parse(options, problems)
        check_pyroute2(problems)
        check_capabilities(problems, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN)
        if problems:
            raise InvalidInput(problems)
        unseen: list[str] = []
        # Only a parent that is declared by the default route needs the routes.
        by_route = any(
            isinstance(item.parent, dict) and "default_route" in item.parent for item in self._request.networks
        )
        self._everywhere = read_all(unseen, routes=by_route)
        here = self._everywhere[0][1]
        self._scopes = survey(list(self._request.networks), self._everywhere, self._request.temporary_child)
        self._targets, skipped = _watch_targets.of_networks(self._scopes)
        self._targets += _watch_targets.of_requested(
            self._request.targets,
            [namespace for namespace, dummy in self._everywhere],
            [link.name for link in here.links],
            problems,
        )
        if problems:
            raise InvalidInput(problems)
        self._record = Record()
        self._looks = Looks()
        for text in (*skipped, *(f"namespace {label} could not be read" for label in unseen)):
            self._record.limit(text)
        self.started = 0.0
        self.paths: PathsData | None = None
        self.progress = Progress()
        self._begin = 0.0
        self._cpu = 0.0
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._waker, self._wake = socket.socketpair()
        self._ready = threading.Event()

    def start(self) -> None:
        """Begin to watch; returns when everything is open and the first probes are on their way."""
        # A process may live no longer than Python's other threads can keep this one waiting.
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._future = self._executor.submit(self._run)
        self._ready.wait()
        if self._future.done() and self._future.exception():
            self.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Until the duration is over; whether it is. timeout: seconds to wait at most."""
        return bool(wait([self._future], timeout).done)

    def events(self, first: int) -> Sequence[Event]:
        """Those that were recorded so far, in the order in which they were, from one on."""
        return self._record.events[first:]

    def after(self) -> float:
        """Seconds since the start, as in the timeline."""
        return self._stamp(time.monotonic())

    def stop(self) -> TimelineData:
        """End now if the duration is not over, and return the timeline. Errors: those of the watch itself."""
        with contextlib.suppress(OSError):
            self._waker.send(b"!")
        try:
            return self._future.result()
        finally:
            sys.setswitchinterval(self._switch_interval)
            self._executor.shutdown()
            self._waker.close()
            self._wake.close()

    def _run(self) -> TimelineData:
        try:
            return self._observe()
        finally:
            self._ready.set()

    def _observe(self) -> TimelineData:
        # It works for a few milliseconds in each second, and has to run at once: a process may live no longer.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PRIORITY)
        probes = list(dict.fromkeys(item.probe for item in self._targets if item.probe))
        interval = max(self._request.interval, len(probes) / PROBES_MAX)
        if interval > self._request.interval:
            text = f"{len(probes)} targets are asked every {interval:.1f} s instead of {self._request.interval:g} s"
            self._record.limit(f"{text}: at most {PROBES_MAX} probes are sent per second")
        with contextlib.ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            seen = SeenProcesses(
                selector, lambda process: self._started(process, culprits, listening), self._record.limit
            )
            stack.callback(seen.close)
            culprits = Culprits(seen)
            # A temporary child changes its parent: it is created before the listening, and removed after it.
            transports = open_transports(probes, self._scopes, self._everywhere[0][1], stack)
            listening = Listening(selector, self._record, culprits, self._stamp)
            stack.callback(listening.close)
            self._listen(listening)
            frames = Frames(
                selector, self._record, interest(self._scopes, self._targets, self._everywhere), self._stamp
            )
            stack.callback(frames.close)
            frames.add(heard(self._scopes, self._targets))
            self._ask_managers(selector, listening, stack)
            known = {namespace.inode for namespace, dummy in self._everywhere}
            discovery = Discovery(listening, self._record, known, NAMESPACES_MAX)
            follower = Follower(selector, self._scopes, self._targets, transports)
            stack.callback(follower.close)
            asking = Asking(transports, TIMEOUT_INTERVALS * interval, lambda dummy: None, selector, LATE)
            self._begin, self.started = asking.begin, time.time()
            follower.attempts = asking.sent
            selector.register(self._wake, selectors.EVENT_READ, None)
            chores = (
                asking.drop_ended,
                listening.drop_ended,
                frames.rebind,
                follower.drop_ended,
                follower.read_trace,
                lambda: discovery.search(time.monotonic(), self._begin),
            )
            self._loop(selector, asking, listening, frames, chores, interval)
            end = self.after()
            follower.name_programs(self._record.events, self._begin, self._looks, culprits)
            self.paths = follower.as_data(asking.series, self._begin, TIMEOUT_INTERVALS * interval)
        return self._timeline(asking.series, transports, listening, interval, end)

    def _ask_managers(
        self, selector: selectors.BaseSelector, listening: Listening, stack: contextlib.ExitStack
    ) -> None:
        if own_label():
            # The daemons of the machine do not manage a network namespace beside its own.
            self._record.limit("NetworkManager and systemd-networkd are not asked from a network namespace of its own")
            return
        managers = Managers(selector, self._record, listening.name, self._stamp)
        stack.callback(managers.close)

    def _listen(self, listening: Listening) -> None:
        wanted = [(namespace, watched(namespace, self._everywhere)) for namespace, dummy in self._everywhere]
        wanted = [(namespace, links) for namespace, links in wanted if namespace.path == OWN or links]
        for namespace, links in wanted[:NAMESPACES_MAX]:
            try_add(listening, namespace, links, self._record)
        if len(wanted) > NAMESPACES_MAX:
            self._record.limit(f"events of {NAMESPACES_MAX} of {len(wanted)} namespaces only")
        listening.poll(time.monotonic())

    def _started(self, process: Process, culprits: Culprits, listening: Listening) -> None:
        """A program was started that can change the network."""
        namespace = listening.label(process.network)
        if namespace is not None and self._begin:
            what = f"started: {process.command or process.name}"
            who = culprits.of(process, BY_EVENTS).as_data()
            self._record.add(self.after(), "process", NEW, namespace, "", what, {}, who)

    def _loop(
        self,
        selector: selectors.BaseSelector,
        asking: Asking,
        listening: Listening,
        frames: Frames,
        chores: Sequence[Callable[[], None]],
        interval: float,
    ) -> None:
        """Until the duration is over and the last probes are answered or lost, or `stop` was called."""
        over = last = self._begin + self._request.duration
        round_at, poll_at, chores_at = self._begin, self._begin + POLL, self._begin + LINGER
        wakes = Budget(WAKES_RATE, WAKES_BURST)
        stopped, lost_at = False, math.inf
        while True:
            now = time.monotonic()
            if asking.next_deadline is not None and asking.next_deadline <= now:
                # Answers that came in time are read before they count as lost, however late this process reads them.
                stopped = self._serve(selector, 0) or stopped
                if asking.expire(now):
                    lost_at = min(lost_at, now + TOGETHER)
            listening.settle(now)
            frames.listen_again(now)
            is_calm = self.progress.since is not None and over < last
            if is_calm and now >= over + GRACE:
                stopped = self._serve(selector, 0) or stopped
            if stopped or (is_calm and now >= over + GRACE):
                asking.forget_waiting()
            if stopped or (now >= over and not asking.waiting):
                break
            if now >= min(round_at, lost_at) and now < over:
                self.progress, lost_at = self._progressed(asking), math.inf
                early = self.progress.ends(self._request.after_break)
                if early is not None:
                    over = min(last, self._begin + early)
            if now >= round_at and round_at < over:
                asking.send(asking.live)
                # After a pause of this process the rounds that were missed are not made up for.
                round_at = max(round_at + interval, now + interval / 2)
            if now >= poll_at:
                listening.reread(now)
                began = time.thread_time()
                listening.poll(now)
                poll_at = now + max(POLL, POLL_SHARE * (time.thread_time() - began))
            if now >= chores_at:
                for chore in chores:
                    chore()
                chores_at = now + LINGER
            self._cpu = time.thread_time()
            self._ready.set()
            next_round = min(round_at, over) if now < over else over + GRACE if is_calm else math.inf
            dates = [next_round, lost_at, poll_at, chores_at, asking.next_deadline, listening.due, frames.due]
            if not wakes.take(now):
                # Too many events to wake for each: let some of them gather.
                time.sleep(GATHER)
            wait_for = min(item for item in dates if item is not None) - time.monotonic()
            stopped = self._serve(selector, max(wait_for, 0.001)) or stopped
        listening.settle(time.monotonic() + SILENCE)
        listening.reread(time.monotonic(), force=True)
        listening.poll(time.monotonic())
        self._cpu = time.thread_time()

    def _serve(self, selector: selectors.BaseSelector, timeout: float) -> bool:
        """Handle what is ready; whether the end was asked for."""
        stopped = False
        ready = selector.select(timeout)
        self._looks.add(time.monotonic())
        for key, dummy in ready:
            if key.data is None:
                stopped = True
            else:
                key.data()
        return stopped

    def _progressed(self, asking: Asking) -> Progress:
        """What is known now.

        Nothing is broken by a gateway that has never answered an echo of anybody here, which may just drop them, nor by
        a container whose own echoes are answered.
        """
        asked = [(item, item.probe) for item in self._targets if item.probe is not None]
        lost = [(item, probe) for item, probe in asked if asking.broken(probe, LOSSES, True)]
        broken = self.progress.broken
        if broken is None and any(
            asking.broken(probe, LOSSES, False) or not self._may_decline(item, probe, asking) for item, probe in lost
        ):
            broken = self.after()
        known = dict(self.progress.losses)
        for item, dummy in lost:
            known.setdefault(item, self.after())
        answering = sum(asking.answers(probe) for dummy, probe in asked)
        returned = self.progress.returned or len(known) > len(lost)
        since = None if broken is None or returned else self._since(asked, broken, asking)
        return Progress(self.after(), len(asked), answering, broken, since, known, returned)

    def _since(self, asked: Sequence[tuple[WatchTarget, Probe]], broken: float, asking: Asking) -> float | None:
        """When what is broken was asked for the first time without an answer (`calm_since`), if nothing can come late.

        A target of which nothing is known but that it never answered may be slow, unless it may just decline to.
        """
        found: list[Steady] = []
        for item, probe in asked:
            steady = asking.steady(probe)
            if steady is not None:
                found.append(steady)
            elif asking.answered(probe) or not self._may_decline(item, probe, asking):
                return None
        return calm_since(found, broken, self._request.after_break)

    def _may_decline(self, target: WatchTarget, probe: Probe, asking: Asking) -> bool:
        if probe.method != ECHO or target.kind not in (*GATEWAYS, CONTAINER_TO_GATEWAY, HOST_TO_CONTAINER):
            return False
        if target.kind in GATEWAYS:
            return True
        if target.kind == CONTAINER_TO_GATEWAY:
            same = [item.probe for item in self._targets if item.probe and item.probe.target == probe.target]
            return not any(other.method == ECHO and asking.answered(other) for other in same)
        scope = self._scope(target)
        probes = [item.probe for item in self._targets if item.probe]
        own = declined.reverse(probe, scope, probes) if scope else []
        return any(asking.sent(other) and not asking.broken(other, LOSSES, True) for other in own)

    def _scope(self, target: WatchTarget) -> Scope | None:
        """The network of a target."""
        return next((item for item in self._scopes if item.network.name == target.network), None)

    def _declined(self, series: Mapping[Probe, Series]) -> dict[str, str]:
        """Why containers that answer no pings are fine, by id of the target."""
        silent = {
            item.id: (item.probe, scope)
            for item in self._targets
            for scope in self._scopes
            if item.probe and scope.network.name == item.network and item.kind == HOST_TO_CONTAINER
            if series[item.probe].sent and not series[item.probe].received
        }
        try:
            paths = lookup(probe.target for probe, dummy in silent.values()) if silent else {}
        except OSError:
            return {}
        chosen = {
            name: declined.choice(probe, series[probe], paths[probe.target].mac, scope, series)
            for name, (probe, scope) in silent.items()
        }
        found = {name: why for name, why in chosen.items() if why}
        return {**found, **by_gateways(self._targets, series)}

    def _ended(self, series: Mapping[Probe, Series]) -> dict[str, str]:
        """What was lost because a container ended that nobody declared, by id of the target: it may end, as it may for
        verification."""
        found = {}
        for item in self._targets:
            scope = self._scope(item)
            if item.probe is None or scope is None:
                continue
            holder = next((one for one in scope.containers if one.path == item.probe.namespace), None)
            if item.kind == HOST_TO_CONTAINER:
                holder = scope.holder(item.probe.target)
            if holder is None or holder.address in scope.network.containers or os.path.exists(holder.path):
                continue
            if _lost_at_its_end(series[item.probe]):
                found[item.id] = f"{holder.label} ended while it was being watched"
        return found

    def _stamp(self, moment: float) -> float:
        return round(max(moment - self._begin, 0.0), 3) if self._begin else 0.0

    def _timeline(
        self,
        series: Mapping[Probe, Series],
        transports: Mapping[Probe, Transport],
        listening: Listening,
        interval: float,
        end: float,
    ) -> TimelineData:
        if not own_label():
            attribute(self._record.events, self._begin)
        asked = {item.id: series[item.probe] for item in self._targets if item.probe}
        targets = [item.as_data(asked.get(item.id, Series()), end, _macs(item, transports)) for item in self._targets]
        for name, why in {**self._declined(series), **self._ended(series)}.items():
            next(item for item in targets if item["id"] == name)["declined"] = why
        # Some are known only some time later.
        events = sorted(self._record.events, key=operator.itemgetter("after"))
        for correction in corrections(events, targets):
            self._record.limit(f"{correction.text}; what that broke before is not seen")
        return {
            "started": utc(self.started),
            "duration": round(end, 3),
            "interval": interval,
            "targets": targets,
            "events": events,
            "counters": listening.counters.as_data(),
            "first_break": _watch_targets.first_break(asked),
            "limits": self._record.limits,
            "cost": {
                "cpu_seconds": round(self._cpu, 3),
                "max_rss_kib": _largest_size(),
            },
        }


def _lost_at_its_end(series: Series) -> bool:
    """Whether all that was lost, but for single packets, was lost in a row at the end."""
    answered = [number for number, attempt in enumerate(series.attempts) if attempt.rtt is not None]
    last = answered[-1] + 1 if answered else 0
    return last - len(answered) < LOSSES <= len(series.attempts) - last


def _largest_size() -> int:
    """KiB. The ru_maxrss of getrusage(2) would count what the process was before exec."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
        return next((int(line.split()[1]) for line in stream if line.startswith("VmHWM:")), 0)


def _macs(target: WatchTarget, transports: Mapping[Probe, Transport]) -> list[str]:
    if target.probe is None:
        return []
    transport = transports[target.probe]
    return list(transport.answered_by.get(target.probe.target, ())) if isinstance(transport, Asker) else []
