# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many echo requests the namespace of an address has taken: its ICMP counters before and after."""

from __future__ import annotations

import os

#: Files of /proc/net and the counter of each (net/ipv4/proc.c, net/ipv6/proc.c).
_FILES = {4: "snmp", 6: "snmp6"}
_READ = 1 << 16


class EchoCounters:
    """Made inside the namespace. Errors: OSError."""

    def __init__(self) -> None:
        self._files: dict[int, int] = {}
        for version, name in _FILES.items():
            try:
                self._files[version] = os.open(f"/proc/thread-self/net/{name}", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
        self._before = {version: self._read(version) for version in self._files}

    def taken(self, version: int) -> int | None:
        """Echo requests that came to ICMP since then; None where that is not known."""
        before, now = self._before.get(version), self._read(version)
        return None if before is None or now is None else now - before

    def _read(self, version: int) -> int | None:
        handle = self._files.get(version)
        if handle is None:
            return None
        try:
            return in_echos(os.pread(handle, _READ, 0).decode(errors="replace"))
        except OSError:
            return None

    def close(self) -> None:
        for handle in self._files.values():
            os.close(handle)
        self._files.clear()


def in_echos(text: str) -> int | None:
    """The number of echo requests in the text of either file. Pure."""
    lines = [line.split() for line in text.splitlines()]
    for number, fields in enumerate(lines):
        if fields[:1] == ["Icmp6InEchos"] and len(fields) == 2:
            return int(fields[1])
        if fields[:1] == ["Icmp:"] and "InEchos" in fields and number + 1 < len(lines):
            return int(lines[number + 1][fields.index("InEchos")])
    return None
