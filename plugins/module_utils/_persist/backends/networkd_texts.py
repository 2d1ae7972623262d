# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that have systemd-networkd make a link, as text: systemd.netdev(5) and systemd.network(5). Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.attributes import NETDEV
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import LEASE_METRIC, head, keys, section

#: A leased address, and nothing else that a server offers, by the MAC address. The host's name belongs to the parent's
#: address.
LEASE = (
    ("ClientIdentifier", "mac"),
    ("SendHostname", "no"),
    ("RouteMetric", LEASE_METRIC),
    *((f"Use{what}", "no") for what in ("Routes", "Gateway", "DNS", "Domains", "NTP", "SIP", "Hostname", "MTU")),
)


def netdev(link: DesiredLink) -> str:
    sections = keys(link, NETDEV)
    device = [("Name", link.name), ("Kind", "macvlan"), *sections.pop("NetDev", ())]
    return head(link.name) + "".join(section(*item) for item in [("NetDev", device), *sections.items()])


def drop_in(link: str) -> str:
    return head(link) + section("Network", [("MACVLAN", link)])


def network(link: DesiredLink) -> str:
    device: list[tuple[str, object]] = [("RequiredForOnline", "no")]
    network: list[tuple[str, object]] = [
        ("DHCP", "ipv4" if link.dhcp else "no"),
        ("LLDP", "no"),
        # As the kernel does by itself: fe80::/64 yes, autoconfiguration and a foreign default route no.
        ("LinkLocalAddressing", "ipv6"),
        ("IPv6AcceptRA", "no"),
        # Addresses and routes stay when the cable goes, and come when it is not there yet.
        ("ConfigureWithoutCarrier", "yes"),
        ("IgnoreCarrierLoss", "yes"),
    ]
    if link.addresses is None or link.routes is None:
        # What is not declared is not ours to remove.
        network.append(("KeepConfiguration", "static"))
    network += [("Address", address) for address in link.addresses or ()]
    text = head(link.name) + section("Match", [("Name", link.name)]) + section("Link", device)
    text += section("Network", network) + (section("DHCPv4", LEASE) if link.dhcp else "")
    return text + "".join(_route(route) for route in link.routes or ())


def _route(route: DesiredRoute) -> str:
    keys: list[tuple[str, object]] = [("Destination", route.destination)]
    if route.gateway is not None:
        keys.append(("Gateway", route.gateway))
    elif route.destination.version == 4:
        keys.append(("Scope", "link"))
    if route.source is not None:
        keys.append(("PreferredSource", route.source))
    if route.metric:
        keys.append(("Metric", route.metric))
    if route.table != RT_TABLE_MAIN:
        keys.append(("Table", route.table))
    return section("Route", keys)
