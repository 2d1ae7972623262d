# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All back ends, and the places where they keep files. A new back end is one file, and one line in each list here."""

from __future__ import annotations

from . import networkd, sysctl, systemd_unit, units
from .base import Action, Backend, Changed, Host

#: In the order in which ``auto`` asks them.
BACKENDS: tuple[Backend, ...] = (networkd.BACKEND, systemd_unit.BACKEND)

#: Every path that can be ours, as glob patterns.
PATTERNS = (sysctl.PATTERN, *networkd.PATTERNS, units.PATTERN)


def backend(name: str) -> Backend:
    return next(item for item in BACKENDS if item.name == name)


def actions(changed: Changed, host: Host) -> list[Action]:
    """Everything that makes a change real, in order. Units come last: running one puts back what a daemon let go of."""
    return [*sysctl.activation(changed), *networkd.activation(changed, host), *units.activation(changed)]
