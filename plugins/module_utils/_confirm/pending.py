# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a change that is not confirmed yet: a directory in /run, one at a time.

``pending``   the change is being made, or was made; ``result.json`` is there when it is complete
``undoing``   its guard undoes it
``outcome.json``   it was undone, and this has not been reported yet; elsewhere where /run is full (`outcome`)

The guard holds a lock on the directory (flock(2)), so that a change without a guard is recognised. Who renames
``pending`` first, the guard or the module that confirms, decides what becomes of the change; for a boot after a crash
the record on disk does (`boot`).
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import own_label

from . import boot
from . import outcome as outcomes

BASE = _files.RUN
#: Seconds between two checks of a directory.
PAUSE = 0.1
#: Seconds that a change may take to be made, or to be undone, besides the time for its confirmation.
PATIENCE = 60.0


@dataclass(frozen=True)
class PendingChange:
    """What is known of a change before it is made. connection: the SSH connection over which it is made, or empty.

    timeout: seconds for its confirmation. what: what it changes, in words.
    """

    token: str
    timeout: int
    connection: str
    what: list[str]


@dataclass(frozen=True)
class Answer:
    """What has become of a change.

    state: ``confirmed`` by this call; ``same_connection``: not confirmed, as this is the connection over which the
    change was made; ``pending``: still being made; ``undone``; ``unknown`` to this host.
    data: the result of the module that made it, or the outcome of its guard.
    """

    state: str
    data: dict


class Busy(Exception):
    """Another change of this host is not confirmed yet."""


def directory() -> str:
    """The directory of this network namespace."""
    label = own_label()
    return f"{BASE}/{label}/confirm" if label else f"{BASE}/confirm"


def _path(name: str) -> str:
    return f"{directory()}/{name}"


def _load(path: str) -> dict:
    """A JSON object; empty where there is none that can be parsed, or none that this user may read."""
    try:
        data = json.loads(_files.read(path) or "{}")
    except (ValueError, RecursionError, PermissionError):
        return {}
    return data if isinstance(data, dict) else {}


def _save(path: str, data: dict) -> None:
    _files.write(path, json.dumps(data, indent=1, sort_keys=True) + "\n", 0o600)


def _remove(name: str) -> None:
    """Remove a directory or file, with the directories above it that are empty then."""
    path = _path(name)
    shutil.rmtree(path, ignore_errors=True)
    _files.remove(path, prune=os.path.dirname(BASE))


# The guard's side.


def begin(change: PendingChange) -> int:
    """Make ``pending``; the descriptor that holds its lock. Called by the guard. Errors: Busy; OSError."""
    made = _path(f".{change.token}")

    def make() -> int:
        _files.make_directories(made, 0o700)
        return os.open(made, os.O_RDONLY | os.O_DIRECTORY)

    lock = _files.despite_pruning(make)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _save(f"{made}/change.json", {**asdict(change), "pid": os.getpid()})
        if current() is not None:
            raise Busy(busy())
        # rename(2) replaces an empty directory only (ENOTEMPTY): that of another change stays.
        os.rename(made, _path("pending"))
    except BaseException:
        os.close(lock)
        _remove(f".{change.token}")
        raise
    return lock


def withdraw() -> None:
    """The change is not made after all."""
    _remove("pending")


def holds(token: str) -> bool:
    """Whether a change still waits for its confirmation."""
    return _load(f"{_path('pending')}/change.json").get("token") == token


def take() -> bool:
    """Claim the change for the guard, so that it cannot be confirmed any more; False where it has been confirmed."""
    try:
        os.rename(_path("pending"), _path("undoing"))
    except OSError:
        return False
    return True


def leave(outcome: dict) -> None:
    """Save the outcome for the next report. Errors: OSError where no place takes it."""
    try:
        outcomes.save(BASE, _path("outcome.json"), outcome, describe(outcome))
    finally:
        # Renamed first: half a directory would be taken for what a killed guard has left.
        hidden = f".{outcome['token']}"
        with contextlib.suppress(OSError):
            os.rename(_path("undoing"), _path(hidden))
        _remove(hidden)


# The module's side.


def complete(result: dict) -> None:
    """The change is made; the result is kept in case the connection ends before the module can return it."""
    _save(f"{_path('pending')}/result.json", result)


def current() -> dict | None:
    """The change that is not confirmed yet or is being undone, None where there is none with a guard.

    Nothing will undo a change whose guard was killed: `leftover` reports it.
    """
    for name in ("pending", "undoing"):
        change = _load(f"{_path(name)}/change.json")
        if change and _guarded(_path(name)):
            return change
    return None


def _guarded(path: str) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def busy() -> str:
    """The pending change that blocks this one, in words."""
    change = current() or {}
    what = "; ".join(str(item) for item in change.get("what", []))
    token = f"token {change['token']}: " if change.get("token") else ""
    return f"another change of this host is not confirmed yet ({token}{what or 'it has just begun'})"


