# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel for unit tests: it takes what steps write, as it would get it, and has facts to plan from."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress, Route
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import Step
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.writer import LinkWriter

#: The names in a change for what a link is made of, and ours.
NAMES = {
    "macvlan_mode": "mode",
    "macvlan_bc_queue_len": "bcqueuelen",
    "macvlan_flags": "nopromisc",
    "address": "mac",
    "mtu": "mtu",
    "ifalias": "alias",
    "state": "up",
}
VALUES = {"up": True, "down": False, "nopromisc": True, "none": False}


class Refused(OSError):
    """As the kernel's answer."""

    def __init__(self, code: int) -> None:
        super().__init__(code, errno.errorcode[code])


class FakeKernel:
    """Links, addresses and routes of one namespace, and the settings of its interfaces by path below /proc/sys."""

    def __init__(self, facts: Facts, settings: dict[str, int] | None = None) -> None:
        self.links = {link.index: link for link in facts.links}
        self.addresses = list(facts.addresses)
        self.routes = list(facts.routes)
        self.settings = dict(settings or {})
        self._last = max(self.links)

    def make(self, steps: Iterable[Step]) -> Facts:
        """Take steps in their order; the facts afterwards."""
        writer = LinkWriter(self)
        writer.write_setting = self._write_setting
        for step in steps:
            step.write(writer)
        return Facts(tuple(self.links.values()), tuple(self.addresses), tuple(self.routes))

    def _check_mac(self, made: Link) -> None:
        """The kernel does so only while both are up (macvlan_open, macvlan_sync_address)."""
        if made.parent is not None and any(
            other.mac == made.mac and other.parent == made.parent
            for index, other in self.links.items()
            if index != made.index
        ):
            raise Refused(errno.EADDRINUSE)

    def _write_setting(self, path: str, text: str) -> None:
        self.settings[path[len("/proc/sys/") :]] = int(text)

    # What LinkWriter and the steps ask of `Changes`.

    def link_lookup(self, ifname: str) -> list[int]:
        return [index for index, link in self.links.items() if link.name == ifname]

    def link(self, command: str, index: int = 0, ifname: str = "", kind: str = "", link: int = 0, **given) -> None:
        values = {NAMES[name]: VALUES.get(value, value) for name, value in given.items()}
        if command == "add":
            if self.link_lookup(ifname):
                raise Refused(errno.EEXIST)
            index = self._last = self._last + 1
            parent = self.links[link]
            made = Link(index, ifname, kind, mac=parent.mac, mtu=parent.mtu, parent=link, bcqueuelen=1000)
            self._check_mac(replace(made, **values))
            self.links[index] = replace(made, **values)
        elif command == "set":
            self._check_mac(replace(self.links[index], **values))
            self.links[index] = replace(self.links[index], **values)
            if not self.links[index].up:
                self._drop(index, lambda route: True)
                self._keep(index, lambda address: address.interface.version == 4 or "state" not in given)
        else:
            del self.links[index]
            self._drop(index, lambda route: True)
            self._keep(index, lambda address: False)

    def addr(self, command: str, index: int, address: str, prefixlen: int) -> None:
        wanted = LinkAddress(index, ipaddress.ip_interface(f"{address}/{prefixlen}"))
        if command == "add":
            if wanted in self.addresses:
                raise Refused(errno.EEXIST)
            self.addresses.append(wanted)
            return
        if wanted not in self.addresses:
            raise Refused(errno.EADDRNOTAVAIL)
        same = [item for item in self.addresses if item.index == index and item.interface.version == 4]
        subnet = [item for item in same if item.interface.network == wanted.interface.network]
        # With the first address of an IPv4 subnet the others go (__inet_del_ifa without promote_secondaries).
        gone = subnet if wanted in subnet[:1] else [wanted]
        sources = {item.interface.ip for item in gone}
        self._keep(index, lambda item: item not in gone)
        # A route goes with its source address, IPv4 routes with the last IPv4 address (fib_disable_ip).
        last = wanted.interface.version == 4 and set(same) <= set(gone)
        self._drop(index, lambda route: route.prefsrc in sources or (last and route.destination.version == 4))

    def route(
        self,
        command: str,
        family: int,
        dst: str,
        oif: int,
        table: int,
        proto: int,
        scope: int,
        gateway: str | None = None,
        prefsrc: str | None = None,
        priority: int = 0,
        tos: int = 0,
        metrics: dict | None = None,
    ) -> None:
        destination = ipaddress.ip_network(dst)
        metric = priority or (IPV6_DEFAULT_METRIC if destination.version == 6 else 0)
        hops = [text and ipaddress.ip_address(text) for text in (gateway, prefsrc)]
        numbers = tuple((name[len("RTAX_") :].lower(), value) for name, value in (metrics or {"attrs": ()})["attrs"])
        wanted = Route(destination, oif, *hops, metric, table, proto, scope, tos, metrics=numbers)
        # An IPv6 route over the same device is the same one, whoever made it (fib6_add_rt2node).
        ignored = {"protocol": 0, "metrics": ()} if destination.version == 6 and command == "append" else {}
        found = [item for item in self.routes if replace(item, **ignored) == replace(wanted, **ignored)]
        if command == "append":
            if found:
                raise Refused(errno.EEXIST)
            if not self.links[oif].up:
                raise Refused(errno.ENETDOWN)
            self.routes.append(wanted)
        elif not found:
            raise Refused(errno.ESRCH)
        else:
            self._drop(oif, lambda route: route in found)

    def settled(self, index: int, address: str) -> bool:
        return any(item.index == index and str(item.interface.ip) == address for item in self.addresses)

    def _keep(self, index: int, wanted) -> None:
        self.addresses = [item for item in self.addresses if item.index != index or wanted(item)]

    def _drop(self, index: int, unwanted) -> None:
        self.routes = [item for item in self.routes if item.oif != index or not unwanted(item)]
