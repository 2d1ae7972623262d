# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in environments that hosts have: umasks, locales, time zones, paths, interpreters, limits."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from labkit.segment import Host, Segment
from tests.hardening.row import Row, Tally

LINK = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:10", "addresses": ["192.168.100.3"],
        "parent_sysctl": {"arp_filter": 1}}  # fmt: skip
PRESENT, ABSENT = {"links": [LINK]}, {"links": [{"name": "lan0", "state": "absent"}]}
NETWORK = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24"], "container_ranges":
           ["192.168.100.128/28"],
           "host_addresses": ["192.168.100.3"], "gateways": [], "link": "lan0"}  # fmt: skip
#: Module and arguments, in the order in which they run on a host.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("kmod_check", {}),
    ("macvlan_link", {**PRESENT, "host_id": "web1"}),
    ("macvlan_info", {}),
    ("macvlan_verify", {"networks": [NETWORK], "fail": False}),
    ("macvlan_diagnose", {"networks": [NETWORK], "host_id": "web1", "duration": 1, "active": False}),
    ("confirm_change", {"token": "a1", "wait": 0}),
    ("macvlan_link", {**ABSENT, "host_id": "web1"}),
]


def sh(script: str) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", f'{script}; exec "$@"', "sh"]


#: What runs the interpreter, by name.
WRAPPERS: dict[str, list[str]] = {
    **{f"umask {umask}": sh(f"umask {umask}") for umask in ("000", "022", "027", "077", "777")},
    **{f"LC_ALL={name}": ["env", f"LC_ALL={name}"] for name in ("C", "POSIX", "de_DE.UTF-8", "tr_TR.UTF-8", "no_SUCH")},
    **{f"TZ={zone}": ["env", f"TZ={zone}"] for zone in ("Pacific/Kiritimati", ":/missing", "A0B", "")},
    "PATH is empty": ["env", "PATH="],
    "PATH is unset": ["env", "-u", "PATH"],
    "PATH without programs": ["env", "PATH=/proc/self/net"],
    "HOME is unset": ["env", "-u", "HOME"],
    "HOME is missing": ["env", "HOME=/missing"],
    "no environment": ["env", "-i"],
    "output is ASCII": ["env", "PYTHONIOENCODING=ascii", "PYTHONUTF8=0", "LC_ALL=C"],
    "/tmp is noexec": sh("mount --bind /tmp /tmp; mount -o remount,bind,noexec,nosuid,nodev /tmp"),
    "/tmp is read-only": sh("mount --bind /tmp /tmp; mount -o remount,bind,ro /tmp"),
    "TMPDIR is missing": ["env", "TMPDIR=/missing"],
    "python -O": [sys.executable, "-O"],
    "python -OO": [sys.executable, "-OO"],
    "python -I": [sys.executable, "-I"],
    "python -W error": [sys.executable, "-W", "error::ResourceWarning"],
    "40 descriptors": sh("ulimit -n 40"),
    "working directory is gone": sh("mkdir /tmp/gone.$$; cd /tmp/gone.$$; rmdir /tmp/gone.$$"),
    "no /sys": sh("umount -l /sys"),
}


def call(host: Host, name: str, args: dict[str, Any], wrapper: list[str]) -> dict[str, Any]:
    """The result of a module. Errors: AssertionError where it has none, as when it ended by a traceback."""
    if wrapper[:1] == [sys.executable]:
        interpreter, *flags = wrapper
        # The interpreter's flags come before the script.
        return host.module(name, args, python=flags[-1], wrapper=[interpreter, *flags[:-1]])
    return host.module(name, args, wrapper=wrapper)


def run(tally: Tally) -> None:
    names = list(WRAPPERS)
    tally.random.shuffle(names)
    with Segment() as segment:
        segment.host("gw", ["192.168.100.1/24"])
        host = segment.host("web1", ["192.168.100.11/24"])
        wanted = {number: outcome(call(host, name, args, [])) for number, (name, args) in enumerate(CALLS)}
        refused = set()
        for name, (number, (module, args)) in itertools.product(names, enumerate(CALLS)):
            if not tally.more():
                break
            tally.count += 1
            try:
                result = call(host, module, args, WRAPPERS[name])
            except AssertionError as error:
                tally.broke("failed", f"{module}, {name}: {error}"[-1500:])
                continue
            if result.get("failed") and not result.get("problems"):
                tally.broke("failed", f"{module}, {name}: no refusal: {result['msg']}")
            elif result.get("failed"):
                refused.add(name)
            elif outcome(result) != wanted[number]:
                tally.broke("failed", f"{module}, {name}: {outcome(result)}, not {wanted[number]}")
            if number == len(CALLS) - 1 and host.link("lan0") is not None:
                tally.broke("lost", f"{name}: the link is still there")
                call(host, module, args, [])
    tally.measured = f"{len(names)} environments; refused with a remedy: {', '.join(sorted(refused)) or 'none'}"


def outcome(result: dict[str, Any]) -> tuple[Any, ...]:
    """What must be the same everywhere."""
    return (result.get("changed"), bool(result.get("failed")), result.get("messages"), result.get("passed"))


ROWS = [
    Row(
        "environments",
        "in any umask, locale, time zone, path, interpreter and limit each module does the same, or refuses with a"
        " remedy",
        run,
        wanted=len(WRAPPERS) * len(CALLS),
        quick=2 * len(CALLS),
    )
]
