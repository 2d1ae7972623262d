# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed of the watches of all hosts, folded so that many hosts print no more than a few lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .state import COLLECTING, DONE, STARTING, WATCHING, WatchedHost

#: Losses and events that are printed at a time, and in all; the rest is counted.
AT_ONCE, IN_ALL = 5, 60
#: Seconds after which how things stand is printed again although nothing has changed.
AGAIN = 15.0
#: Every line begins with this: Ansible prints the name of a task only with its first result.
WATCH = "watch: "


@dataclass(frozen=True)
class Said:
    """What was printed so far. news: by host, how many losses and events. standing: how things stood, without the time.

    at: when that was printed (time.monotonic).
    """

    news: Mapping[str, int] = field(default_factory=dict)
    lines: int = 0
    standing: str = ""
    at: float = 0.0


def fold(states: Sequence[WatchedHost], hosts: int, said: Said, now: float) -> tuple[list[str], Said]:
    """The lines to print, and what was printed then. hosts: of the play. now: time.monotonic."""
    news = [(state, item) for state in states for item in state.news[said.news.get(state.host, 0) :]]
    shown = news[: min(AT_ONCE, max(IN_ALL - said.lines, 0))]
    lines = [
        f"{WATCH}{state.host} +{item.after:.1f} s: {item.what}{f', by {item.by}' if item.by else ''}"
        for state, item in shown
    ]
    rest = len(news) - len(shown)
    if rest and said.lines < IN_ALL:
        count = len({state.host for state, dummy in news[len(shown) :]})
        lines.append(f"{WATCH}and {rest} more on {count} host{'s' if count > 1 else ''}, which the report lists")
    standing = _standing(states, hosts)
    again = bool(lines) or standing != said.standing or now - said.at >= AGAIN
    if again:
        longest = max((state.after for state in states if state.phase == WATCHING), default=None)
        lines.append(f"{WATCH}{standing}{'' if longest is None else f' (+{longest:.0f} s)'}")
    counted = {**said.news, **{state.host: len(state.news) for state in states}}
    return lines, Said(counted, said.lines + len(shown), standing, now if again else said.at)


def _standing(states: Sequence[WatchedHost], hosts: int) -> str:
    """``3 of 4 hosts watched, 1 done; 22 of 24 targets answer; broken: h1``."""
    watched = [state for state in states if state.phase == WATCHING]
    parts = [f"{len(watched)} of {hosts} hosts watched"]
    for phase, words in ((STARTING, "starting"), (COLLECTING, "experimenting"), (DONE, "done")):
        number = sum(1 for state in states if state.phase == phase)
        parts += [f"{number} {words}"] if number else []
    text = ", ".join(parts)
    if watched:
        text += f"; {sum(item.answering for item in watched)} of {sum(item.targets for item in watched)} targets answer"
    broken = [state.host for state in states if state.broken_for is not None]
    if broken:
        more = f" and {len(broken) - AT_ONCE} more" if len(broken) > AT_ONCE else ""
        text += f"; broken: {', '.join(broken[:AT_ONCE])}{more}"
    return text
