# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the host's link answer foreign requests for the parent's address? A temporary child asks the link alone."""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import MACS_OF_ADDRESS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import neighbours
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import lookup
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    ARP_REPLY,
    ARP_REQUEST,
    NO_MAC,
    Arp,
    Frame,
    build,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import (
    ChildFailed,
    temporary_child,
)

from .model import Context, Experiment
from .results import FluxAnswer, FluxAskResult

#: Reserved for documentation (RFC 5737). A question without a sender is answered whatever arp_filter is
#: (net/ipv4/arp.c).
SENDER = ipaddress.IPv4Address("192.0.2.1")
#: Questions for each address, and seconds to wait for answers after each.
NUMBER, WAIT = 3, 0.25
#: Addresses of the parent that are asked for at most.
ADDRESSES_MAX = 4


def _addresses(context: Context) -> list[ipaddress.IPv4Address]:
    scope = context.scope
    if scope.parent is None:
        return []
    found = [item.interface.ip for item in scope.addresses_inside(scope.parent)]
    return [address for address in found if isinstance(address, ipaddress.IPv4Address)][:ADDRESSES_MAX]


def _why_not(context: Context) -> str:
    parent, shim = context.scope.parent, context.scope.shim
    if parent is None or shim is None:
        return context.scope.parent_problem or context.scope.shim_problem or "the host has no link of the network"
    if not parent.up or not parent.carrier or not shim.up:
        return f"{parent.name} or {shim.name} is down or has no carrier"
    if shim.mode != "bridge":
        return f"{shim.name} is in mode {shim.mode} and receives nothing from other links"
    if lookup([SENDER])[SENDER].interface == shim.name:
        return f"the kernel routes foreign addresses to {shim.name}, so that answering them there is right"
    return "" if _addresses(context) else f"{parent.name} has no IPv4 address of the network"


def _run(context: Context) -> FluxAskResult:
    """Errors: ChildFailed."""
    parent, shim = context.scope.parent, context.scope.shim
    if parent is None or shim is None or shim.mac is None:
        raise ChildFailed("parent or link have disappeared")
    addresses = _addresses(context)
    try:
        with temporary_child(parent, addresses, "child") as vantage:
            results = [_ask(vantage, address, shim.mac) for address in addresses]
    finally:
        # The kernel has a neighbour entry for the sender now, as for everyone who asks.
        with contextlib.suppress(OSError), Rtnetlink() as netlink:
            netlink.delete(neighbours.of(SENDER, shim.index))
    return {"link": shim.name, "mac": shim.mac, "results": results}


def _ask(vantage: Vantage, address: ipaddress.IPv4Address, mac: str) -> FluxAnswer:
    question = Arp(ARP_REQUEST, vantage.mac, SENDER, NO_MAC, address)
    frame = build(Frame(vantage.mac, mac, question, signed=True))
    answered: list[str] = []
    for dummy in range(NUMBER):
        vantage.socket.send(frame)
        answered = _answerers(vantage, address)
        if answered:
            break
    return {"address": str(address), "answered": answered[:MACS_OF_ADDRESS]}


def _answerers(vantage: Vantage, address: ipaddress.IPv4Address) -> list[str]:
    """The MAC addresses that answer for an address within WAIT."""
    found: dict[str, None] = {}
    end = time.monotonic() + WAIT
    with selectors.DefaultSelector() as selector:
        selector.register(vantage.socket, selectors.EVENT_READ)
        while time.monotonic() < end:
            selector.select(max(end - time.monotonic(), 0))
            for frame, outgoing in vantage.waiting():
                body = frame.body
                if outgoing or not isinstance(body, Arp) or body.operation != ARP_REPLY:
                    continue
                if (body.spa, body.tpa) == (address, SENDER):
                    found.setdefault(body.sha)
    return list(found)


EXPERIMENT = Experiment(
    id="flux_ask",
    sends=f"up to {NUMBER} ARP requests for each address of the parent, at most {ADDRESSES_MAX}, from a temporary"
    f" macvlan link to the MAC address of the host's link alone, with the sender {SENDER} that nobody has; they do not"
    " leave the host",
    run=_run,
    why_not=_why_not,
)
