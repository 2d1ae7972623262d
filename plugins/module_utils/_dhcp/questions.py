# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions to send on one parent: from whom, and which address they ask for. Pure.

What a server hands out is usually one contiguous pool. If that overlaps with a range, it holds the first or the last
address of the range, or it lies inside the range and every offer shows it. So these two are asked for, and nothing else
of a range has to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.targets import ProbedRange
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import MAC_PREFIX

from .message6 import duid

#: What servers see in their logs: option 60, and the beginning of option 61.
VENDOR = b"linuxnet.macvlan"


@dataclass(frozen=True)
class Question:
    """One DISCOVER (version 4) or SOLICIT (version 6). mac: the client's; number: which of that client's; wanted: the
    address it asks for."""

    mac: str
    number: int
    wanted: Address | None = None
    version: int = 4

    @property
    def client_id(self) -> str:
        """The same in every run, so that a server that reserves what it has offered reserves it once. For IPv4 the
        client identifier (option 61), for IPv6 the DUID and the IAID."""
        if self.version == 6:
            return f"{duid(self.mac).hex(':')} {self.number}"
        return f"{VENDOR.decode()} {self.mac} {self.number}"


def questions(parent_mac: str, wanted: Sequence[Address], samples: int, version: int = 4) -> list[Question]:
    """Each of ``samples`` clients lets the server choose once, and they take turns in asking for addresses."""
    macs = [client_mac(parent_mac, sample) for sample in range(samples)]
    result = [Question(mac, 0, None, version) for mac in macs]
    for place, address in enumerate(wanted):
        result.append(Question(macs[place % samples], 1 + place // samples, address, version))
    return result


def client_mac(parent_mac: str, sample: int) -> str:
    """A throw-away MAC address that is the same in every run on this host."""
    digest = hashlib.sha256(f"linuxnet.macvlan\0dhcp_check\0{parent_mac}\0{sample}".encode()).digest()
    return f"{MAC_PREFIX}:{digest[:3].hex(':')}"


def worth_asking(targets: Sequence[ProbedRange], subnets: Sequence[Network], version: int) -> list[Address]:
    """First and last address of each range and network, then the single ones; each once."""
    mine = [target for target in targets if target.first.version == version]
    ranges = [target for target in mine if not target.single]
    found: dict[Address, None] = {}
    for addresses in zip(*(_edges(target, subnets) for target in ranges)):
        found.update(dict.fromkeys(addresses))
    found.update(dict.fromkeys(target.first for target in mine if target.single))
    return list(found)


def _edges(target: ProbedRange, subnets: Sequence[Network]) -> Iterator[Address]:
    """The first and the last address that a host can have: the ends of an IPv4 subnet are no host's, and the first of
    an IPv6 subnet is that of all its routers (RFC 4291, 2.6.1)."""
    reserved: list[Address] = []
    for subnet in subnets:
        if subnet.prefixlen < subnet.max_prefixlen - 1:
            reserved.append(subnet.network_address)
            if subnet.version == 4:
                reserved.append(subnet.broadcast_address)
    yield target.first + 1 if target.first in reserved else target.first
    yield target.last - 1 if target.last in reserved else target.last
