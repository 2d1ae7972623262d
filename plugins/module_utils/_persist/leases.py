# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which IPv4 addresses of links are leased: those that a manager has got for them, and those that have a lifetime.

A lease without end gives an address none, and to the kernel it is a fixed one: only the manager can tell. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts

from .base import link_of

#: Where systemd-networkd and NetworkManager keep the lease of a link, by its index, and the key of the address.
PLACES = (("/run/systemd/netif/leases", "ADDRESS"), ("/run/NetworkManager/devices", "dhcp4.ip_address"))


#: What a file of ours has where it has a manager lease an address.
LEASING = ("DHCP=ipv4", "method=auto")


def marked(facts: Facts, links: Iterable[DesiredLink], files: Mapping[str, str]) -> Facts:
    """The facts with addresses that are leased, and shall be, as such that are not permanent; and those that shall not
    be leased any more as permanent ones, which are removed: nobody renews them, and not every manager takes them away.

    files: those of ours, as they are. Errors: OSError.
    """
    leasing = {link_of(text) for text in files.values() if any(line in LEASING for line in text.splitlines())}
    permanent: dict[tuple[int, Address], bool] = {}
    for link in links:
        found = facts.link(link.name)
        own = [item for item in facts.addresses_of(found) if item.interface.version == 4] if found else []
        if found and link.dhcp and any(item.permanent for item in own):
            permanent.update(dict.fromkeys(((found.index, address) for address in _of_managers(found.index)), False))
        elif found and not link.dhcp and link.name in leasing:
            permanent.update(dict.fromkeys(((found.index, item.interface.ip) for item in own), True))
    if not permanent:
        return facts
    addresses = ((item, permanent.get((item.index, item.interface.ip))) for item in facts.addresses)
    return replace(
        facts,
        addresses=tuple(item if known is None else replace(item, permanent=known) for item, known in addresses),
    )


def without(facts: Facts, links: Iterable[DesiredLink]) -> list[DesiredLink]:
    """The links that are there, and have not got their lease yet. facts: as `marked` returns them."""
    found = [(link, facts.link(link.name)) for link in links if link.dhcp]
    leased = {item.index for item in facts.addresses if item.interface.version == 4 and not item.permanent}
    return [link for link, there in found if there and there.index not in leased]


def _of_managers(index: int) -> Iterator[Address]:
    for directory, key in PLACES:
        yield from parse(_files.read(f"{directory}/{index}") or "", key)


def parse(text: str, key: str) -> list[Address]:
    """The address of a manager's file of a lease; none where it has none. Pure."""
    values = [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]
    return [address for address in map(parse_address, values) if address is not None]
