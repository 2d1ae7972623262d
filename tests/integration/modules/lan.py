# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A LAN with a host that has a macvlan link of its own, a container on it and a gateway."""

from __future__ import annotations

from labkit.segment import Host, Namespace, Segment

GATEWAY, PARENT, SHIM, CONTAINER = (f"192.168.100.{number}" for number in (1, 11, 3, 129))
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnets": ["192.168.100.0/24"],
    "gateways": [GATEWAY],
    "container_ranges": ["192.168.100.128/28"],
    "host_addresses": [SHIM],
    "link": "lan0",
}


class Lan:
    """The host's link is made as macvlan_link makes it."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.gateway: Host = segment.host("gw", addresses=[f"{GATEWAY}/24"])
        self.host: Host = segment.host("h1", addresses=[f"{PARENT}/24"])
        self.container: Namespace = self.host.container("c1", addresses=[f"{CONTAINER}/24"])
        self.host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
        self.host.ip("link", "set", "lan0", "up")
        self.host.ip("address", "add", f"{SHIM}/32", "dev", "lan0")
        self.host.ip("route", "add", "192.168.100.128/28", "dev", "lan0")
        for device in ("eth0", "lan0"):
            self.host.sysctl(f"net/ipv4/conf/{device}/arp_filter", 1)
