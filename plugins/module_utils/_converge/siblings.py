# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other macvlan links on the parent of a declared one that answer ARP for all addresses of the host. Reads only.

The declared settings keep one MAC address per address on the LAN. A link that somebody else made on the same parent
hears every request as well, and answers it with a MAC address of its own unless one of three settings keeps it from
that (net/ipv4/arp.c arp_process): whether it has an address, or a route, makes no difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, sysctl_path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import read_sysctls

#: Settings of a parent that are declared to have one link alone answer.
WANTED = ("arp_filter", "arp_ignore")


@dataclass(frozen=True)
class Sibling:
    """name: of a link on the parent of `link` that answers for it and for the parent."""

    link: DesiredLink
    name: str

    def __str__(self) -> str:
        parent = self.link.lower.name
        return (
            f"{self.name}, a macvlan link on {parent} that is not declared, answers ARP requests for the addresses of"
            f" {parent} and {self.link.name} with its own MAC address, as its arp_filter and arp_ignore are 0: set one"
            f" of them (sysctl net.ipv4.conf.{self.name}.arp_ignore=1)"
        )


def find(present: Iterable[DesiredLink], removed: Collection[str], facts: Facts) -> tuple[Sibling, ...]:
    """One for each link and parent. Errors: none; a setting that cannot be read counts as one that is not 0."""
    present = list(present)
    ours = {link.name for link in present} | set(removed)
    first = {link.lower.index: link for link in reversed(present) if _wants_one(link)}
    return tuple(
        Sibling(link, child.name)
        for link in first.values()
        for child in _others(link.lower, ours, facts)
        if _answers_for_all(child.name)
    )


def _wants_one(link: DesiredLink) -> bool:
    return any(name in WANTED and value for name, value in link.parent_sysctl)


def _others(parent: Link, ours: set[str], facts: Facts) -> Iterator[Link]:
    return (child for child in facts.children(parent) if child.name not in ours and child.up and child.arp)


def _answers_for_all(name: str) -> bool:
    """Of "all" and the interface, the higher value counts (linux/inetdevice.h IN_DEV_MAXCONF, IN_DEV_ORCONF).

    With a strict rp_filter a request from an address whose route is another link's is not even looked at.
    """

    def value(setting: str) -> int | None:
        values = read_sysctls([sysctl_path(interface, setting) for interface in ("all", name)]).values()
        return None if None in values else max(number for number in values if number is not None)

    return (value("arp_filter"), value("arp_ignore")) == (0, 0) and value("rp_filter") in (0, 2)
