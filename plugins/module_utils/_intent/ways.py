# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How containers are asked whether they answer: ``check`` of a network. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    one_address_remedy,
    parse_address,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

ICMP, ARP, TCP = "icmp", "arp", "tcp"
_TCP = re.compile(r"tcp:([0-9]{1,5})")
_REMEDY = "use one of icmp, arp, or tcp:PORT such as tcp:443"


@dataclass(frozen=True)
class Way:
    """address: of one container, None for all that have none of their own. port: of TCP."""

    method: str
    address: Address | None = None
    port: int = 0

    def __str__(self) -> str:
        word = f"{TCP}:{self.port}" if self.method == TCP else self.method
        return word if self.address is None else f"{self.address} {word}"


def of(ways: Iterable[Way], address: Address) -> Way | None:
    """How an address is asked; None where nobody said so."""
    found = {way.address: way for way in ways}
    return found.get(address, found.get(None))


def read(given: object, key: str, problems: Problems) -> tuple[Way, ...]:
    """One word for all containers, or a mapping from addresses to words; from plain data a list of their texts."""
    if given is None:
        return ()
    result: list[Way] = []
    for here, address, word in _items(given, key):
        found = parse_address(address) if address is not None else None
        if address is not None and found is None:
            problems.add(here, address, "this is not an IP address", one_address_remedy(address))
            continue
        match = _TCP.fullmatch(word) if isinstance(word, str) else None
        port = int(match[1]) if match else 0
        if word in (ICMP, ARP):
            result.append(Way(str(word), found))
        elif 1 <= port <= 0xFFFF:
            result.append(Way(TCP, found, port))
        else:
            problems.add(here, word, "there is no such check", _REMEDY)
    return tuple(result)


def _items(given: object, key: str) -> Iterator[tuple[str, object, object]]:
    """Key, address and word of each."""
    if isinstance(given, dict):
        for address, word in given.items():
            yield f"{key}.{address}", address, word
    elif isinstance(given, list):
        for number, text in enumerate(given):
            address, _space, word = str(text).rpartition(" ")
            yield f"{key}[{number}]", address or None, word
    else:
        yield key, None, given
