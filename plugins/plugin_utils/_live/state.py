# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the watch of one host: from the host, and as the workers of a run pass it on. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

#: Octets of a status, and losses and events in it: more than an honest host sends.
STATUS_MAX, NEWS_MAX = 1 << 16, 64
#: Characters of a line, and the largest number that is one.
_LINE, _NUMBER = 200, 10**6
#: A terminal ends lines with CR LF: SSH has one where modules are not pipelined.
_STATUS = re.compile(r"^([0-9]{1,9}) (\{.*\})\r?$", re.MULTILINE)

#: The phases of a host: the module starts; it watches; it makes experiments and reads what there is; it is done.
STARTING, WATCHING, COLLECTING, DONE = "starting", "watching", "collecting", "done"


@dataclass(frozen=True)
class NewsItem:
    """A loss or an event. after: seconds since the watch began. by: its process, empty where none is known."""

    after: float
    what: str
    by: str


@dataclass(frozen=True)
class WatchedHost:
    """after: seconds since the watch began. targets, answering: how many. broken_for: seconds since something was found
    to be broken. comes_back: whether something lost has answered again. more: losses and events that are not among the
    news."""

    host: str
    phase: str = STARTING
    after: float = 0.0
    targets: int = 0
    answering: int = 0
    broken_for: float | None = None
    news: tuple[NewsItem, ...] = field(default=())
    more: int = 0
    comes_back: bool = False

    def as_text(self) -> str:
        return json.dumps(asdict(self))


def of_host(host: str, output: str) -> tuple[str, WatchedHost] | None:
    """The revision of a status, and what it says; None where there is none.

    output: of the command that read it. Other programs may have written there before, such as a shell's profile.
    """
    found = _STATUS.findall(output[-STATUS_MAX:])
    data = _json(found[-1][1]) if found else None
    if data is None:
        return None
    return found[-1][0], _state(host, COLLECTING if data.get("over") is True else WATCHING, data)


def of_text(text: str) -> WatchedHost | None:
    """What `WatchedHost.as_text` gave; None where it is something else."""
    data = _json(text[:STATUS_MAX])
    if data is None:
        return None
    phase = data.get("phase")
    known = phase if phase in (STARTING, WATCHING, COLLECTING, DONE) else STARTING
    return _state(clean(data.get("host", ""), _LINE), known, data)


def _state(host: str, phase: str, data: Mapping[str, object]) -> WatchedHost:
    news = data.get("news")
    found = [item for item in news[:NEWS_MAX] if isinstance(item, Mapping)] if isinstance(news, list) else []
    broken_for = data.get("broken_for")
    return WatchedHost(
        host,
        phase,
        _number(data.get("after")),
        int(_number(data.get("targets"))),
        int(_number(data.get("answering"))),
        None if broken_for is None else _number(broken_for),
        tuple(NewsItem(_number(item.get("after")), _line(item.get("what")), _line(item.get("by"))) for item in found),
        int(_number(data.get("more"))),
        data.get("comes_back") is True,
    )


def _json(text: str) -> Mapping[str, object] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, Mapping) else None


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return 0.0
    return min(max(value, 0), _NUMBER)


def _line(value: object) -> str:
    return clean(value, _LINE) if isinstance(value, str) else ""
