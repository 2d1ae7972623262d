# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose parent is a bridge, with its card as a port."""

from __future__ import annotations

from .lab import FLEET, GATEWAY, NamespaceLab


def make(lab: NamespaceLab, host: str, card: str | None = None, ports: dict[str, str] | None = None) -> None:
    """The host's card becomes a port of a bridge that takes over its name; its links are recreated on the bridge.

    card: its MAC address from now on. ports: further ports, with their MAC addresses.
    """
    lab.remove_links(host)
    made = lab.hosts[host]
    made.ip("address", "flush", "dev", "eth0")
    made.ip("link", "set", "eth0", "down")
    made.ip("link", "set", "eth0", "name", "card0", *(["address", card] if card else []))
    made.ip("link", "add", "eth0", "type", "bridge", "mcast_snooping", "0")
    for port, mac in (ports or {}).items():
        made.ip("link", "add", port, "address", mac, "type", "veth", "peer", "name", f"{port}-peer")
        made.ip("link", "set", f"{port}-peer", "up")
    for port in ("card0", *(ports or {})):
        made.ip("link", "set", port, "master", "eth0", "up")
    made.ip("link", "set", "eth0", "up")
    made.ip("address", "add", FLEET[host].parent_address, "dev", "eth0")
    made.ip("route", "add", "default", "via", GATEWAY)
    lab.make_links(host)


def undo(lab: NamespaceLab, host: str, *ports: str) -> None:
    """The card is the parent again, without the further ports."""
    for link in ("eth0", "card0", *ports):
        lab.hosts[host].ip("link", "delete", link)
    lab.plug_again(host)
    for place in (*lab.hosts.values(), *lab.containers.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")
