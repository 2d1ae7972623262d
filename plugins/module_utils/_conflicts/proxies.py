# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers that answer for addresses which they do not hold (proxy ARP, RFC 1027), found by control questions. Pure.

There are two kinds. Linux answers no sender without an address (net/ipv4/arp.c arp_process): a probe never shows
it, but what it answers to others can be overheard. Other routers answer everybody. Both are asked for an address that
nobody can have, and the first kind also for the neighbours of the address, once by a sender with an address and once
by one without: the holder of an address answers both.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Optional, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Interface
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import PROXIES_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import REPLY

from .verdict import FLIP_FLOP, AddressSighting

#: Whom to ask for, and the address of the sender; None where it has none.
ControlQuestion = Tuple[Address, Optional[ipaddress.IPv4Address]]

#: RFC 5737: for documentation, so that no host has them.
_DOCUMENTATION = tuple(ipaddress.IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
#: Bits of an address that are turned for its neighbours: 1 to 3 stay in the same /30.
_NEIGHBOURS = (1, 2, 3)
#: MAC addresses that are asked for neighbours of what they answered for.
_SUSPECTS_MAX = 16


class Proxies:
    """What is known of one segment's proxies.

    interfaces: of the parent; the first that fits gives the sender of questions that need one, and the network.
    held: addresses that are known to be held by who answers for them, such as gateways.
    controls: the addresses that were asked for as a test. left_out: answers for them that were only counted: who gave
    them counts as a holder of what it answers for.
    choose: gives a number below another one, ``random.randrange`` outside of tests.
    """

    def __init__(
        self,
        interfaces: Sequence[Interface] = (),
        held: Iterable[Address] = (),
        choose: Callable[[int], int] = random.randrange,
    ) -> None:
        self._interfaces = [item for item in interfaces if isinstance(item, ipaddress.IPv4Interface)]
        self._held = frozenset(held)
        self._choose = choose
        self._unassigned: dict[object, list[Address]] = {}
        self._asked: set[str] = set()
        # Whether a MAC address answered for a control address, by whether the question had a sender.
        self._answers: dict[tuple[str, Address], set[bool]] = {}
        self._answerers: set[str] = set()
        self.controls: set[Address] = set()
        self.left_out = 0

    def suspect(self, address: Address, mac: str, answered_probe: bool) -> list[ControlQuestion]:
        """The control questions after an answer for an address; none where they have been asked already."""
        questions: list[ControlQuestion] = []
        if answered_probe:
            key = self._network(address)
            if key not in self._unassigned:
                self._unassigned[key] = self._unassignable(address)
                questions = [(target, None) for target in self._unassigned[key]]
        elif isinstance(address, ipaddress.IPv4Address) and mac not in self._asked and len(self._asked) < _SUSPECTS_MAX:
            sender = self._sender(address)
            if sender is not None:
                self._asked.add(mac)
                near = [ipaddress.IPv4Address(int(address) ^ bit) for bit in _NEIGHBOURS]
                targets = [self._documentation(), *(item for item in near if item != sender)]
                questions = [(target, asker) for target in targets for asker in (sender, None)]
        self.controls.update(target for target, dummy in questions)
        return questions

    def hear(self, address: Address, mac: str, answered_probe: bool) -> None:
        """Note an answer; of interest are those for control addresses."""
        if address not in self.controls:
            return
        if mac not in self._answerers and len(self._answerers) >= PROXIES_MAX:
            self.left_out += 1
            return
        self._answerers.add(mac)
        self._answers.setdefault((mac, address), set()).add(answered_probe)

    def found(self) -> dict[str, bool]:
        """The MAC addresses of proxies, and whether they answer a sender without an address too."""
        unassigned = {target for targets in self._unassigned.values() for target in targets}
        result: dict[str, bool] = {}
        for (mac, target), how in self._answers.items():
            to_all = True in how and target in unassigned
            if to_all or True not in how:
                result[mac] = result.get(mac, False) or to_all
        return result

    def of(self, address: Address, sightings: Sequence[AddressSighting]) -> frozenset[str]:
        """The MAC addresses among these sightings of one address that answer for it and do not hold it."""
        found = self.found()
        if not found or address in self._held:
            return frozenset()
        result = set()
        for mac in {item.mac for item in sightings if item.mac in found}:
            seen = [item for item in sightings if item.mac == mac]
            # Who asks from an address, or announces it, has it.
            only_answers = all(item.kind in (REPLY, FLIP_FLOP) for item in seen)
            if only_answers and (found[mac] or not any(item.answered_probe for item in seen)):
                result.add(mac)
        return frozenset(result)

    def _network(self, address: Address) -> object:
        """What an address shares its control addresses with: 4 for IPv4, its /64 for IPv6 (RFC 4291, 2.5.1)."""
        return 4 if isinstance(address, ipaddress.IPv4Address) else int(address) >> 64

    def _unassignable(self, address: Address) -> list[Address]:
        if isinstance(address, ipaddress.IPv6Address):
            # Out of 2**64 interface identifiers, no host has the random one.
            identifier = self._choose(1 << 63)
            return [ipaddress.IPv6Address((int(address) >> 64 << 64) | identifier)]
        networks = [
            item.network for item in self._interfaces if address in item.network and item.network.prefixlen < 31
        ]
        # No host has the address of the network itself (RFC 1122, 3.2.1.3).
        return [self._documentation(), *(network.network_address for network in networks[:1])]

    def _documentation(self) -> ipaddress.IPv4Address:
        free = [net for net in _DOCUMENTATION if not any(net.overlaps(item.network) for item in self._interfaces)]
        return (free or _DOCUMENTATION)[0][1 + self._choose(254)]

    def _sender(self, address: ipaddress.IPv4Address) -> ipaddress.IPv4Address | None:
        return next((item.ip for item in self._interfaces if address in item.network and item.ip != address), None)
