# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has an address: arp_conflict_check beside arp-scan and ``arping -D``. All holders have to be found."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from labkit.segment import Host, Segment
from tests.bench import packages
from tests.bench.row import Row, Work, timed

SUBNET, FREE = "192.168.100.0/22", "192.168.100.99"
#: The addresses of two other hosts.
HELD = {
    "h2": [f"192.168.101.{number}/22" for number in range(20, 40)],
    "h3": [f"192.168.102.{number}/22" for number in range(120, 138)],
}
WANTED = sum(map(len, HELD.values()))
TUNED = ("-B", "100M", "-t", "200", "-r", "2")


@contextmanager
def segment() -> Iterator[Host]:
    with Segment() as made:
        host = made.host("h1", ["192.168.100.11/22"])
        for name, addresses in HELD.items():
            made.host(name, addresses)
        yield host


def checked(host: Host, addresses: str, **options: object) -> int:
    """How many addresses others have."""
    arguments = {"probes": [{"parent": "eth0", "addresses": [addresses]}], **options}
    result = host.module("arp_conflict_check", arguments)
    if result.get("failed"):
        raise RuntimeError(result["msg"])
    return sum(1 for item in result["results"] if item["status"] == "in_use")


def ours(host: Host, **options: object) -> float:
    found: list[int] = []
    seconds = timed(lambda: found.append(checked(host, SUBNET, **options)))
    _same(found[0])
    return seconds


def arp_scan(host: Host) -> float:
    lines: list[str] = []
    command = ("arp-scan", "-I", "eth0", "-q", "-x", *TUNED, SUBNET)
    seconds = timed(lambda: lines.extend(host.run(*command).stdout.splitlines()))
    _same(len({line.split("\t")[0] for line in lines}))
    return seconds


def _same(found: int) -> None:
    if found != WANTED:
        raise RuntimeError(f"{found} addresses were found in use, and {WANTED} are")


@contextmanager
def sweep(**options: object) -> Iterator[dict[str, Work]]:
    with segment() as host:
        yield {"arp_conflict_check": partial(ours, host, **options), "arp-scan, tuned": partial(arp_scan, host)}


@contextmanager
def one_address() -> Iterator[dict[str, Work]]:
    with segment() as host, tempfile.TemporaryDirectory() as folder:
        arping = packages.extracted("iputils-arping", "arping", Path(folder))
        command = (str(arping), "-D", "-I", "eth0", "-c", "3", "-w", "3", FREE)
        yield {
            "arp_conflict_check": lambda: timed(lambda: checked(host, FREE, mode="rfc5227")),
            "arping -D": lambda: timed(lambda: host.run(*command)),
        }


def no_arp_scan() -> str:
    return packages.unable("arp-scan", "arp-scan")


def no_arping() -> str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            packages.extracted("iputils-arping", "arping", Path(folder))
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            return str(error)
    return ""


ROWS = [
    Row("sweep/default", f"a /22 in which {WANTED} addresses are in use", sweep, no_arp_scan),
    Row("sweep/rate", "the same at 20,000 frames per second", partial(sweep, rate=20_000), no_arp_scan),
    Row("sweep/rfc5227", "the same with the timings of RFC 5227", partial(sweep, mode="rfc5227"), no_arp_scan),
    Row("arping", "one address that nobody has, with the timings of RFC 5227", one_address, no_arping),
]
