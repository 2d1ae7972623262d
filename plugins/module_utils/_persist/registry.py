# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All back ends, and the places where they keep files. A new back end is one file, and one line in each list here."""

from __future__ import annotations

from collections.abc import Mapping

from . import keeper, sysctl, units
from .backends import ifupdown, netplan, networkd, networkmanager, systemd_unit
from .base import Action, Backend, Changed, Host, link_of

#: In the order in which ``auto`` asks them, those first that suit the parent's owner.
BACKENDS: tuple[Backend, ...] = (
    networkd.BACKEND,
    netplan.BACKEND,
    ifupdown.BACKEND,
    systemd_unit.BACKEND,
    networkmanager.BACKEND,
)

#: Every path that can be ours, as glob patterns.
PATTERNS = (
    sysctl.PATTERN,
    keeper.PATTERN,
    *networkd.PATTERNS,
    ifupdown.PATTERN,
    networkmanager.PATTERN,
    units.PATTERN,
)


def backend(name: str) -> Backend:
    return next(item for item in BACKENDS if item.name == name)


def letting_go(changed: Changed, files: Mapping[str, str], deleted: frozenset[str]) -> list[Action]:
    """What has to happen before the kernel's part, or somebody would put back what that takes away.

    files: what is there, by path. deleted: links that the kernel's part deletes or makes.
    """
    touched = {link_of(files.get(path, "")) for path in (*changed.write, *changed.remove)} | deleted
    keepers = [path for path in files if path.startswith(units.DIRECTORY) and link_of(files[path]) in touched]
    return [
        *units.letting_go(keepers),
        *ifupdown.letting_go(changed),
        *networkmanager.letting_go(changed, files, deleted),
    ]


def actions(changed: Changed, host: Host) -> list[Action]:
    """Everything that makes a change real, in order. Units come last: running one puts back what a daemon let go of."""
    return [
        *sysctl.activation(changed),
        *keeper.activation(changed),
        *networkd.activation(changed, host),
        *ifupdown.activation(changed),
        *networkmanager.activation(changed, host),
        *units.activation(changed),
    ]
