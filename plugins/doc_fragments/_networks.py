# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that ask are told of each network."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  networks:
    suboptions:
      name:
        description: The name of the network. Needed.
        type: str
      parent:
        description:
          - The parent, which is an interface name or a mapping with one of the keys V(mac), V(subnet) and
            V(default_route). Needed.
        type: raw
      subnets:
        description: The subnets. Needed.
        type: list
        elements: str
      gateways:
        description: The gateways.
        type: list
        elements: str
      container_ranges:
        description:
          - The ranges that containers have addresses from. Without a range of a family, every address in a subnet of
            that family is taken for one of the network.
        type: list
        elements: str
      excluded:
        description: Addresses in the ranges that containers never have.
        type: list
        elements: str
      host_addresses:
        description: The host's own addresses on its macvlan link.
        type: list
        elements: str
      containers:
        description: Container addresses that are asked even where no such container is found on the host.
        type: list
        elements: str
      link:
        description:
          - The name of the host's own macvlan link.
          - Without it the host takes no part in the network, and nothing is asked between host and containers, as
            macvlan isolates a parent from its children by design. M(linuxnet.macvlan.macvlan_verify) reports these
            checks as V(SKIPPED) then.
        type: str
      engine:
        description: The container engine. Nothing here depends on it.
        type: str
      segment:
        description: The layer 2 segment. Nothing here depends on it.
        type: str
      of_link:
        description: Whether it stands for a link that no network declares. It then has the link's name.
        type: bool
      leased:
        description: Whether a DHCP server leases the IPv4 address of the link.
        type: bool
      announce:
        description: Whether a service of the link announces containers that start.
        type: bool
      checks:
        description:
          - How to ask containers, each V(icmp), V(arp) or V(tcp:PORT), for all of them, or behind an address and a
            space for one.
        type: list
        elements: str
      key:
        description: Where the declaration has it, for messages. The filter P(linuxnet.macvlan.intent#filter) sets it.
        type: str
"""
