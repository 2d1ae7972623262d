# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All back ends. A new one is a file in `backends` and a line here; all else about it follows from its class."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files

from . import announcer, keeper, sysctl, units
from .backends import ifupdown, netplan, networkd, networkmanager, systemd_unit
from .base import Backend, Part, Verb, matches

#: In the order in which ``auto`` asks them, those first that suit the parent's owner, and in which they act.
BACKENDS: tuple[Backend, ...] = (
    networkd.BACKEND,
    netplan.BACKEND,
    ifupdown.BACKEND,
    systemd_unit.BACKEND,
    networkmanager.BACKEND,
)


def backend(name: str) -> Backend:
    return next(item for item in BACKENDS if item.name == name)


def choices() -> tuple[str, ...]:
    """The values of ``persistence``."""
    return ("auto", *(item.name for item in BACKENDS), "none")


def parts() -> tuple[Part, ...]:
    """Everything that keeps files. Units come last: running one puts back what a daemon has released."""
    return (sysctl.PART, keeper.PART, announcer.PART, *BACKENDS, units.PART)


def patterns() -> list[str]:
    """Every path that can be ours, as glob patterns."""
    return [pattern for part in parts() for pattern in part.patterns]


def mode(path: str) -> int:
    """The mode of a file of ours."""
    return next((part.mode for part in parts() if matches(path, part.patterns)), _files.FILE_MODE)


def verbs() -> dict[str, Verb]:
    """Everything that is done besides writing and removing files, by the kind of the action."""
    return {verb.kind: verb for part in parts() for verb in part.verbs}
