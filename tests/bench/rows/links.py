# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many links on one host: macvlan_link beside ``ip -batch``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labkit.segment import Host, Segment
from tests.bench.row import Row, Work, timed

LINKS = 1000


def links() -> list[dict[str, object]]:
    return [
        {"name": f"mv{number}", "parent": "eth0", "addresses": [f"10.{number // 250}.{number % 250}.1/32"]}
        for number in range(LINKS)
    ]


def batch() -> str:
    lines = []
    for number in range(LINKS):
        lines += [
            f"link add link eth0 name mv{number} type macvlan mode bridge",
            f"address add 10.{number // 250}.{number % 250}.1/32 dev mv{number}",
            f"link set mv{number} up",
        ]
    return "\n".join(lines) + "\n"


def module(host: Host) -> None:
    result = host.module("macvlan_link", {"links": links(), "host_id": "bench"}, diff=False)
    if result.get("failed"):
        raise RuntimeError(result["msg"])


def ip_batch() -> float:
    with Segment() as segment:
        host = segment.host("h1", ["192.168.100.11/24"])
        return timed(lambda: host.run("ip", "-batch", "-", input=batch()))


def new() -> float:
    with Segment() as segment:
        host = segment.host("h1", ["192.168.100.11/24"])
        return timed(lambda: module(host))


def unchanged() -> float:
    with Segment() as segment:
        host = segment.host("h1", ["192.168.100.11/24"])
        module(host)
        return timed(lambda: module(host))


@contextmanager
def all_new() -> Iterator[dict[str, Work]]:
    yield {"macvlan_link": new, "ip -batch": ip_batch}


@contextmanager
def nothing_to_change() -> Iterator[dict[str, Work]]:
    yield {"macvlan_link": unchanged, "ip -batch, all new": ip_batch}


ROWS = [
    Row("links/new", f"{LINKS:,} links with one address each, all new", all_new),
    Row("links/unchanged", f"{LINKS:,} links with one address each, nothing to change", nothing_to_change),
]
