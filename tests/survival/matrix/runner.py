# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs cells of the matrix: one event on one host, and its result."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace

from labkit.errors import LabError
from labkit.lab import Lab, leftovers

from . import lease
from .events import Event
from .place import LINK, Place, Recovery, Unfit, topology
from .results import Cell, Results
from .rows import Row

#: How many hosts work at once: much of each cell is watching, which is waiting too.
JOBS = 2 * (os.cpu_count() or 1)

Say = Callable[[str], None]


def labs(rows: list[Row], together: int) -> Iterator[list[Row]]:
    """Which rows share a lab: all hosts of kind nspawn, and that many virtual machines."""
    nspawn = [row for row in rows if row.kind == "nspawn"]
    machines = [row for row in rows if row.kind == "vm"]
    if nspawn:
        yield nspawn
    for first in range(0, len(machines), together):
        yield machines[first : first + together]


@dataclass(frozen=True)
class Labs:
    """name: prefix of the labs of a run. keep: leave them up. machines: how many virtual machines run at once."""

    name: str
    keep: bool
    machines: int


def run(rows: list[Row], events: list[Event], results: Results, options: Labs, say: Say) -> None:
    """Run the cells of rows and events that `results` lacks; those of a lab that cannot start stay empty."""
    for place, group in enumerate(labs(rows, options.machines)):
        if all(results.has(row.name, event.name) for row in group for event in events if not event.missing(row)):
            continue
        try:
            lab = _lab(topology(group), f"{options.name}-{place}", say)
        except LabError as error:
            say(f"not run: {', '.join(row.name for row in group)}: {error}")
            continue
        try:
            with lease.server(lab):
                _run_lab(lab, group, events, results, say)
        except KeyboardInterrupt:
            lab.kill()
            raise
        finally:
            if not options.keep:
                lab.down()


def remove_leftovers(prefix: str) -> None:
    """Remove the labs of a run that was killed."""
    for name in leftovers():
        if name.startswith(f"{prefix}-"):
            Lab(name).down()


def _lab(wanted: dict, name: str, say: Say) -> Lab:
    try:
        return Lab.up(wanted, name=name, say=say)
    except LabError as error:
        # One of an earlier run, with other rows; or a machine too busy for its first attempt.
        say(f"once more: {error}")
        Lab(name).down()
        return Lab.up(wanted, name=name, say=say)


def _run_lab(lab: Lab, rows: list[Row], events: list[Event], results: Results, say: Say) -> None:
    places = [Place(lab, row) for row in rows]
    with _threads(JOBS) as pool:
        for problem in filter(None, pool.map(_set_up, places)):
            say(problem)
    circumstances = {place: place.circumstances() for place in places}
    for event in events:
        due = [
            place for place in places if not event.missing(place.row) and not results.has(place.row.name, event.name)
        ]
        with _threads(max(1, len(due)) if event.waits else JOBS) as pool:
            cells = {pool.submit(_cell, event, place): place for place in due}
            for done in as_completed(cells):
                place = cells[done]
                results.put(place.row.name, event.name, replace(done.result(), **circumstances[place]))
                say(f"{event.name:10} {place.row.name:28} {done.result()}")
    for place in places:
        place.close()


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Like the pool itself, but an interrupt does not wait for events that wait."""
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _set_up(place: Place) -> str:
    try:
        place.set_up()
    except AssertionError as error:
        return f"set-up failed: {error}"
    return ""


def _cell(event: Event, place: Place) -> Cell:
    """Perform the event and measure the recovery; the host is as declared again afterwards."""
    try:
        with _prepared(event, place):
            place.require()
            return _judged(event, place)
    except Unfit as error:
        return Cell(None, str(error))
    except (AssertionError, LabError, OSError) as error:
        return Cell(None, f"{error}")
    except Exception:  # noqa: BLE001  a broken event is a red cell, and the others go on
        return Cell(None, traceback.format_exc(limit=-2))
    finally:
        _reset(place)


@contextmanager
def _prepared(event: Event, place: Place) -> Iterator[None]:
    event.prepare(place)
    try:
        yield
    finally:
        event.restore(place)


def _judged(event: Event, place: Place) -> Cell:
    event.act(place)
    recovery = place.recovery(time.monotonic(), traffic=event.repair is None, **event.meanwhile)
    if event.repair is not None:
        event.repair(place)
        traffic = place.recovery(time.monotonic(), **event.meanwhile)
        recovery = traffic if recovery.green and not traffic.green else recovery
    if event.back is not None and recovery.green:
        event.back(place)
        back = place.recovery(time.monotonic())
        recovery = max(recovery, back, key=lambda item: (not item.whole, item.seconds))
    if not recovery.green:
        return _red(recovery)
    drift = place.drift()
    return Cell(None, f"a run would change: {'; '.join(drift)}") if drift else Cell(recovery.seconds, "")


def _red(recovery: Recovery) -> Cell:
    wrong = "; ".join(recovery.wrong)
    return Cell(recovery.seconds if recovery.whole else None, wrong)


def _reset(place: Place) -> None:
    """Restore the host after a red cell, for the next one."""
    try:
        place.require(0)
    except (Unfit, AssertionError):
        place.shell(f"ip link delete {LINK}", check=False)
        _set_up(place)
