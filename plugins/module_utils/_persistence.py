# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The persistent form of links: read it, plan it, write it, and read back what the host made of it.

`auto` takes the native form of the daemon that owns the parent. A new form is one file in `_persist` and one line in its
registry. Reading and writing are apart: `read` and `verify` only read, `plan` is pure, `apply` is the only writer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Mapping

from ._difference import Difference
from ._links import DesiredLink
from ._persist.base import Host, UnitState
from ._problems import Problems

#: The values of ``persistence``.
CHOICES = ("auto", "networkd", "systemd", "none")


@dataclass(frozen=True)
class Persisted:
    """What is there now. ``files`` holds every text at a path that could be ours, also texts that are not."""

    host: Host = field(default_factory=Host)
    files: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, UnitState] = field(default_factory=dict)
    interrupted: bool = False

    def links(self) -> set[str]:
        """The names of all links that have a file of ours."""
        raise NotImplementedError


@dataclass(frozen=True)
class Choice:
    """The form of one link and why. ``backend`` is one of `CHOICES` without auto; owner: the parent's, in words."""

    link: str
    backend: str
    reason: str
    owner: str


@dataclass(frozen=True)
class Steps:
    """All writes of one run. Nothing to do: false."""

    choices: tuple[Choice, ...] = ()

    def __bool__(self) -> bool:
        raise NotImplementedError


class PersistFailed(Exception):
    """A file could not be written or a daemon refused; the message says which. The next run finishes the work."""


def read(present: Iterable[DesiredLink] = ()) -> Persisted:
    """Everything `plan` needs. Errors: CommandFailed."""
    raise NotImplementedError


def plan(
    state: Persisted,
    present: list[DesiredLink],
    removed: Iterable[str],
    persistence: str,
    difference: Difference,
    problems: Problems,
) -> Steps:
    """Pure. Notes differences (targets ``file PATH`` and ``unit NAME``) and problems; links that are in neither list stay."""
    raise NotImplementedError


def apply(steps: Steps) -> list[str]:
    """Make the steps; what was done, in words. Call it after the kernel's steps. Errors: PersistFailed."""
    raise NotImplementedError


def verify(state: Persisted, present: list[DesiredLink], steps: Steps) -> list[str]:
    """What systemd and the daemons say is not as planned, in words; empty where all is. Waits for them to settle."""
    raise NotImplementedError
