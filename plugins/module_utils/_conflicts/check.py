# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One address conflict check: from the probes to the result. Changes nothing on the host."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    mac_fault,
    mac_problem,
    parse_mac,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._info.links import evidence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import origin as _origin
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read_all
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Lane, sweep
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.signature import SIGNER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.timing import FAST, LISTEN, MODES, RATE

from . import report as _probe_report
from . import vantages as _vantages
from .own import own_addresses
from .proxies import Proxies
from .segment import ProbedSegment
from .targets import ProbedRange, check_overlaps, parse
from .vantages import CHILD, PARENT, Everywhere, WantedVantage
from .verdict import FOREIGN, INVENTORY

#: Addresses of one probe, without asking for more explicitly: four /22.
ADDRESSES_MAX = 4096
RATE_MAX = 100000
#: An hour. Who watches for longer wants a daemon.
LISTEN_MAX = 3600


@dataclass(frozen=True)
class ConflictOptions:
    """The module's options; ``probes`` is a list of {parent, addresses}. host_id: the name of the host in problems."""

    probes: list[dict[str, Any]]
    mode: str = "fast"
    vantages: Sequence[object] = (PARENT, CHILD)
    listen_seconds: float = 0.0
    known_macs: Sequence[str] = ()
    fail_on: Sequence[str] = ()
    rate: int = RATE
    max_addresses: int = ADDRESSES_MAX
    run_key: str | None = None
    host_id: str = ""

    @property
    def listens(self) -> bool:
        """Whether nothing is asked."""
        return self.mode == LISTEN


def check(options: ConflictOptions) -> tuple[dict[str, object], str]:
    """The result, and the message to fail with, which is empty where nothing was found that ``fail_on`` names.

    Errors: InvalidInput.
    """
    problems = Problems(options.host_id)
    wanted, targets = _parse(options, problems)
    if problems:
        raise InvalidInput(problems)
    if options.run_key:
        SIGNER.share(options.run_key)
    clock = _probe_report.Clock(time.time(), time.monotonic())
    unseen: list[str] = []
    everywhere = read_all(unseen)
    segments = _segments(options, wanted, targets, everywhere, problems)
    _vantages.check_links(wanted, everywhere, problems)
    if problems:
        raise InvalidInput(problems)
    fleet = frozenset(parse_mac(mac) or "" for mac in options.known_macs)
    _probe(segments, options, everywhere, clock)
    _judge(segments, fleet)
    result = {
        **_probe_report.result(segments, clock),
        "host": evidence(everywhere, [segment.link for segment in segments]),
        "unseen_namespaces": unseen,
    }
    return result, _probe_report.failure(segments, options.fail_on, clock)


def _parse(options: ConflictOptions, problems: Problems) -> tuple[list[WantedVantage], list[list[ProbedRange]]]:
    """The vantages, and the targets of each probe. Checks everything that does not depend on the host's links."""
    check_pyroute2(problems)
    check_capabilities(problems, CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_ADMIN)
    _check_numbers(options, problems)
    wanted = _vantages.parse(options.vantages, "vantages", problems)
    if options.listens and wanted and all(item.name == CHILD for item in wanted):
        problems.add(
            "vantages", [CHILD], f"mode {LISTEN} makes no child, so there would be no vantage", f"add {PARENT}"
        )
    for number, mac in enumerate(options.known_macs):
        parsed = parse_mac(mac)
        problem, remedy = (mac_problem(parsed), "leave it out") if parsed else mac_fault(mac)
        if problem:
            problems.add(f"known_macs[{number}]", mac, problem, remedy)
    if not options.probes:
        problems.add("probes", [], "there is nothing to probe", "list at least one parent with addresses")
    found = []
    for number, probe in enumerate(options.probes):
        key = _origin.place(probe, f"probes[{number}]", problems)
        listed = _origin.member(key, "addresses")
        _parents.check(probe["parent"], f"{key}.parent", problems)
        texts = probe["addresses"] or []
        if not texts and not options.listens:
            problems.add(listed, texts, "there is nothing to probe", "list at least one address")
        targets = [parse(text, f"{listed}[{place}]", problems) for place, text in enumerate(texts)]
        found.append([target for target in targets if target is not None])
        _check_cost(found[-1], options, listed, problems)
    return wanted, found


def _check_numbers(options: ConflictOptions, problems: Problems) -> None:
    for key, value, limit in (("rate", options.rate, RATE_MAX), ("max_addresses", options.max_addresses, 1 << 20)):
        if not 1 <= value <= limit:
            problems.add(key, value, "this is out of range", f"give a number from 1 to {limit}")
    seconds = options.listen_seconds
    # The comparison is false for what is not a number, too.
    if not 0 <= seconds <= LISTEN_MAX:
        problems.add("listen_seconds", seconds, "this is out of range", f"give a number from 0 to {LISTEN_MAX}")
    elif options.listens and seconds == 0:
        problems.add(
            "listen_seconds", seconds, f"mode {LISTEN} needs time to hear anything", "give the seconds to listen for"
        )


