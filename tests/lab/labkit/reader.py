# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one mapping of a topology file key by key; problems are collected, and reading continues."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import addresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems

#: Names of switches, hosts, stations and containers: labels (RFC 1123 section 2.1), short, because of socket paths.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")

#: Group names that Ansible takes without a warning.
GROUP = re.compile(r"[a-z_][a-z0-9_]*")


class Reader:
    """where: the path of the mapping in the file, for messages. keys: the allowed ones."""

    def __init__(self, data: object, where: str, problems: Problems, keys: tuple[str, ...]) -> None:
        self.where = where
        self.problems = problems
        if data is not None and not isinstance(data, dict):
            self.problems.add(where or "topology", data, "is not a mapping", f"give a mapping of {', '.join(keys)}")
            data = None
        self.data: dict = data or {}
        for key in self.data:
            if key not in keys:
                self.problems.add(self.path(key), None, "unknown key", f"use one of {', '.join(keys)}")

    def path(self, key: object) -> str:
        return f"{self.where}.{key}" if self.where else str(key)

    def problem(self, key: str, problem: str, remedy: str) -> None:
        self.problems.add(self.path(key), self.data.get(key), problem, remedy)

    def sub(self, key: str, keys: tuple[str, ...]) -> Reader:
        return Reader(self.data.get(key), self.path(key), self.problems, keys)

    def subs(self, key: str, keys: tuple[str, ...]) -> list[Reader]:
        found = [Reader(item, f"{self.path(key)}[{i}]", self.problems, keys) for i, item in enumerate(self.items(key))]
        if not found:
            self.problem(key, "is a list of at least one mapping", "add an entry such as {name: eth0, switch: lan}")
        return found

    def named(self, key: str) -> Iterator[tuple[str, object]]:
        """Entries of a mapping from names to mappings."""
        for name, item in self.mapping(key).items():
            yield str(name), item

    def mapping(self, key: str) -> dict:
        value = self.data.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem(key, "is not a mapping", "write name: value pairs")
            return {}
        return value

    def items(self, key: str) -> list:
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(key, "is not a list", "write a list")
            return []
        return value

    def names(self, key: str, pattern: re.Pattern) -> list[str]:
        found = self.items(key)
        for name in found:
            if not isinstance(name, str) or not pattern.fullmatch(name):
                self.problems.add(self.path(key), name, "is not a valid name", "use a-z, 0-9 and _, no digit first")
        return found

    def choice(self, key: str, choices: tuple[str, ...], default: str | None) -> str | None:
        """One of `choices`; the key may be missing only when there is a default."""
        value = self.data.get(key, default)
        if value in choices:
            return value
        problem = "is required" if value is None else "is not known"
        self.problem(key, problem, f"use one of {', '.join(choices)}" if choices else "declare one first")
        return None

    def flag(self, key: str) -> bool | None:
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            self.problem(key, "is not a boolean", "use true or false")
            return None
        return value

    def integer(self, key: str, low: int, high: int) -> int | None:
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problem(key, "is out of range", f"use a whole number from {low} to {high}")
            return None
        return value

    def ifname(self, key: str, default: str) -> str:
        value = self.data.get(key, default)
        wrong = addresses.ifname_problem(value) or ("lo is the loopback device" if value == "lo" else None)
        if wrong:
            self.problem(key, wrong, "use a name such as eth0")
            return default
        return value

    def mac(self, key: str) -> str | None:
        return None if self.data.get(key) is None else self.mac_item(self.data[key], key)

    def mac_item(self, value: object, key: str = "static") -> str | None:
        mac = addresses.parse_mac(value)
        wrong = addresses.mac_problem(mac) if mac else "is not a MAC address"
        if wrong:
            self.problems.add(self.path(key), value, wrong, 'use a quoted unicast address such as "02:00:5e:10:00:01"')
            return None
        return mac

    def addressing(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The keys addresses (with prefix length) and gateway (one, or a list with one of each family)."""
        interfaces = []
        for item in self.items("addresses"):
            interface = addresses.parse_interface(item)
            if interface is None or "/" not in item:
                self.problems.add(
                    self.path("addresses"), item, "is not an address with prefix length", "write 192.0.2.1/24"
                )
            else:
                interfaces.append(interface)
        given = self.data.get("gateway")
        gateways = [] if given is None else given if isinstance(given, list) else [given]
        for item in gateways:
            gateway = addresses.parse_address(item)
            if gateway is None:
                self.problems.add(self.path("gateway"), item, "is not an IP address", "write 192.0.2.1")
            elif not any(addresses.within(gateway, interface.network) for interface in interfaces):
                self.problems.add(
                    self.path("gateway"), item, "lies in no subnet of these addresses", "use one that does"
                )
        return tuple(map(str, interfaces)), tuple(map(str, gateways))
