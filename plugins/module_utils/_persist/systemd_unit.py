# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A systemd unit with ip(8): for hosts where NetworkManager, ifupdown or nothing configures the parent."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._facts import RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.desired import DesiredLink, DesiredRoute

from . import networkd, sysctl, units
from .base import Backend, Host, Owner, Refusal, Rendered, parent_name
from .systemd import check_units

#: Looks, half a second apart, for the end of duplicate address detection, which takes a second or two (RFC 4862, 5.4).
DAD_LOOKS = 10


class SystemdUnit(Backend):
    name = "systemd"

    def suits(self, owner: Owner) -> bool:
        return owner.names != (networkd.SERVICE,)

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        return None

    def render(self, link: DesiredLink, host: Host) -> Rendered:
        files = {units.unit_path(link.name): _unit(link, host)}
        if host.networkd is not None:
            # A .network file that matches everything would make networkd a second owner of the link.
            files[networkd.network_path(link.name)] = networkd.unmanaged(link.name)
        return Rendered(files, (units.unit_name(link.name),))

    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        return check_units([units.unit_name(link.name)])


BACKEND = SystemdUnit()


def _unit(link: DesiredLink, host: Host) -> str:
    parent = parent_name(link)
    device = units.device_unit(parent)
    return units.service(
        link.name,
        description=f"macvlan link {link.name} on {parent}",
        # The device unit goes with its device and takes this unit along; it starts this unit when it comes back.
        ordering=["After=network-pre.target", *([f"BindsTo={device}", f"After={device}"] if host.udev else [])],
        wait=[] if host.udev else [units.wait_for(parent)],
        commands=list(_commands(link, parent, host)),
        wanted_by=["multi-user.target", *([device] if host.udev else [])],
        version=host.version,
    )


def _commands(link: DesiredLink, parent: str, host: Host) -> list[str]:
    """Each one may run again on a link that is there: nothing is taken away from it, nothing goes down."""
    create = units.shell(f"test -e /sys/class/net/{link.name} || exec {' '.join(_create(link, parent, host))}")
    commands = [create]
    if sysctl.render(link):
        # Before the link is up: it answers no ARP request under other rules than its own.
        commands.append(units.command(host.sysctl, sysctl.path(link.name)))
    addresses = link.addresses or ()
    commands += [units.command(host.ip, "address", "replace", str(item), "dev", link.name) for item in addresses]
    if link.up:
        commands.append(units.command(host.ip, "link", "set", "dev", link.name, "up"))
        commands += _add_routes(link, host.ip)
    return commands


def _add_routes(link: DesiredLink, ip: str) -> list[str]:
    """A gateway has to be reachable before a route through it is taken; IPv4 need not wait for IPv6."""
    routes = sorted(link.routes or (), key=lambda route: route.gateway is not None)
    ipv4 = [units.shell(_add_route(route, link.name, ip)) for route in routes if route.destination.version == 4]
    ipv6 = [units.shell(_add_route(route, link.name, ip)) for route in routes if route.destination.version == 6]
    return [*ipv4, *([units.shell(_wait_for_dad(link.name, ip))] if ipv6 else []), *ipv6]


def _create(link: DesiredLink, parent: str, host: Host) -> list[str]:
    """MAC and MTU belong into the create message, where udev's MACAddressPolicy leaves them alone."""
    words = [host.ip, "link", "add", "link", parent, "name", link.name]
    if link.mac:
        words += ["address", link.mac]
    if link.mtu is not None:
        words += ["mtu", str(link.mtu)]
    words += ["type", "macvlan", "mode", link.mode]
    if link.nopromisc:
        words.append("nopromisc")
    if link.bcqueuelen is not None:
        words += ["bcqueuelen", str(link.bcqueuelen)]
    return words


def _add_route(route: DesiredRoute, link: str, ip: str) -> str:
    """Add a route unless it is there. ``replace`` would take another device's of the same metric (fib_table_insert)."""
    version = route.destination.version
    selector = ["dev", link, "proto", "static", "table", str(route.table)]
    options = ["proto", "static"]
    if route.gateway is not None:
        selector += ["via", str(route.gateway)]
        options = ["via", str(route.gateway), *options]
    if route.source is not None:
        selector += ["src", str(route.source)]
        options += ["src", str(route.source)]
    if route.metric:
        options += ["metric", str(route.metric)]
        selector += ["metric", str(route.metric)]
    if route.table != RT_TABLE_MAIN:
        options += ["table", str(route.table)]
    have = f'test -n "$({ip} -{version} route show exact {route.destination} {" ".join(selector)})"'
    return f"{have} || exec {ip} -{version} route append {route.destination} dev {link} {' '.join(options)}"


def _wait_for_dad(link: str, ip: str) -> str:
    """The kernel takes no source address that is still tentative, as it stays without carrier: then systemd retries."""
    tentative = f'test -z "$({ip} -6 address show dev {link} tentative)"'
    return f"n=0; until {tentative} || test $n -ge {DAD_LOOKS}; do n=$((n+1)); sleep 0.5; done"
