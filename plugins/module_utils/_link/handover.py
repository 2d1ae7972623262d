# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MAC addresses that go from one link to another in one run. Pure.

On one parent the kernel gives no MAC address to two links (EADDRINUSE), so a link that gives its own away is changed
before the one that takes it. Where two of them swap, or more go round, one steps aside to a temporary address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Dict, List

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import stable_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts

from .steps import SetLink, Step

#: The steps of each link, by its name, in the order in which the links are declared.
Changes = Dict[str, List[Step]]


def gives_away(desired: DesiredLink, facts: Facts) -> str | None:
    """The MAC address that a link has now and shall not keep."""
    link = facts.link(desired.name)
    return link.mac if link is not None and desired.mac and desired.mac != link.mac else None


def givers(present: Iterable[DesiredLink], facts: Facts) -> dict[str, str]:
    """Names of links that take a MAC address, and of those that have it now and give it away."""
    present = list(present)
    given = {mac: link.name for link in present for mac in [gives_away(link, facts)] if mac is not None}
    return {link.name: given[link.mac] for link in present if link.mac in given}


def ordered(changes: Changes, waits: dict[str, str]) -> list[Step]:
    """waits: see `givers`. Each waits for one at most, and is waited for by one: these are chains and rings."""
    steps: list[Step] = []
    done: set[str] = set()
    for name in changes:
        chain: dict[str, None] = {}
        last: str | None = name
        while last is not None and last not in done and last not in chain:
            chain[last] = None
            last = waits.get(last)
        if last in chain:
            steps.append(SetLink(str(last), {"mac": stable_mac(str(last), "on its way to another MAC address")}))
        for link in reversed(chain):
            steps += changes[link]
        done |= set(chain)
    return steps
