# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host keeps a change that nobody has confirmed yet: in /run, one at a time, as a directory.

``pending``   the change is being made, or was made; ``result.json`` is there when it is complete
``undoing``   its guard takes it back
``outcome.json``   it was taken back, and nobody has been told yet

The guard holds a lock on the directory (flock(2)), so that one whose guard is gone is recognised. Who renames
``pending`` first, the guard or the one who confirms, has the change.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import own_label

BASE = "/run/linuxnet-macvlan"
#: Seconds between two looks at a directory.
PAUSE = 0.1
#: Seconds that a change may need to be made, or to be taken back, besides the time for its confirmation.
PATIENCE = 60.0


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
    """Another change of this host waits for its confirmation."""


def directory() -> str:
    """This network namespace's own place."""
    label = own_label()
    return f"{BASE}/{label}/confirm" if label else f"{BASE}/confirm"


def _path(name: str) -> str:
    return f"{directory()}/{name}"


def _load(path: str) -> dict:
    """A JSON object; empty where there is none that can be read."""
    try:
        data = json.loads(_files.read(path) or "{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _save(path: str, data: dict) -> None:
    _files.write(path, json.dumps(data, indent=1, sort_keys=True) + "\n", 0o600)


def _remove(name: str) -> None:
    """A directory or file, with what became empty above it."""
    path = _path(name)
    shutil.rmtree(path, ignore_errors=True)
    _files.remove(path, prune=os.path.dirname(BASE))


# The guard's side.


def begin(change: dict) -> int:
    """Make ``pending``; the descriptor that holds its lock. Errors: Busy; OSError."""
    made = _path(f".{change['token']}")

    def make() -> int:
        os.makedirs(made, mode=0o700, exist_ok=True)
        return os.open(made, os.O_RDONLY | os.O_DIRECTORY)

    lock = _files.despite_pruning(make)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _save(f"{made}/change.json", change)
        if current() is not None:
            raise Busy(busy())
        # Another one's is not empty and therefore stays (rename(2), ENOTEMPTY).
        os.rename(made, _path("pending"))
    except BaseException:
        os.close(lock)
        _remove(f".{change['token']}")
        raise
    return lock


def holds(token: str) -> bool:
    """Whether a change still waits for its confirmation."""
    return _load(f"{_path('pending')}/change.json").get("token") == token


def take() -> bool:
    """Take the change out of the hands of everybody who could confirm it; False where somebody has."""
    try:
        os.rename(_path("pending"), _path("undoing"))
    except OSError:
        return False
    return True


def leave(outcome: dict) -> None:
    """Say what came of it, for whoever asks next. Errors: OSError."""
    try:
        _save(_path("outcome.json"), outcome)
    finally:
        # Out of sight first: half a directory would be taken for what a killed guard has left.
        hidden = f".{outcome['token']}"
        with contextlib.suppress(OSError):
            os.rename(_path("undoing"), _path(hidden))
        _remove(hidden)


# The module's side.


def complete(result: dict) -> None:
    """The change is made; what the module returns is kept for a connection that does not live to hear it."""
    _save(f"{_path('pending')}/result.json", result)


def current() -> dict | None:
    """The change that waits for its confirmation or is taken back, None where there is none with a guard.

    One whose guard has gone is no change that anybody will take back: it is left to `leftover`.
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
    """Who it is that is in the way, in words."""
    change = current() or {}
    what = "; ".join(str(item) for item in change.get("what", []))
    return f"another change of this host is not confirmed yet ({what or 'it has just begun'})"


def wait_until_free() -> None:
    """Wait for the end of another change, for as long as it may take. Errors: Busy."""
    change = current()
    if change is not None and all(current() is not None for _look in _looks(change.get("timeout", 0) + PATIENCE)):
        raise Busy(busy())


def leftover(host: str, keep: bool) -> str:
    """What became of an earlier change that nobody has asked about, in words; empty where there is nothing to tell.

    host: is named, as Ansible tells equal warnings of several hosts only once. keep: tell it again next time.
    """
    outcome = _load(_path("outcome.json"))
    text = ""
    if outcome:
        text = f"an earlier change was undone at {outcome.get('at')}, as {outcome.get('reason')}; {told(outcome)}"
    elif current() is None and any(os.path.isdir(_path(name)) for name in ("pending", "undoing")):
        text = "an earlier change was neither confirmed nor undone, because its guard was killed"
    if text and not keep:
        for name in ("outcome.json", "pending", "undoing"):
            _remove(name)
    return f"{host}: {text}" if text else ""


def told(outcome: dict) -> str:
    """What was undone, in words."""
    text = f"undone: {'; '.join(outcome.get('undone', [])) or 'nothing, as nothing had been changed yet'}"
    left = "; ".join(outcome.get("left", []))
    return f"{text}; NOT undone: {left}" if left else text


# The controller's side, by way of a module.


def confirm(token: str, connection: str, patience: float) -> Answer:
    """Confirm a change as soon as it is complete; waits at most so many seconds for that, or for its end.

    connection: the SSH connection that asks, empty for none. Errors: OSError.
    """
    answer = Answer("unknown", {})
    for _look in _looks(patience):
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
        confirmed = _path(f"confirmed-{token}")
        with contextlib.suppress(OSError):
            os.rename(_path("pending"), confirmed)
            result = _load(f"{confirmed}/result.json")
            _remove(f"confirmed-{token}")
            return Answer("confirmed", result)
    # In the order in which it happens, or the moment between two looks would be taken for the end.
    if _load(f"{_path('undoing')}/change.json").get("token") == token and _guarded(_path("undoing")):
        return Answer("pending", {})
    outcome = _load(_path("outcome.json"))
    if outcome.get("token") == token:
        _remove("outcome.json")
        return Answer("undone", outcome)
    return Answer("unknown", {})


def _looks(patience: float) -> Iterator[None]:
    """Now and at intervals, for so many seconds."""
    deadline = time.monotonic() + patience
    yield
    while time.monotonic() < deadline:
        time.sleep(PAUSE)
        yield
