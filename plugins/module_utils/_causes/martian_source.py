# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""martian_source: the host drops what a container sends, as by its own routing nobody can have that address."""

from __future__ import annotations

import ipaddress

from .case import Case
from .model import Cause, Item, Verdict

#: Prefix lengths from here on have no broadcast address (RFC 3021).
NO_BROADCAST = 31


def judge(case: Case) -> Verdict:
    for container in [*case.after.containers, *case.after.scope["strays"]]:
        address, namespace = container["address"], container["namespace"]
        if not namespace:
            continue
        hurt = [
            target
            for target in case.broken()
            if target["target"] == address
            or (target["from"]["namespace"] == namespace and _source(case, namespace, target["target"]) == address)
        ]
        found = _broadcast(case, address) or _local(case, address)
        if found is None or not hurt:
            continue
        why, remedy, items = found
        own = case.item("address", f"the container has {address}", container["link"], namespace)
        return case.confirmed(
            f"{case.host} drops everything that comes from {address}, the container in {namespace}, as a martian"
            f" source: {why}",
            [own, *items, *case.loss_items(hurt)],
            after=case.first_loss(hurt),
            remedy=remedy,
        )
    return case.ruled_out("no container has an address that the host's routing takes for a broadcast or for its own")


def _source(case: Case, namespace: str, target: str) -> str | None:
    """The address that a container asks a target from, None where that is not known."""
    space = case.after.space(namespace)
    path = space.path(target) if space else None
    if path is not None:
        return path["source"] or None
    held = [item["address"] for item in case.after.containers if item["namespace"] == namespace]
    return str(held[0]) if len(held) == 1 else None


def _broadcast(case: Case, address: str) -> tuple[str, str, list[Item]] | None:
    """Why it is one, what to do, and the proof: the last address of a subnet that a link of the host is in."""
    for item in case.after.own.addresses():
        interface = ipaddress.ip_interface(item["address"])
        length = interface.network.prefixlen
        if interface.version == 4 and length < NO_BROADCAST and address == str(interface.network.broadcast_address):
            remedy = (
                f"ip address replace {interface.ip}/32 dev {item['link']}, and ip address delete {item['address']} dev"
                f" {item['link']}: a macvlan link of the host needs no subnet of its own, only routes to the containers"
            )
            proof = case.item("address", f"{item['address']}, whose broadcast address is {address}", item["link"])
            return f"by {item['address']} on {item['link']} that is a broadcast address", remedy, [proof]
    return None


def _local(case: Case, address: str) -> tuple[str, str, list[Item]] | None:
    """The same where the host routes it to itself without having it, and does not accept its own as a source (IPv4)."""
    own = case.after.own
    path = own.path(address)
    if path is None or not path["local"] or ipaddress.ip_address(address).version != 4:
        return None
    if any(str(ipaddress.ip_interface(item["address"]).ip) == address for item in own.addresses()):
        return None
    link = case.after.shim or case.after.parent
    if link is None or own.strictest(link["name"], "accept_local"):
        return None
    return (
        "a route of type local makes it the host's own",
        f"ip route show table local (remove the route to {address}), or net.ipv4.conf.{link['name']}.accept_local = 1",
        [case.item("path", f"{address} is local, by {path['link']}, and accept_local is 0", link["name"])],
    )


CAUSE = Cause(
    id="martian_source",
    title="the host takes a container's packets for impossible ones",
    explanation="Linux drops what arrives with a source address that can be nobody's there: a broadcast address, or one"
    " that its routing says is its own (unless accept_local is set). A subnet on the host's link that is smaller than"
    " the network's makes its last address a broadcast address, which in the network is one like any other.",
    remedy="give the host's link its address with the prefix length 32, and routes to the containers",
    signature="at once, for one container only",
    proof="the container's address is a broadcast or local address by the host's own addresses and routes, and nothing"
    " passes between both; log_martians shows each packet",
    must="D",
    needs=("watch", "after"),
    judge=judge,
)
