# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes of a link that are one value each: a row of `ATTRIBUTES` is all that the program knows of one. Pure.

Addresses, routes and settings are lists with rules of their own, and being up has its place in the order of steps: they
are no rows.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any, Callable, Mapping, Union

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    mac_fault,
    mac_problem,
    parse_mac,
    stable_mac,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link

#: linux/if_link.h enum macvlan_mode, by iproute2's names. The kernel's own default is vepa, ours is bridge.
MODES = ("bridge", "private", "vepa", "passthru", "source")
#: NMSettingMacvlanMode, libnm-core-public/nm-setting-macvlan.h
NM_MODES = {"vepa": 1, "bridge": 2, "private": 3, "passthru": 4, "source": 5}

#: IPv4 needs 68 octets (RFC 791, 3.2); the kernel allows a macvlan 65535 (ETH_MAX_MTU).
MTU_MIN, MTU_MAX = 68, 65535

STABLE = "stable"

#: Forms of configuration in which attributes are keys: systemd.netdev(5), nm-settings-keyfile(5).
NETDEV, KEYFILE = "netdev", "keyfile"

_DIGITS = re.compile("[0-9]{1,20}")

#: None where it is not managed.
Value = Union[str, int, bool, None]


@dataclass(frozen=True)
class Given:
    """What was declared of one attribute: its value, the link around it, and where that stands in the input.

    host_id: what stable MACs are derived from, the inventory name.
    """

    value: object
    link: Mapping[str, object]
    key: str
    host_id: str
    problems: Problems


@dataclass(frozen=True)
class Key:
    """How a form of configuration expresses an attribute. since: the version of its daemon that reads it."""

    section: str
    name: str
    write: Callable[[Any], object] = str
    since: int = 0


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    name: of the option, in differences, and in the kernel's facts. option: its argument spec. parse: checks and
    normalises what was declared. netlink: its name in `_kernel.changes`, of macvlan itself (IFLA_INFO_DATA) where
    `own`. encode: the value for netlink. ip: its arguments to ip-link(8). keys: in forms of configuration; one that has
    none for it is refused, unless `harmless`.

    of_parent: where it is not declared, the link has its parent's. fixed: values to and from which the kernel changes
    no link that is there (macvlan_changelink). harmless: a change does nothing to the frames of a link that is up, so a
    keeper makes it where a daemon has made the link. of_network: a network declares it for its link.
    """

    name: str
    option: Mapping[str, object]
    parse: Callable[[Given], Value]
    netlink: str
    ip: str
    keys: Mapping[str, Key] = field(default_factory=dict)
    own: bool = False
    encode: Callable[[Any], Value] = lambda value: value
    of_parent: bool = False
    fixed: tuple[Value, ...] = ()
    harmless: bool = False
    of_network: bool = True

    def found(self, link: Link) -> Value:
        """The value of a link in the kernel."""
        value: Value = getattr(link, self.name)
        return value


def number(given: object, lowest: int, highest: int, key: str, problems: Problems) -> int | None:
    """A whole number; None, and a problem, for anything else."""
    if given is None:
        return None
    if isinstance(given, str) and _DIGITS.fullmatch(given.strip()):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not lowest <= given <= highest:
        what = f"this is not a whole number from {lowest} to {highest}"
        example = next(number for number in (1500, 1, highest) if lowest <= number <= highest)
        problems.add(key, given, what, f"write one such as {example}, or leave it out")
        return None
    return given


def _mode(given: Given) -> str:
    mode = given.value or MODES[0]
    if mode not in MODES:
        given.problems.add(given.key, mode, "there is no such macvlan mode", f"use one of {', '.join(MODES)}")
    return str(mode)


def _mac(given: Given) -> str | None:
    value = given.value or STABLE
    if given.link.get("mode") == "passthru":
        if value != STABLE:
            what = "a passthru link carries its parent's MAC address"
            given.problems.add(given.key, value, what, "leave mac out")
        return None
    if value == STABLE:
        return stable_mac(given.host_id, str(given.link.get("name")))
    mac = parse_mac(value)
    problem = mac_problem(mac) if mac else None
    if problem:
        remedy = "write a unicast, locally administered address such as 02:00:00:00:00:01"
        given.problems.add(given.key, value, problem, f"{remedy}, or leave mac out for a stable one")
    elif mac is None:
        what, remedy = mac_fault(value)
        given.problems.add(given.key, value, what, f"{remedy}, or leave mac out for a stable one")
    return mac


def _within(lowest: int, highest: int) -> Callable[[Given], Value]:
    return lambda given: number(given.value, lowest, highest, given.key, given.problems)


def _flag(given: Given) -> bool | None:
    return None if given.value is None else bool(given.value)


ATTRIBUTES = (
    Attribute(
        "mode", {"type": "str", "default": MODES[0]}, _mode, "macvlan_mode", "mode {}",
        {NETDEV: Key("MACVLAN", "Mode"), KEYFILE: Key("macvlan", "mode", NM_MODES.get)}, own=True,
        fixed=("passthru",),
    ),
    Attribute(
        "mac", {"type": "str", "default": STABLE}, _mac, "address", "address {}",
        {NETDEV: Key("NetDev", "MACAddress"), KEYFILE: Key("ethernet", "cloned-mac-address", str.upper)},
    ),
    # A child keeps a smaller one when its parent's grows again.
    Attribute(
        "mtu", {"type": "int"}, _within(MTU_MIN, MTU_MAX), "mtu", "mtu {}",
        {NETDEV: Key("NetDev", "MTUBytes"), KEYFILE: Key("ethernet", "mtu")}, of_parent=True,
    ),
    # A queue of 0 lets no broadcast, so no ARP request, reach the link (macvlan_broadcast_enqueue). systemd: NEWS 248.
    Attribute(
        "bcqueuelen", {"type": "int"}, _within(1, 0xFFFFFFFF), "macvlan_bc_queue_len", "bcqueuelen {}",
        {NETDEV: Key("MACVLAN", "BroadcastMulticastQueueLength", since=248)}, own=True, harmless=True,
    ),
    Attribute(
        "nopromisc", {"type": "bool"}, _flag, "macvlan_flags", "nopromisc",
        {KEYFILE: Key("macvlan", "promiscuous", lambda _value: "false")}, own=True,
        encode=lambda value: "nopromisc" if value else "none", of_network=False,
    ),
)  # fmt: skip
