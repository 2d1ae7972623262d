# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses to ask for: single ones, networks and ranges. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    address_remedy,
    parse_address,
    parse_network,
    without_zone,
    written,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Addresses that no host on a link can have: RFC 1122, 3.2.1.3 and RFC 4291, 2.4.
_UNASSIGNABLE = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "ff00::/8")
)
_FORMS = (
    "write an address such as 192.168.100.50, a network such as 192.168.100.128/28 or a range such as"
    " 192.168.100.50-192.168.100.99"
)


@dataclass(frozen=True)
class ProbedRange:
    """One item of the input. ``key`` is its place there, ``text`` the item as given."""

    key: str
    text: str
    first: Address
    last: Address

    @property
    def single(self) -> bool:
        return self.first == self.last

    @property
    def size(self) -> int:
        return int(self.last) - int(self.first) + 1

    def addresses(self) -> Iterator[Address]:
        """All of them: a range is no subnet, so its first and last address are addresses like others."""
        kind = type(self.first)
        return (kind(number) for number in range(int(self.first), int(self.last) + 1))

    def holds(self, address: Address) -> bool:
        return address.version == self.first.version and int(self.first) <= int(address) <= int(self.last)

    def overlaps(self, other: ProbedRange) -> bool:
        return self.first.version == other.first.version and not (
            int(self.last) < int(other.first) or int(other.last) < int(self.first)
        )


def parse(value: object, key: str, problems: Problems) -> ProbedRange | None:
    """The target that an item means; a problem is added where it means none."""
    text = value.strip() if isinstance(value, str) else ""
    ends = _ends(text)
    if ends is None:
        problems.add(key, value, "this is neither an address nor a network nor a range of addresses", _hint(text))
        return None
    first, last = ends
    if "/" in text and ipaddress.ip_network(text).prefixlen == 0:
        problems.add(key, value, "this is every address there is", "name the network that is on this link")
        return None
    if int(first) > int(last):
        problems.add(key, value, "the range ends before it begins", f"write {last}-{first}")
        return None
    target = ProbedRange(key, text, first, last)
    for network in _UNASSIGNABLE:
        unassignable = ProbedRange("", "", network[0], network[-1])
        if target.overlaps(unassignable):
            problems.add(key, value, f"no host can have addresses of {network}", "leave them out")
            return None
    return target


def _ends(text: str) -> tuple[Address, Address] | None:
    if "%" in text:
        return None
    if "/" in text:
        network = parse_network(text)
        return (network[0], network[-1]) if network else None
    first, dash, last = text.partition("-")
    one, other = parse_address(first), parse_address(last if dash else first)
    if one is None or other is None or one.version != other.version:
        return None
    return one, other


def _hint(text: str) -> str:
    without = without_zone(text)
    if without != text and _ends(without) is not None:
        return address_remedy(text, _FORMS)
    network = parse_network(without, strict=False)
    if network is None:
        return _FORMS
    return f"write {written(without.partition('/')[0])} for the one address, or {network} for the network"


def check_overlaps(targets: list[ProbedRange], problems: Problems) -> None:
    """Add a problem for each target that holds addresses of an earlier one on the same parent."""
    ordered = sorted(targets, key=lambda target: (target.first.version, int(target.first)))
    widest: ProbedRange | None = None
    for target in ordered:
        if widest is not None and target.overlaps(widest):
            problems.add(
                target.key, target.text, f"this overlaps with {widest.key} = {widest.text!r}", "list each address once"
            )
        if widest is None or target.first.version != widest.first.version or target.last > widest.last:  # type: ignore[operator]
            widest = target
