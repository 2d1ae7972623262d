# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many links on one host: macvlan_link against ``ip -batch`` and against a shell loop of ``ip``, in the same run.

.venv/bin/python tests/bench/links.py [LINKS]        as root, default 1000; each figure is wall seconds
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit.segment import Host, Segment  # noqa: E402  (the path is set up above)


def links(count: int) -> list[dict]:
    return [{"name": f"mv{n}", "parent": "eth0", "addresses": [f"10.{n // 250}.{n % 250}.1/32"]} for n in range(count)]


def batch(count: int) -> str:
    lines = []
    for link in links(count):
        lines.append(f"link add link eth0 name {link['name']} type macvlan mode bridge")
        lines.append(f"address add {link['addresses'][0]} dev {link['name']}")
        lines.append(f"link set {link['name']} up")
    return "\n".join(lines) + "\n"


def module(host: Host, count: int) -> None:
    result = host.module("macvlan_link", {"links": links(count), "host_id": "bench"}, diff=False)
    if result.get("failed"):
        raise SystemExit(result["msg"])


def measured(prepare: Callable[[Host], None], work: Callable[[Host], None]) -> float:
    with Segment() as segment:
        host = segment.host("h1", addresses=["192.168.100.11/24"])
        prepare(host)
        start = time.monotonic()
        work(host)
        return time.monotonic() - start


def nothing(_host: Host) -> None:
    """No preparation."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    text = batch(count)
    loop = "\n".join(f"ip {line}" for line in text.splitlines())
    rows = {
        "ip -batch": measured(nothing, lambda host: host.run("ip", "-batch", "-", input=text)),
        "a shell loop of ip": measured(nothing, lambda host: host.run("sh", input=loop)),
        "macvlan_link, all new": measured(nothing, lambda host: module(host, count)),
        "macvlan_link, nothing to change": measured(lambda host: module(host, count), lambda host: module(host, count)),
    }
    reference = rows["ip -batch"]
    print(f"{count} links with one address each")
    for what, seconds in rows.items():
        print(f"  {what:32} {seconds:7.2f} s   {seconds / reference:5.1f} x ip -batch")


if __name__ == "__main__":
    main()
