# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A macvlan link is not in mode bridge."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _link(mode: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: lab.web1.ip("link", "set", "lan0", "type", "macvlan", "mode", mode) and None


def _container(mode: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: lab.c1.ip("link", "set", "eth0", "type", "macvlan", "mode", mode) and None


FAULTS = [
    Fault("wrong_mode", _link("vepa"), _link("bridge"), quick=True),
    Fault("wrong_mode/container", _container("private"), _container("bridge")),
    Fault("wrong_mode/during", _link("private"), _link("bridge"), during=True),
]
