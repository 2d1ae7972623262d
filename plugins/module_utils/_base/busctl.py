# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""D-Bus by way of ``busctl`` (systemd 240 or newer, for its JSON): calls and properties as plain Python data.

Nothing here starts a service: a host whose daemon is stopped keeps it stopped.
"""

from __future__ import annotations

import json
from typing import Callable, TypeVar

from .command import CommandFailed, run
from .text import clean

#: The bus's own object (D-Bus Specification, "Message Bus Messages").
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


_T = TypeVar("_T")


class BusError(Exception):
    """A call did not succeed; the message is the bus's or the service's own."""


class BusAbsent(BusError):
    """There is no busctl, or no system bus answers."""


class ServiceAbsent(BusError):
    """The bus is there, the service is not running."""


def plain(value: object) -> object:
    """busctl's JSON without its type wrappers: ``{"type": "s", "data": "x"}`` is ``"x"``, at any depth."""
    if isinstance(value, dict):
        if set(value) == {"type", "data"}:
            return plain(value["data"])
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def has_owner(service: str) -> bool:
    """Whether a service is on the system bus now. Errors: BusAbsent."""
    return bool(_call(*BUS, "NameHasOwner", "s", service)[0])


def call(service: str, path: str, interface: str, method: str, signature: str = "", *args: str) -> list[object]:
    """Call a method; the list of what it returns. Errors: BusAbsent, ServiceAbsent, BusError."""
    return _checked(service, lambda: _call(service, path, interface, method, signature, *args))


def _checked(service: str, action: Callable[[], _T]) -> _T:
    """Run one exchange; when it fails, find out whether the service is there at all."""
    try:
        return action()
    except BusAbsent:
        raise
    except BusError:
        if not has_owner(service):
            raise ServiceAbsent(f"{service} is not running") from None
        raise


def _call(service: str, path: str, interface: str, method: str, signature: str, *args: str) -> list[object]:
    arguments = [signature, *args] if signature else []
    answer = _busctl("call", service, path, interface, method, *arguments)
    return answer if isinstance(answer, list) else []


def _busctl(*args: str) -> object:
    try:
        done = run(["busctl", "--system", "--auto-start=no", "--json=short", *args], check=False)
    except CommandFailed as error:
        raise BusAbsent(f"the system bus cannot be asked: {error}") from error
    if done.rc == 0:
        return plain(json.loads(done.out)) if done.out.strip() else []
    said = clean(done.err.strip()) or f"busctl {args[0]} failed with exit status {done.rc}"
    if "connect to bus" in said.lower() or "connect bus" in said.lower():
        raise BusAbsent(f"no system bus answers on this host: {said}")
    raise BusError(said)
