# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many questions the namespace of an address has taken: its ICMP counters before and after."""

from __future__ import annotations

import os

from .data import ICMP, ND

#: Files of /proc/net and the counter of each (net/ipv4/proc.c, net/ipv6/proc.c).
_FILES = {4: "snmp", 6: "snmp6"}
_READ = 1 << 16


#: Names of counters in /proc/net/snmp6.
_ECHOS6, _SOLICITS6 = "Icmp6InEchos", "Icmp6InNeighborSolicits"


class TakenCounters:
    """Made inside the namespace. Errors: OSError."""

    def __init__(self) -> None:
        self._files: dict[int, int] = {}
        for version, name in _FILES.items():
            try:
                self._files[version] = os.open(f"/proc/thread-self/net/{name}", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
        self._before = {version: self._read(version) for version in self._files}

    def taken(self, version: int, protocol: str = ICMP) -> int | None:
        """Echo requests, or neighbour solicitations, that came to ICMP since then; None where that is not known."""
        before, now = self._before.get(version), self._read(version)
        if before is None or now is None or protocol not in before or protocol not in now:
            return None
        return now[protocol] - before[protocol]

    def _read(self, version: int) -> dict[str, int] | None:
        handle = self._files.get(version)
        if handle is None:
            return None
        try:
            return questions(os.pread(handle, _READ, 0).decode(errors="replace"))
        except OSError:
            return None

    def close(self) -> None:
        for handle in self._files.values():
            os.close(handle)
        self._files.clear()


def questions(text: str) -> dict[str, int]:
    """By protocol the number of questions in the text of either file. Pure."""
    found = {}
    lines = [line.split() for line in text.splitlines()]
    for number, fields in enumerate(lines):
        if len(fields) == 2 and fields[0] in (_ECHOS6, _SOLICITS6):
            found[ICMP if fields[0] == _ECHOS6 else ND] = int(fields[1])
        elif fields[:1] == ["Icmp:"] and "InEchos" in fields and number + 1 < len(lines):
            found[ICMP] = int(lines[number + 1][fields.index("InEchos")])
    return found
