# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input, collected: every problem of a host is found before one of them is reported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace

from .record import dataclass
from .text import LINE_MAX, clean, clean_data, cut
from .values import plain

#: The variable of a declaration from whose items links and plain networks are derived, and the keys of those that are
#: spelled in another way there.
NETWORKS = "macvlan_networks"
SPELLED = {
    "addresses": "host_address",
    "routes": "container_range",
    "subnets": "subnet",
    "gateways": "gateway",
    "container_ranges": "container_range",
    "excluded": "exclude",
    "host_addresses": "host_address",
    "link": "link_name",
    "checks": "check",
}
_DERIVED = re.compile(rf"\b({NETWORKS}\[\d+\])\.({'|'.join(SPELLED)})\b(?:\[\d+\])?(?:\.\w+)?")


def as_declared(text: str) -> str:
    """A text with each key as the operator wrote it: ``macvlan_networks[0].addresses[0]`` is ``….host_address``."""
    return _DERIVED.sub(lambda match: f"{match[1]}.{SPELLED[match[2]]}", text)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in words an operator can act on.

    key: its place in the input, such as ``links[0].mac``.
    value: the value there, as given.
    problem: what is wrong with it.
    remedy: what to do instead.
    host: the inventory name, empty where it is obvious.
    """

    key: str
    value: object
    problem: str
    remedy: str
    host: str = ""

    def __str__(self) -> str:
        where = f"{self.host}: {self.key}" if self.host else self.key
        value = "" if self.value is None else f" = {clean(repr(self.value), LINE_MAX)}"
        return f"{where}{value}: {self.problem}. Remedy: {self.remedy}."


class Problems:
    """A list of problems for one host; `add` never raises, `report` returns all of them at once."""

    def __init__(self, host: str = "") -> None:
        self.host = host
        self.items: list[Problem] = []

    def add(self, key: str, value: object, problem: str, remedy: str) -> None:
        # Both may quote what was declared, and that has no bound.
        key, problem, remedy = (
            as_declared(cut(text)) for text in (clean(key), problem.rstrip("."), remedy.rstrip("."))
        )
        self.items.append(Problem(key, clean_data(plain(value)), problem, remedy, self.host))

    def renamed(self, places: Mapping[str, str]) -> Problems:
        """The same problems, with some keys replaced."""
        result = Problems(self.host)
        result.items = [replace(item, key=places.get(item.key, item.key)) for item in self.items]
        return result

    def extend(self, other: Problems) -> None:
        self.items.extend(other.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def report(self) -> str:
        """All problems as one message; one problem stays one line."""
        if len(self.items) == 1:
            return str(self.items[0])
        return "\n".join([f"{len(self.items)} problems, nothing was changed:", *(f"  - {item}" for item in self.items)])

    def as_data(self) -> list[dict[str, object]]:
        """The same for ``fail_json(problems=...)``."""
        return [asdict(item) for item in self.items]


class InvalidInput(Exception):
    """Raised once, with all problems, before anything is written."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(problems.report())
        self.problems = problems


#: The length of a key for which a similar one is looked for.
_KEY_MAX = 40


def unknown_keys(given: dict, known: tuple[str, ...], key: str, problems: Problems) -> None:
    """Add a problem for each key that nothing would read."""
    for name, value in given.items():
        if name not in known:
            import difflib

            close = difflib.get_close_matches(str(name)[:_KEY_MAX], known, 1)
            remedy = f"write {close[0]}" if close else f"use one of {', '.join(known)}"
            problems.add(f"{key}.{name}", value, "there is no such key", remedy)
