# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""martian_source: the host drops a container's packets, as its own routing makes their source a martian."""

from __future__ import annotations

import ipaddress
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ip_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import FrameSeen
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    BY_HAND,
    SOON,
    RemedyStep,
    apply,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: Prefix lengths from here on have no broadcast address (RFC 3021).
NO_BROADCAST = 31
#: The snapshot's name of the kernel's counter of martian sources, which is one for all namespaces.
MARTIAN_SOURCES = "RouteInMartianSrc"

#: Of a local route.
MAKERS = (
    "keep what made that local route (IPVS, a transparent proxy) from making it again; neighbours that the host"
    f" answered for the container find it {SOON}"
)
#: Neighbour entries that packets are sent by.
IN_USE = ("REACHABLE", "DELAY", "PROBE")
#: Its text and its steps.
_Remedy = tuple[str, list[RemedyStep]]


def judge(case: Case) -> CauseVerdict:
    for container in case.after.found:
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
        why, (remedy, steps), items = found
        own = case.item("address", f"the container has {address}", container["link"], namespace)
        return case.confirmed(
            f"{case.host} drops all packets from {address}, the container in {namespace}, as from a martian source:"
            f" {why}",
            [own, *items, *case.loss_items(hurt)],
            after=case.first_loss(hurt),
            remedy=remedy,
            steps=steps,
        )
    return _reflected(case) or case.ruled_out(
        "no container has an address that the host's routing treats as a broadcast address or as its own"
    )


def _reflected(case: Case) -> CauseVerdict | None:
    """The host asks for one of its addresses from another one, over the wire, and its own request comes back.

    A reflecting port (hairpin, VEPA) does that. With accept_local the kernel would accept it. Other reflected requests
    of the host, such as those of a watch, resolve its entry for itself: then its packets come back instead.
    """
    own = {str(ip_of(item["address"])): item["link"] or "" for item in case.after.own.addresses()}
    # While it did not have an address, it asked for that as for anybody's.
    for gone in case.address_events("delete"):
        own.pop(bare(gone["data"]["address"]), None)
    event = next((item for item in case.frame_events("arp") if _came_back(item["data"], own)), None)
    entries = [
        item
        for item in case.after.own.neighbours()
        if item["address"] in own and ":" not in item["address"] and item["state"] in IN_USE
    ]
    dropped = case.after.own.netstat(MARTIAN_SOURCES)
    if case.evidence["before"]:
        dropped -= case.before.own.netstat(MARTIAN_SOURCES)
    if (event is None and not entries) or dropped <= 0:
        return None
    asked = (event["data"]["asked"] or "") if event is not None else entries[0]["address"]
    link = own[asked]
    if case.after.own.strictest(link, "accept_local"):
        return None
    items = [
        case.item("neighbour", f"{asked} is {item['state'] or 'unknown'}", item["link"])
        for item in case.after.own.neighbours(asked)
        if item in entries or not item["mac"]
    ]
    does = f"sends what is for its own address {asked} over the wire, the switch sends it back"
    if event is not None:
        does = (
            f"asks for its own address {asked} from {event['data']['address']} over the wire, the switch sends the"
            " request back"
        )
    after = event["after"] if event is not None else None
    return case.confirmed(
        f"{case.host} {does}, and {case.host} drops it as from a martian source{since(after)}",
        [
            *([case.event_item(event)] if event is not None else []),
            *items[:2],
            case.item("setting", f"accept_local is 0 (the larger of all and {link})", link),
            case.item("counter", f"{dropped} packets were dropped for a martian source during the watch"),
        ],
        after=after,
        remedy="remove the routing rules that send packets for the host itself to the wire (ip rule); or, to keep them,"
        f" net.ipv4.conf.{link}.accept_local = 1 and a permanent neighbour entry for {asked}, as arp_filter on {link}"
        " still leaves the request unanswered",
    )


def _came_back(data: FrameSeen, own: dict[str, str]) -> bool:
    """Whether an ARP event is a request of the host for its own address that arrived from the network."""
    asking, asked = data["address"], data["asked"]
    ours = asking != asked and asking in own and asked in own
    return ours and data["what"] == "request" and data["incoming"] and data["own_mac"]


def _source(case: Case, namespace: str, target: str) -> str | None:
    """The source address of a container for a target, None where that is not known."""
    space = case.after.namespace(namespace)
    path = space.path(target) if space else None
    if path is not None:
        return path["source"] or None
    held = [item["address"] for item in case.after.containers if item["namespace"] == namespace]
    return held[0] if len(held) == 1 else None


def _broadcast(case: Case, address: str) -> tuple[str, _Remedy, list[EvidenceItem]] | None:
    """Why, the remedy and the proof, if it is the last address of a subnet that a link of the host is in."""
    for item in case.after.own.addresses():
        interface = ipaddress.ip_interface(item["address"])
        length = interface.network.prefixlen
        if interface.version == 4 and length < NO_BROADCAST and address == str(interface.network.broadcast_address):
            link = quote(str(item["link"]))
            commands = (
                f"ip address replace {interface.ip}/32 dev {link}",
                f"ip address delete {interface} dev {link}",
            )
            remedy = (
                f"{', and '.join(commands)}: the host's macvlan link needs no subnet, only routes to the containers:"
                " linuxnet.macvlan.site makes them"
            )
            proof = case.item("address", f"{item['address']}, whose broadcast address is {address}", item["link"])
            return (
                f"by {item['address']} on {item['link']} that is a broadcast address",
                (remedy, [*map(command, commands), apply()]),
                [proof],
            )
    return None


def _local(case: Case, address: str) -> tuple[str, _Remedy, list[EvidenceItem]] | None:
    """The same if the host routes it to itself without having it, and does not accept its own as a source (IPv4)."""
    own = case.after.own
    path = own.path(address)
    if path is None or not path["local"] or ipaddress.ip_address(address).version != 4:
        return None
    if any(str(ip_of(item["address"])) == address for item in own.addresses()):
        return None
    link = case.after.shim or case.after.parent
    if link is None or own.strictest(link["name"], "accept_local"):
        return None
    # With accept_local the host would take what the container sends, and send what it answers to itself.
    delete = f"ip route delete $(ip route get fibmatch {address})"
    return (
        "a route of type local makes it an address of the host",
        (f"{delete}, and {MAKERS}", [command(delete)]),
        [case.item("path", f"{address} is local, by {path['link']}, and accept_local is 0", link["name"])],
    )


CAUSE = Cause(
    id="martian_source",
    rank=400,
    title="the host drops packets because their source address is a martian",
    explanation="Linux drops packets whose source address is impossible there: a broadcast address, or one that its own"
    " routing treats as local (unless accept_local is set). If the subnet on the host's link is smaller than the"
    " network's, its last address is a broadcast address for the host and an ordinary one in the network. If the host"
    " sends packets to itself over a switch port that reflects frames, its own address arrives as a source.",
    remedy="give the host's link its address with the prefix length 32, and routes to the containers",
    signature="from the start, for one container or the host's own addresses only",
    proof="the container's address is a broadcast or local address by the host's own addresses and routes, and nothing"
    " passes between both; or the host's own request for its own address comes back from the network and is not"
    " answered; log_martians logs each packet",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    breaks=OF_HOST,
    judge=judge,
)
