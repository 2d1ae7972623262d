# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writes that change links, one class each: its data, its words for the operator, and how the kernel gets it.

A step is plain data until `write` is called, so that plans can be made and compared without a kernel.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Mapping, Union

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Interface
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes as _attributes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, DesiredRoute, sysctl_path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, RT_TABLE_MAIN

from .writer import LinkWriter

#: Attributes of a link by our names. (collections.abc cannot be subscripted at run time before Python 3.9.)
Attributes = Mapping[str, Union[str, int, bool]]


@dataclass(frozen=True)
class CreateLink:
    """Make a link that carries our mark."""

    link: str
    parent: Link
    attributes: Attributes

    def __str__(self) -> str:
        return f"create {self.link} on {self.parent.name}"

    def write(self, kernel: LinkWriter) -> None:
        # The MAC goes into the create message: one that is set later finds udev's MACAddressPolicy there before it.
        own, plain = _options(self.attributes)
        kernel.netlink.link("add", ifname=self.link, kind="macvlan", link=self.parent.index, **own, **plain)
        kernel.netlink.link("set", index=kernel.index(self.link), ifalias=MARK)


@dataclass(frozen=True)
class DeleteLink:
    link: str

    def __str__(self) -> str:
        return f"delete {self.link}"

    def write(self, kernel: LinkWriter) -> None:
        # A daemon that has just released the link may be faster.
        with suppress(LookupError), _already(errno.ENODEV):
            kernel.netlink.link("del", index=kernel.index(self.link))
        kernel.forget(self.link)


@dataclass(frozen=True)
class SetLink:
    """Change attributes of a link that is there."""

    link: str
    attributes: Attributes

    def __str__(self) -> str:
        return f"set {self.link} {', '.join(f'{name} {value}' for name, value in self.attributes.items())}"

    def write(self, kernel: LinkWriter) -> None:
        index = kernel.index(self.link)
        own, plain = _options(self.attributes)
        if own:
            kernel.netlink.link("set", index=index, kind="macvlan", **own)
        if plain:
            kernel.netlink.link("set", index=index, **plain)


@dataclass(frozen=True)
class AddAddress:
    link: str
    address: Interface

    def __str__(self) -> str:
        return f"add address {self.address} to {self.link}"

    def write(self, kernel: LinkWriter) -> None:
        # A daemon that knows the link configures it as soon as it is recreated.
        with _already(errno.EEXIST):
            kernel.netlink.addr("add", index=kernel.index(self.link), **_address(self.address))


@dataclass(frozen=True)
class RemoveAddress:
    link: str
    address: Interface

    def __str__(self) -> str:
        return f"remove address {self.address} from {self.link}"

    def write(self, kernel: LinkWriter) -> None:
        with _already(errno.EADDRNOTAVAIL):
            kernel.netlink.addr("del", index=kernel.index(self.link), **_address(self.address))


@dataclass(frozen=True)
class AddRoute:
    link: str
    route: DesiredRoute

    def __str__(self) -> str:
        return f"add route {self.route} over {self.link}"

    def write(self, kernel: LinkWriter) -> None:
        index = kernel.index(self.link)
        if self.route.source is not None and self.route.source.version == 6:
            kernel.wait_for_dad(index, str(self.route.source))
        # "replace" would take another link's route of the same destination and metric (fib_table_insert): the parent's
        # own. It is also there where not every change of addresses that could take a route along does.
        with _already(errno.EEXIST):
            kernel.netlink.route("append", **_route(self.route, index))


@dataclass(frozen=True)
class RemoveRoute:
    link: str
    route: DesiredRoute

    def __str__(self) -> str:
        return f"remove route {self.route} over {self.link}"

    def write(self, kernel: LinkWriter) -> None:
        index = kernel.index(self.link)
        with _already(errno.ESRCH):
            kernel.netlink.route("del", **_route(self.route, index))


@dataclass(frozen=True)
class WriteSetting:
    """A setting below /proc/sys of a link or of its parent."""

    link: str
    name: str
    value: int

    def __str__(self) -> str:
        return f"set {self.name} of {self.link} to {self.value}"

    def write(self, kernel: LinkWriter) -> None:
        path = sysctl_path(self.link, self.name)
        try:
            kernel.write_setting(f"/proc/sys/{path}", str(self.value))
        except FileNotFoundError:
            # No IPv6 in this kernel: then there is nothing that the setting could keep off.
            if "/ipv6/" not in path:
                raise


Step = Union[CreateLink, DeleteLink, SetLink, AddAddress, RemoveAddress, AddRoute, RemoveRoute, WriteSetting]


@contextmanager
def _already(code: int) -> Iterator[None]:
    """The kernel's answer where a daemon has done the same a moment before. Whoever asked for it reads back."""
    try:
        yield
    except Exception as error:
        if getattr(error, "errno", None) != code:
            raise


def _options(attributes: Attributes) -> tuple[dict[str, Any], dict[str, Any]]:
    """For `Changes`: those of macvlan itself (IFLA_INFO_DATA), which go into a message of their own, and plain ones."""
    own: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for row in _attributes.ATTRIBUTES:
        if row.name in attributes:
            (own if row.own else plain)[row.netlink] = row.encode(attributes[row.name])
    if "alias" in attributes:
        plain["ifalias"] = attributes["alias"]
    for queues in ("num_tx_queues", "num_rx_queues"):
        if queues in attributes:
            plain[queues] = attributes[queues]
    if "up" in attributes:
        plain["state"] = "up" if attributes["up"] else "down"
    return own, plain


def _address(interface: Interface) -> dict[str, Any]:
    return {"address": str(interface.ip), "prefixlen": interface.network.prefixlen}


def _route(route: DesiredRoute, index: int) -> dict[str, Any]:
    version = route.destination.version
    options: dict[str, Any] = {
        "family": 2 if version == 4 else 10,
        "dst": str(route.destination),
        "oif": index,
        "table": route.table or RT_TABLE_MAIN,
        "proto": route.protocol,
        "scope": route.default_scope if route.scope is None else route.scope,
    }
    if route.gateway is not None:
        options["gateway"] = str(route.gateway)
    if route.source is not None:
        options["prefsrc"] = str(route.source)
    # IPv6 without a metric removes the route of any metric (ip6_route_del).
    metric = route.metric or (IPV6_DEFAULT_METRIC if version == 6 else 0)
    if metric:
        options["priority"] = metric
    if route.tos:
        options["tos"] = route.tos
    if route.metrics:
        options["metrics"] = {"attrs": [(f"RTAX_{name.upper()}", value) for name, value in route.metrics]}
    return options
