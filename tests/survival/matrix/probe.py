# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a link for some seconds and reports when it was last not as declared. Runs on the host, with its Python.

Each line on stdin is one watch, a JSON object: ``expected`` (what `state` should return), ``link``, ``parent``,
``container`` (an address that should answer, or null), ``owner`` (a command, and a line that it should print),
``window`` and ``pause`` in seconds. Each line printed is the result of one: ``length`` of the watch, ``last`` (seconds
from its start at which something was wrong, null for never) and ``wrong`` (what it was then, in words). One more line,
before the first watch, says that the probe is ready.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time


def main() -> None:
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps(watch(json.loads(line))), flush=True)


def watch(task: dict) -> dict:
    began = time.monotonic()
    last, wrong = None, []
    while True:
        found = check(task)
        now = time.monotonic() - began
        if found:
            last, wrong = now, found
        if now > task["window"]:
            break
        time.sleep(task["pause"])
    return {"length": time.monotonic() - began, "last": last, "wrong": wrong}


def check(task: dict) -> list[str]:
    """What is not as expected, in words; packets are sent only when everything else is."""
    have = state(task["link"], task["parent"])
    if have is None:
        return [f"there is no {task['link']}"]
    wanted = task["expected"]
    wrong = [f"{key} is {have.get(key)}, not {wanted[key]}" for key in wanted if have.get(key) != wanted[key]]
    if not wrong and task["owner"]:
        argv, line = task["owner"]
        said = run(argv)
        wrong += [] if line in said.split("\n") else [f"{argv[0]} says {said!r}, not {line!r}"]
    if not wrong and task["container"]:
        ping = ["ping", "-n", "-q", "-c", "1", "-W", "1", task["container"]]
        answered = subprocess.run(ping, check=False, stdout=subprocess.DEVNULL).returncode == 0
        wrong += [] if answered else ["no answer of the container"]
    return wrong


def state(name: str, parent: str) -> dict | None:
    """The link as the kernel has it, None where there is none."""
    links = [link for link in ip("-details", "address", "show") if link.get("ifname") == name]
    if not links:
        return None
    link = links[0]
    addresses = [item for item in link["addr_info"] if item["scope"] == "global"]
    routes = ip("route", "show", "dev", name, "proto", "static")
    routes += ip("-6", "route", "show", "dev", name, "proto", "static")
    paths = [f"ipv4/conf/{name}/arp_filter", f"ipv4/conf/{name}/arp_ignore", f"ipv6/conf/{name}/accept_ra"]
    data = link.get("linkinfo", {}).get("info_data", {})
    return {
        "parent": link.get("link"),
        "mac": link["address"],
        "mtu": link["mtu"],
        "up": "UP" in link["flags"],
        "mode": data.get("mode"),
        "bcqueuelen": data.get("bcqueuelen"),
        "addresses": sorted(f"{item['local']}/{item['prefixlen']}" for item in addresses),
        "tentative": [item["local"] for item in addresses if item.get("tentative")],
        "routes": sorted([item["dst"], item.get("prefsrc"), item.get("metric")] for item in routes),
        "settings": {path: setting(path) for path in [*paths, f"ipv4/conf/{parent}/arp_filter"]},
    }


def setting(path: str) -> str | None:
    try:
        with open(f"/proc/sys/net/{path}") as stream:
            return stream.read().strip()
    except OSError:
        return None


def ip(*argv: str) -> list[dict]:
    return json.loads(run(["ip", "-json", *argv]) or "[]")


def run(argv: list[str]) -> str:
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
