# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that writes links, addresses, routes and per-interface settings."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, DesiredRoute, sysctl_path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    IFA_F_TENTATIVE,
    RT_SCOPE_LINK,
    RT_SCOPE_UNIVERSE,
    RT_TABLE_MAIN,
    RTPROT_STATIC,
    RTPROT_UNSPEC,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import open_rtnetlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import write_setting

from .plan import LinkPlan, Step, wanted_mtu

#: Seconds to wait for duplicate address detection: one probe and RetransTimer of 1 s (RFC 4862, 5.1), with room.
DAD_TIMEOUT = 5.0

#: What the kernel means, where its own words do not help.
MEANINGS = {
    errno.EADDRINUSE: "another link on the same parent, maybe in another network namespace, has this MAC address",
    errno.EBUSY: "the parent is a port of a bridge or bond, or carries another kind of virtual link",
    errno.EOPNOTSUPP: "this kernel does not know macvlan; run kmod_check",
    errno.EPERM: "the task has no CAP_NET_ADMIN in this network namespace",
    errno.EROFS: "/proc/sys is read-only here",
}


class ApplyFailed(Exception):
    """The kernel refused a step; the message says which one and what it means."""


def apply(plan: LinkPlan) -> None:
    """Make the steps in their order. Errors: ApplyFailed; a link that was created and not finished is gone again."""
    created: list[str] = []
    with open_rtnetlink() as netlink:
        kernel = _Kernel(netlink)
        for step in plan.steps:
            try:
                ACTIONS[step.action](kernel, step)
            except Exception as error:
                for name in created if step.link in created else ():
                    with contextlib.suppress(Exception):
                        netlink.link("del", index=kernel.index(name))
                raise ApplyFailed(f"{_words(step)}: {_meaning(error)}") from error
            if step.action == "create":
                created.append(step.link)


class _Kernel:
    """An rtnetlink socket, and the index of each link that it was asked for: asking costs as much as a change."""

    def __init__(self, netlink: Any) -> None:
        self.netlink = netlink
        self._indexes: dict[str, int] = {}

    def index(self, name: str) -> int:
        if name not in self._indexes:
            found = list(self.netlink.link_lookup(ifname=name))
            if not found:
                raise LookupError(f"interface {name} is not there")
            self._indexes[name] = int(found[0])
        return self._indexes[name]

    def forget(self, name: str) -> None:
        """A link that comes back under the same name has another index."""
        self._indexes.pop(name, None)


def _meaning(error: Exception) -> str:
    code = getattr(error, "code", None) or getattr(error, "errno", None)
    text = f"{type(error).__name__}: {error}"
    return f"{text} ({MEANINGS[code]})" if code in MEANINGS else text


def _words(step: Step) -> str:
    details = ", ".join(f"{name} {value}" for name, value in step.arguments.items() if name != "desired")
    return " ".join(part for part in (step.action.replace("_", " "), step.link, details) if part)


def _create(kernel: _Kernel, step: Step) -> None:
    desired = step.arguments["desired"]
    options: dict[str, object] = {"macvlan_mode": desired.mode, "mtu": wanted_mtu(desired)}
    if desired.mac:
        options["address"] = desired.mac
    if desired.bcqueuelen is not None:
        options["macvlan_bc_queue_len"] = desired.bcqueuelen
    if desired.nopromisc:
        options["macvlan_flags"] = "nopromisc"
    kernel.netlink.link("add", ifname=desired.name, kind="macvlan", link=desired.lower.index, **options)
    kernel.netlink.link("set", index=kernel.index(desired.name), ifalias=MARK)


def _delete(kernel: _Kernel, step: Step) -> None:
    """A daemon that was told to let go of the link may be faster."""
    with contextlib.suppress(LookupError), _already(errno.ENODEV):
        kernel.netlink.link("del", index=kernel.index(step.link))
    kernel.forget(step.link)


@contextlib.contextmanager
def _already(code: int) -> Iterator[None]:
    """The kernel's answer where a daemon has done the same a moment before. Whoever asked for it reads back."""
    try:
        yield
    except Exception as error:
        if getattr(error, "code", None) != code:
            raise


#: Our names for pyroute2's, where they differ.
NETLINK_NAMES = {"mac": "address", "alias": "ifalias", "up": "state"}


