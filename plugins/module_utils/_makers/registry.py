# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All kinds of makers. A new one is a file in `kinds` and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState

from .base import Maker, MakerKind
from .kinds import ifupdown, netplan, networkd, networkmanager, scripts, units

KINDS: tuple[MakerKind[Any], ...] = (
    networkmanager.KIND,
    networkd.KIND,
    netplan.KIND,
    ifupdown.KIND,
    units.KIND,
    scripts.KIND,
)


def kind(name: str) -> MakerKind[Any]:
    return next(item for item in KINDS if item.name == name)


def find(links: Iterable[str], host: HostState) -> tuple[Maker, ...]:
    """Everything that makes or configures a link of one of these names, and is not ours.

    In a network namespace of its own, files and daemons belong to the machine around it.

    Errors: CommandFailed, OSError.
    """
    links = sorted(set(links))
    if host.unfit or not links:
        return ()
    return tuple(maker for item in KINDS for maker in item.find(item.read(host, links), links))
