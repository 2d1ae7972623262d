# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watch is given: networks, further targets, and times. Pure."""

from __future__ import annotations

import math
from typing import TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    ifname_problem,
    one_address_remedy,
    parse_address,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems, unknown_keys
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, TCP, WHO_HAS

METHODS = (ECHO, WHO_HAS, TCP)

#: Seconds.
DURATION, DURATION_MIN, DURATION_MAX = 60.0, 1.0, 3600.0
INTERVAL, INTERVAL_MIN, INTERVAL_MAX = 0.5, 0.2, 1.0

_KEYS = ("networks", "targets", "duration", "interval", "after_break", "temporary_child")
_TARGET_KEYS = ("target", "method", "namespace", "link", "port")


class WatchOptions(TypedDict, total=False):
    """The module's options, not checked yet."""

    networks: list[dict]
    targets: list[dict]
    duration: object
    interval: object
    after_break: object
    temporary_child: object


@dataclass(frozen=True)
class RequestedTarget:
    """One target beside those of the networks. namespace: its label; link: for who_has."""

    target: Address
    method: str
    namespace: str
    link: str
    port: int
    key: str


@dataclass(frozen=True)
class WatchRequest:
    """duration, interval: seconds. temporary_child: whether one may ask where the host has no link of its own.

    after_break: seconds to go on after something was seen to be broken, longer where it comes and goes (`Progress`);
    None to go on for the whole duration.
    """

    networks: tuple[MacvlanNetwork, ...]
    targets: tuple[RequestedTarget, ...]
    duration: float = DURATION
    interval: float = INTERVAL
    temporary_child: bool = True
    after_break: float | None = None


def parse(given: WatchOptions, problems: Problems) -> WatchRequest:
    """Every fault becomes a problem; the result is only good without any."""
    unknown_keys(dict(given), _KEYS, "request", problems)
    networks = _networks.networks(given.get("networks") or [], problems)
    targets = [_target(item, f"targets[{number}]", problems) for number, item in enumerate(given.get("targets") or [])]
    duration = _seconds(given.get("duration"), "duration", DURATION, DURATION_MIN, DURATION_MAX, problems)
    interval = _seconds(given.get("interval"), "interval", INTERVAL, INTERVAL_MIN, INTERVAL_MAX, problems)
    after_break = _seconds(given.get("after_break"), "after_break", DURATION_MAX, 0.0, DURATION_MAX, problems)
    return WatchRequest(
        tuple(networks),
        tuple(item for item in targets if item is not None),
        duration,
        interval,
        bool(given.get("temporary_child", True)),
        None if given.get("after_break") is None else after_break,
    )


def _seconds(value: object, key: str, default: float, low: float, high: float, problems: Problems) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        problems.add(key, value, "this is not a number of seconds", f"give one from {low:g} to {high:g}")
        return default
    if not low <= value <= high:
        problems.add(key, value, f"this is not from {low:g} to {high:g} seconds", f"write a number such as {high:g}")
    return float(value)


def _target(given: object, key: str, problems: Problems) -> RequestedTarget | None:
    if not isinstance(given, dict):
        problems.add(key, given, "a target is a mapping", "write at least target, such as {target: 192.168.100.129}")
        return None
    unknown_keys(given, _TARGET_KEYS, key, problems)
    target = parse_address(given.get("target"))
    if target is None:
        remedy = one_address_remedy(
            given.get("target"), "write one such as 192.168.100.129: names are not resolved here"
        )
        problems.add(f"{key}.target", given.get("target"), "this is not an IP address", remedy)
    method = given.get("method") or ECHO
    if method not in METHODS:
        problems.add(f"{key}.method", method, "there is no such method", f"use one of {', '.join(METHODS)}")
    link, port, namespace = given.get("link") or "", given.get("port"), given.get("namespace") or ""
    if method == WHO_HAS:
        if not link:
            problems.add(f"{key}.link", None, "who_has asks from one link", "name that link")
        elif ifname_problem(link):
            problems.add(f"{key}.link", link, str(ifname_problem(link)), "name a link of this host")
        if namespace:
            problems.add(f"{key}.namespace", namespace, "who_has asks from the host itself only", "leave it out")
    elif link:
        problems.add(f"{key}.link", link, f"{method} goes where the routes lead", "leave it out, or use who_has")
    if method == TCP and not (isinstance(port, int) and 1 <= port <= 0xFFFF):
        problems.add(f"{key}.port", port, "tcp needs a port", "give a number from 1 to 65535")
    elif method != TCP and port is not None:
        problems.add(f"{key}.port", port, f"{method} has no ports", "leave it out, or use tcp")
    if target is None:
        return None
    return RequestedTarget(target, method, str(namespace), str(link), port if isinstance(port, int) else 0, key)
