# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one difference object: ``changed``, ``diff`` and messages are all derived from it."""

from __future__ import annotations

from collections.abc import Iterator

from .record import dataclass


@dataclass(frozen=True)
class Change:
    """One attribute of one thing that is not as declared.

    target: the thing, such as ``link lan0`` or ``file /etc/sysctl.d/x.conf``.
    attribute: what of it, such as ``mode``; empty where the whole thing is added or removed.
    before, after: plain data (str, int, bool, list, None); None stands for "not there".
    """

    target: str
    attribute: str
    before: object
    after: object

    def __str__(self) -> str:
        name = f"{self.target} {self.attribute}".strip()
        return f"{name}: {self.words()}"

    def words(self) -> str:
        """What happens to the attribute; for lists, which items are removed and added."""
        if not self.attribute:
            return "remove" if self.after is None else "add" if self.before is None else "change"
        if isinstance(self.before, list) and isinstance(self.after, list):
            gone = [str(item) for item in self.before if item not in self.after]
            new = [str(item) for item in self.after if item not in self.before]
            parts = [f"{verb} {', '.join(items)}" for verb, items in (("remove", gone), ("add", new)) if items]
            return ", ".join(parts) or "new order"
        if self.before is None:
            return f"set to {_plain(self.after)}"
        if self.after is None:
            return f"remove {_plain(self.before)}"
        return f"{_plain(self.before)} -> {_plain(self.after)}"


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)


class Difference:
    """All changes of one run, in the order in which they will be made."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def compare(self, target: str, attribute: str, before: object, after: object) -> bool:
        """Note a change when the two differ; say whether they do. Both sides must be normalised alike."""
        if before == after:
            return False
        self.changes.append(Change(target, attribute, before, after))
        return True

    def extend(self, other: Difference) -> None:
        self.changes += other.changes

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def of(self, target: str) -> list[Change]:
        return [change for change in self.changes if change.target == target]

    def messages(self) -> list[str]:
        """One line per change; a thing that is added or removed as a whole is one line."""
        lines = []
        for target, changes in self._by_target().items():
            if len(changes) > 1 and all(change.before is None for change in changes):
                details = ", ".join(f"{change.attribute} {_plain(change.after)}" for change in changes)
                lines.append(f"{target}: add ({details})")
            elif len(changes) > 1 and all(change.after is None for change in changes):
                lines.append(f"{target}: remove")
            else:
                lines += [str(change) for change in changes]
        return lines

    def _by_target(self) -> dict[str, list[Change]]:
        grouped: dict[str, list[Change]] = {}
        for change in self.changes:
            grouped.setdefault(change.target, []).append(change)
        return grouped

    def ansible_diff(self) -> list[dict[str, str]]:
        """One entry per target for Ansible's ``diff``; file contents are shown as files."""
        entries = []
        for target, changes in self._by_target().items():
            entries.append(
                {
                    "before_header": target,
                    "after_header": target,
                    "before": "".join(_lines(change.attribute, change.before) for change in changes),
                    "after": "".join(_lines(change.attribute, change.after) for change in changes),
                }
            )
        return entries


def _lines(attribute: str, value: object) -> str:
    """One side of one change. A bare string without attribute is a file's content."""
    if value is None:
        return ""
    if not attribute:
        return value if isinstance(value, str) else ("present\n" if value is True else f"{_plain(value)}\n")
    if isinstance(value, (list, tuple)):
        return "".join(f"{attribute}: {item}\n" for item in value)
    return f"{attribute}: {value}\n"
