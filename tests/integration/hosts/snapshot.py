# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints, as JSON, everything on a host in which this collection could leave a trace. Runs there, with its Python."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

#: Compared byte for byte.
CONTENT = (
    "/etc", "/opt", "/run/NetworkManager/conf.d", "/run/network", "/run/sysctl.d", "/run/systemd/generator",
    "/run/systemd/network", "/run/systemd/system", "/run/tmpfiles.d", "/run/udev/rules.d", "/usr/lib/NetworkManager",
    "/usr/lib/modules-load.d", "/usr/lib/sysctl.d", "/usr/lib/systemd", "/usr/lib/tmpfiles.d", "/usr/lib/udev",
    "/usr/local",
)  # fmt: skip
#: Only names are compared: the content belongs to daemons.
NAMES = ("/var/lib", "/var/cache", "/run", "/run/NetworkManager/system-connections")
DEPTH = 2


def main() -> None:
    json.dump({"files": files(), **kernel()}, sys.stdout, sort_keys=True)


def files() -> dict[str, object]:
    found: dict[str, object] = {}
    for top in CONTENT:
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in (*folders, *names):
                path = os.path.join(folder, name)
                found[path] = describe(path)
    for top in NAMES:
        for folder, folders, names in os.walk(top):
            if folder.count("/") - top.count("/") >= DEPTH - 1:
                folders[:] = []
            found.update({os.path.join(folder, name): "" for name in names if "macvlan" in name or "lan0" in name})
            found.update({os.path.join(folder, name): "" for name in folders if not name.isdigit()})
    return found


def describe(path: str) -> object:
    if os.path.islink(path):
        return os.readlink(path)
    mode = oct(os.stat(path).st_mode)
    if not os.path.isfile(path):
        return mode
    with open(path, "rb") as stream:
        return [mode, hashlib.sha256(stream.read()).hexdigest()]


def kernel() -> dict[str, object]:
    """Links, addresses, routes, rules and settings, without counters and lifetimes."""
    links = {
        link["ifname"]: {
            key: link.get(key) for key in ("address", "flags", "mtu", "operstate", "promiscuity", "linkinfo")
        }
        for link in ip("-details", "link", "show")
    }
    addresses = {
        link["ifname"]: sorted(f"{item['local']}/{item['prefixlen']} {item['scope']}" for item in link["addr_info"])
        for link in ip("address", "show")
    }
    routes = sorted(
        json.dumps(route, sort_keys=True)
        for family in ("-4", "-6")
        for route in ip(family, "route", "show", "table", "all")
        if not route.get("expires")
    )
    rules = [json.dumps(rule, sort_keys=True) for family in ("-4", "-6") for rule in ip(family, "rule", "show")]
    settings = {}
    for family in ("ipv4", "ipv6"):
        top = f"/proc/sys/net/{family}/conf"
        for interface in os.listdir(top):
            for name in os.listdir(f"{top}/{interface}"):
                try:
                    with open(f"{top}/{interface}/{name}") as stream:
                        settings[f"{family}.{interface}.{name}"] = stream.read().strip()
                except OSError:
                    continue
    return {"links": links, "addresses": addresses, "routes": routes, "rules": rules, "sysctls": settings}


def ip(*argv: str) -> list[dict]:
    done = subprocess.run(["ip", "-json", *argv], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout or "[]")


if __name__ == "__main__":
    main()
