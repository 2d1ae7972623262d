# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of macvlan_watch: on a quiet host, during event storms, and with many targets.

.venv/bin/python tests/bench/watch.py [SECONDS]        as root, default 30 for each row
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit.segment import Host, Segment  # noqa: E402  (the path is set up above)

NETWORK = {
    "name": "lan0", "parent": "eth0", "subnets": ["10.9.0.0/16"], "gateways": ["10.9.0.1"],
    "container_ranges": ["10.9.128.0/20"], "host_addresses": ["10.9.0.3"], "link": "lan0",
}  # fmt: skip

#: Adds and removes a route 500 times per second, endlessly.
ROUTES = """
import socket, struct, time
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
index = socket.if_nametoindex("eth0")
def ask(kind, flags, number):
    body = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 4, 253, 1, 0)
    body += struct.pack("=HH4sHHI", 8, 1, socket.inet_aton(f"10.200.{number >> 8}.{number & 255}"), 8, 4, index)
    netlink.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
number = 0
while True:
    number = (number + 1) % 60000
    ask(24, 0x401, number)
    ask(25, 1, number)
    time.sleep(0.002)
"""
ARPS = """
import os, socket, struct, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
wire.bind(("eth0", 0))
while True:
    mac = b"\\2" + os.urandom(5)
    arp = struct.pack("!HHBBH6s4s6s4s", 1, 2048, 6, 4, 1, mac, b"\\n\\t\\0\\1", bytes(6), b"\\n\\t\\0\\3")
    wire.send(b"\\xff" * 6 + mac + b"\\x08\\x06" + arp)
    time.sleep(0.001)
"""


def storm(namespace: Host, code: str) -> subprocess.Popen:
    return namespace.start(sys.executable, "-c", code)


def measured(seconds: float, targets: int, storms: str) -> str:
    """One row: share of a core, memory, probes sent and events kept."""
    with Segment() as segment:
        gateway = segment.host("gw", addresses=["10.9.0.1/16"])
        host = segment.host("h1", addresses=["10.9.0.11/16"])
        host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
        host.ip("link", "set", "lan0", "up")
        host.ip("address", "add", "10.9.0.3/32", "dev", "lan0")
        host.ip("route", "add", "10.9.128.0/20", "dev", "lan0")
        container = host.container("c1")
        batch = "".join(f"address add 10.9.128.{number}/16 dev eth0\n" for number in range(1, targets + 1))
        container.run("ip", "-batch", "-", input=batch)
        if "routes" in storms:
            storm(host, ROUTES)
        if "ARP" in storms:
            storm(gateway, ARPS)
        if "processes" in storms:
            host.start("sh", "-c", "while :; do ip -V > /dev/null; sleep 0.005; done")
        time.sleep(1)
        result = host.module("macvlan_watch", {"networks": [NETWORK], "duration": seconds})
        if result.get("failed"):
            raise SystemExit(result["msg"])
        cost = result["cost"]
        share = 100 * cost["cpu_seconds"] / result["duration"]
        sent = sum(item["sent"] for item in result["targets"])
        return f"{share:5.1f} % {cost['max_rss_kib'] / 1024:6.1f} MiB {sent:7d} {len(result['events']):7d}"


def rows() -> Iterator[tuple[str, int, str]]:
    yield "a quiet host with one container", 1, ""
    yield "a quiet host with 80 addresses of containers", 80, ""
    yield "during 1000 route changes per second", 1, "routes"
    yield "during 1000 ARP frames per second, each from another MAC", 1, "ARP"
    yield "during 100 program starts per second", 1, "processes"
    yield "during all three at once", 1, "routes, ARP, processes"


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    print(f"{'':58}{'core':>7} {'size':>10} {'probes':>7} {'events':>7}")
    for name, targets, storms in rows():
        print(f"{name:58}{measured(seconds, targets, storms)}", flush=True)


if __name__ == "__main__":
    main()
