# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters of frames and packets that did not arrive, and when they moved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Tuple

from .timeline import CounterData, CounterRise

#: Of a namespace, in /proc/net/netstat and snmp (net/ipv4/proc.c) and snmp6 (net/ipv6/proc.c): prefix and name.
WANTED = frozenset(
    (
        "TcpExtIPReversePathFilter", "TcpExtArpFilter", "IpExtInNoRoutes", "IpExtInCsumErrors", "IpInHdrErrors",
        "IpInAddrErrors", "IpInDiscards", "IpOutDiscards", "IpOutNoRoutes", "IpFragFails", "IcmpInCsumErrors",
        "IcmpOutDestUnreachs", "TcpInCsumErrors", "UdpInCsumErrors", "UdpRcvbufErrors", "Ip6InNoRoutes",
        "Ip6InAddrErrors", "Ip6InDiscards", "Ip6OutNoRoutes", "Ip6OutDiscards", "Icmp6InCsumErrors", "Udp6InCsumErrors",
    )
)  # fmt: skip
#: Those that are reported even when they stand still, as that rules causes out.
ALWAYS = frozenset(("rx_dropped", "TcpExtIPReversePathFilter"))
#: Seconds: a counter that stood still for this long and moves again is a new event.
STILL = 5.0

#: Namespace, link (empty for those of the namespace) and name.
Key = Tuple[str, str, str]


def parse(text: str) -> dict[str, int]:
    """The wanted ones of netstat and snmp (two lines each, names and values) and of snmp6 (one line each)."""
    found = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        head, dummy, rest = line.partition(": ")
        if rest and number + 1 < len(lines) and lines[number + 1].startswith(f"{head}: ") and rest[0].isalpha():
            values = lines[number + 1].partition(": ")[2].split()
            found.update(
                {head + name: int(value) for name, value in zip(rest.split(), values) if head + name in WANTED}
            )
        elif ":" not in line:
            name, *value = line.split()
            if name in WANTED and value:
                found[name] = int(value[0])
    return found


class Counters:
    """All counters since the first time that each was seen."""

    def __init__(self) -> None:
        self._before: dict[Key, int] = {}
        self._now: dict[Key, int] = {}
        self._rises: dict[Key, CounterRise] = {}

    def take(self, namespace: str, link: str, values: Mapping[str, int], now: float) -> list[CounterRise]:
        """The runs of increments that begin with these values. Later values without a pause prolong them in place."""
        begun = []
        for name, value in values.items():
            key = namespace, link, name
            last = self._now.get(key)
            self._now[key] = value
            if last is None:
                self._before[key] = value
            elif value < last:
                # The link was created again under its name: what it counted before is lost.
                self._before[key] = value - (last - self._before[key])
            elif value > last:
                rise = self._rises.get(key)
                if rise is None or now - rise["until"] > STILL:
                    rise = self._rises[key] = {"name": name, "before": last, "after": value, "until": now}
                    begun.append(rise)
                rise["after"], rise["until"] = value, now
        return begun

    def as_data(self) -> list[CounterData]:
        """Those that moved, and `ALWAYS`."""
        return [
            {"namespace": key[0], "link": key[1], "name": key[2], "before": self._before[key], "after": self._now[key]}
            for key in sorted(self._now)
            if key[2] in ALWAYS or self._now[key] != self._before[key]
        ]