def _check_cost(targets: list[ProbedRange], options: ConflictOptions, key: str, problems: Problems) -> None:
    total = sum(target.size for target in targets)
    if total <= options.max_addresses:
        return
    packets, seconds = 0, options.listen_seconds
    if not options.listens:
        packets, asking = MODES[options.mode].cost(total, len(options.vantages), max(options.rate, 1))
        seconds = max(seconds, asking)
    problems.add(
        key,
        ", ".join(target.text for target in targets),
        f"these are {total} addresses, which takes {packets} packets and {seconds:.0f} seconds; "
        f"the limit is {options.max_addresses} addresses",
        "probe less, or raise max_addresses if that is meant",
    )


def _segments(
    options: ConflictOptions,
    wanted: list[WantedVantage],
    targets: list[list[ProbedRange]],
    everywhere: Everywhere,
    problems: Problems,
) -> list[ProbedSegment]:
    """One segment for each parent; several probes may name the same one."""
    here = everywhere[0][1]
    found: dict[int, ProbedSegment] = {}
    for number, probe in enumerate(options.probes):
        key = f"{_origin.place(probe, f'probes[{number}]', problems)}.parent"
        link = _parents.resolve(probe["parent"], here, key, problems)
        if link is None:
            continue
        if link.loopback:
            problems.add(
                key, probe["parent"], "there are no other hosts on the loopback interface", "name an Ethernet interface"
            )
        elif not link.ethernet:
            problems.add(
                key, probe["parent"], f"{link.name} is not an Ethernet interface", "name an Ethernet interface"
            )
        segment = found.setdefault(link.index, ProbedSegment(link, wanted))
        segment.targets.extend(targets[number])
        segment.silent = options.listen_seconds if options.listens else None
        # Without a list, every address is of interest.
        if not targets[number]:
            segment.keep = options.max_addresses
    for segment in found.values():
        check_overlaps(segment.targets, problems)
    return list(found.values())


def _probe(
    segments: list[ProbedSegment], options: ConflictOptions, everywhere: Everywhere, clock: _probe_report.Clock
) -> None:
    """Ask on all segments at the same time, and listen."""
    here = everywhere[0][1]
    with contextlib.ExitStack() as stack:
        for segment in segments:
            addresses = [address for target in segment.targets for address in target.addresses()]
            segment.sightings = {address: {} for address in addresses}
            segment.own = own_addresses(everywhere, segment.link)
            gateways = [route.gateway for route in here.routes_of(segment.link) if route.gateway]
            segment.proxies = Proxies([item.interface for item in here.addresses_of(segment.link)], gateways)
            segment.problem = _vantages.state_problem(segment.link)
            if not segment.problem:
                _open(segment, None if segment.keep else addresses, everywhere, stack)
        clock.asked = time.monotonic()
        sweep([_lane(segment, options) for segment in segments if segment.vantages], clock.monotonic)
        clock.done = time.monotonic()


def _lane(segment: ProbedSegment, options: ConflictOptions) -> Lane:
    asked = [] if options.listens else list(segment.sightings)
    timing = MODES.get(options.mode, FAST)
    return Lane(segment.vantages, asked, segment.hear, timing, options.rate, options.listen_seconds)


def _open(
    segment: ProbedSegment, addresses: Iterable[Address] | None, everywhere: Everywhere, stack: contextlib.ExitStack
) -> None:
    """Open the vantages, and note for those that fail why."""
    for wanted in segment.wanted:
        try:
            if wanted.name == CHILD and segment.silent is not None:
                raise _vantages.CannotAsk(f"mode {LISTEN} makes no child")
            vantage = _vantages.open_vantage(wanted, segment.link, addresses, everywhere, segment.own, stack)
        except _vantages.CannotAsk as error:
            segment.missing[wanted.name] = str(error)
        else:
            segment.vantages.append(vantage)


def _judge(segments: list[ProbedSegment], fleet: frozenset[str]) -> None:
    """Judge, and read the host once more before a conflict is reported: a container may have started meanwhile."""
    for segment in segments:
        segment.judge(fleet)
    if any(
        holder.owner == FOREIGN and holder.sighting.vantage != INVENTORY
        for segment in segments
        for verdict in segment.verdicts.values()
        for holder in verdict.holders
    ):
        everywhere = read_all()
        for segment in segments:
            segment.own = segment.own.with_later(own_addresses(everywhere, segment.link))
            segment.judge(fleet)