def _set(kernel: _Kernel, step: Step) -> None:
    """Plain link attributes in one message, macvlan's own in another."""
    attributes: dict[str, object] = dict(step.arguments["attributes"])
    index = kernel.index(step.link)
    data: dict[str, object] = {}
    if "mode" in attributes:
        data["macvlan_mode"] = attributes.pop("mode")
    if "bcqueuelen" in attributes:
        data["macvlan_bc_queue_len"] = attributes.pop("bcqueuelen")
    if "nopromisc" in attributes:
        data["macvlan_flags"] = "nopromisc" if attributes.pop("nopromisc") else "none"
    if data:
        kernel.netlink.link("set", index=index, kind="macvlan", **data)
    plain: dict[str, object] = {NETLINK_NAMES.get(name, name): value for name, value in attributes.items()}
    if "state" in plain:
        plain["state"] = "up" if plain["state"] else "down"
    if plain:
        kernel.netlink.link("set", index=index, **plain)


def _add_address(kernel: _Kernel, step: Step) -> None:
    """A daemon that knows the link configures it as soon as it is made anew."""
    with _already(errno.EEXIST):
        _address(kernel, "add", step)


def _remove_address(kernel: _Kernel, step: Step) -> None:
    with _already(errno.EADDRNOTAVAIL):
        _address(kernel, "del", step)


def _address(kernel: _Kernel, command: str, step: Step) -> None:
    interface = step.arguments["address"]
    kernel.netlink.addr(
        command, index=kernel.index(step.link), address=str(interface.ip), prefixlen=interface.network.prefixlen
    )


def _add_route(kernel: _Kernel, step: Step) -> None:
    route = step.arguments["route"]
    index = kernel.index(step.link)
    if route.source is not None and route.source.version == 6:
        _wait_for_dad(kernel.netlink, index, str(route.source))
    # "replace" would take another link's route of the same destination and metric (fib_table_insert): the parent's own.
    # It is also there where not every change of addresses that could take a route along does.
    with _already(errno.EEXIST):
        kernel.netlink.route("append", **_route(route, index))


def _remove_route(kernel: _Kernel, step: Step) -> None:
    # Whoever made the route gave it a protocol of their own: none matches any.
    options = {**_route(step.arguments["route"], kernel.index(step.link)), "proto": RTPROT_UNSPEC}
    with _already(errno.ESRCH):
        kernel.netlink.route("del", **options)


def _route(route: DesiredRoute, index: int) -> dict:
    version = route.destination.version
    options: dict[str, object] = {
        "family": 2 if version == 4 else 10,
        "dst": str(route.destination),
        "oif": index,
        "table": route.table or RT_TABLE_MAIN,
        "proto": RTPROT_STATIC,
        # An on-link IPv4 route has link scope, as ip-route(8) gives it; IPv6 knows no scopes.
        "scope": RT_SCOPE_LINK if version == 4 and route.gateway is None else RT_SCOPE_UNIVERSE,
    }
    if route.gateway is not None:
        options["gateway"] = str(route.gateway)
    if route.source is not None:
        options["prefsrc"] = str(route.source)
    if route.metric:
        options["priority"] = route.metric
    return options


def _wait_for_dad(netlink: Any, index: int, address: str) -> None:
    """The kernel refuses a source address that is still tentative (ip6_route_info_create)."""
    deadline = time.monotonic() + DAD_TIMEOUT
    while time.monotonic() < deadline:
        flags = [
            message.get_attr("IFA_FLAGS") or message["flags"]
            for message in netlink.get_addr(index=index)
            if message.get_attr("IFA_ADDRESS") == address
        ]
        if flags and not flags[0] & IFA_F_TENTATIVE:
            return
        time.sleep(0.1)


def _sysctl(_kernel: _Kernel, step: Step) -> None:
    path = f"/proc/sys/{sysctl_path(step.arguments['interface'], step.arguments['name'])}"
    try:
        write_setting(path, str(step.arguments["value"]))
    except FileNotFoundError:
        # No IPv6 in this kernel: then there is nothing that the setting could keep off.
        if "/ipv6/" not in path:
            raise


ACTIONS: dict[str, Callable[..., None]] = {
    "create": _create,
    "delete": _delete,
    "set": _set,
    "add_address": _add_address,
    "remove_address": _remove_address,
    "add_route": _add_route,
    "remove_route": _remove_route,
    "sysctl": _sysctl,
}