def wait_until_free() -> None:
    """Wait for the end of another change, for as long as that may take. Errors: Busy."""
    change = current()
    if change is not None and all(current() is not None for _check in _checks(change.get("timeout", 0) + PATIENCE)):
        raise Busy(busy())


def leftover(host: str, keep: bool) -> str:
    """What became of an earlier change, in words; empty where that is known, or where there was none.

    host: is named, as Ansible prints equal warnings of several hosts only once. keep: report it again next time.
    Errors: Busy where an earlier change was neither confirmed nor undone, and nothing will do it by itself; OSError.
    """
    if current() is None:
        _require_decided(host)
    if not keep and current() is None and not own_label():
        # Of a change that could not be undone wholly, which is reported now, or of a run that was killed.
        boot.remove()
    outcome = outcomes.load(BASE, _path("outcome.json"))
    if outcome and not keep:
        outcomes.remove(BASE, _path("outcome.json"))
    if not outcome:
        return ""
    text = f"an earlier change was undone at {outcome.get('at')}, as {outcome.get('reason')}; {describe(outcome)}"
    return f"{host}: {text}"


def remains() -> bool:
    """Whether there is an earlier change for which the next run waits, or which it reports. Errors: OSError."""
    undecided = current() is not None or (not own_label() and boot.read() is not None)
    return undecided or bool(outcomes.load(BASE, _path("outcome.json")))


def _require_decided(host: str) -> None:
    """Errors: Busy; OSError."""
    for path in glob.glob(f"{glob.escape(directory())}/confirmed-*"):
        # Whoever confirmed it was killed.
        _finish(os.path.basename(path))
    record = None if own_label() else boot.read()
    name = next((name for name in ("pending", "undoing") if os.path.isdir(_path(name))), None)
    if name is not None:
        change = _load(f"{_path(name)}/change.json")
        remedy = f"restart the host, which undoes it, or remove {_path(name)} to keep what there is"
        if os.path.exists(f"{_path(name)}/result.json"):
            remedy = f"restart the host, which undoes it, or keep it with confirm_change, token: {change.get('token')}"
        what = "; ".join(str(item) for item in change.get("what", [])) or "it had just begun"
        why = "because its guard was killed"
    elif record is not None and record.boot != boot.boot_id():
        what, why = boot.UNIT, "and the unit that undoes it at boot has not run or has failed"
        remedy = f"find out why with journalctl -b -u {boot.UNIT}, then run sh {boot.DIRECTORY}/restore"
    else:
        return
    raise Busy(f"{host}: an earlier change ({what}) was neither confirmed nor undone, {why}. Remedy: {remedy}")


def describe(outcome: dict) -> str:
    """What was undone, in words."""
    text = f"undone: {'; '.join(outcome.get('undone', [])) or 'nothing, as nothing had been changed yet'}"
    left = "; ".join(outcome.get("left", []))
    return f"{text}; NOT undone: {left}" if left else text


# The controller's side, through a module.


def confirm(token: str, connection: str, patience: float) -> Answer:
    """Confirm a change as soon as it is complete; waits at most so many seconds for that, or for its end.

    connection: the SSH connection over which this is called, empty for none. Errors: OSError.
    """
    answer = Answer("unknown", {})
    for _check in _checks(patience):
        answer = _answer(token, connection)
        if answer.state != "pending":
            break
    return answer


def _answer(token: str, connection: str) -> Answer:
    change = _load(f"{_path('pending')}/change.json")
    if change.get("token") == token:
        if connection and change.get("connection") == connection:
            return Answer("same_connection", {})
        if not os.path.exists(f"{_path('pending')}/result.json"):
            return Answer("pending", {})
        with contextlib.suppress(OSError):
            os.rename(_path("pending"), _path(f"confirmed-{token}"))
    if _load(_path(f"confirmed-{token}/change.json")).get("token") == token:
        # Also where the last attempt could not write to the disk.
        return _finish(f"confirmed-{token}")
    # In the order in which it happens, or the moment between two checks would be taken for the end.
    if _load(f"{_path('undoing')}/change.json").get("token") == token and _guarded(_path("undoing")):
        return Answer("pending", {})
    outcome = outcomes.load(BASE, _path("outcome.json"))
    if outcome.get("token") == token:
        outcomes.remove(BASE, _path("outcome.json"))
        return Answer("undone", outcome)
    return Answer("unknown", {})


def _finish(name: str) -> Answer:
    """The guard does not act on this change any more; now no boot does. Errors: OSError."""
    change, result = (_load(f"{_path(name)}/{part}.json") for part in ("change", "result"))
    if not own_label():
        boot.remove(change.get("token", ""))
    _remove(name)
    return Answer("confirmed", result)


def _checks(patience: float) -> Iterator[None]:
    """Now and at intervals, for that many seconds."""
    deadline = time.monotonic() + patience
    yield
    while time.monotonic() < deadline:
        time.sleep(PAUSE)
        yield
