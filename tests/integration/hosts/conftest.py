# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab of all kinds of network management, for every test of persistent forms."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from labkit.lab import Lab

from .persistent import GONE, HOSTS, HostOfLab, topology


@pytest.fixture(scope="session")
def every_manager() -> Iterator[Lab]:
    made = Lab.up(topology(), name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


@pytest.fixture
def on(every_manager, lab_module) -> Iterator[Callable[[str], HostOfLab]]:
    """A host by its name, whose links are removed when the test ends."""
    used = []

    def get(name: str) -> HostOfLab:
        used.append(HostOfLab(every_manager, lab_module, name))
        return used[-1]

    yield get
    for host in used:
        host.link(links=GONE)


@pytest.fixture(params=HOSTS)
def host(request, on) -> HostOfLab:
    return on(request.param)
