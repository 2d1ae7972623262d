# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values below /proc/sys."""

from __future__ import annotations

from collections.abc import Iterable


def read_sysctls(paths: Iterable[str]) -> dict[str, int | None]:
    """The values of paths below /proc/sys; None where there is no such file (no such interface, or no IPv6)."""
    return {path: _read_number(f"/proc/sys/{path}") for path in paths}


def _read_number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as stream:
            return int(stream.read())
    except (OSError, ValueError):
        return None


def write_setting(path: str, text: str) -> None:
    """One file below /proc/sys. Errors: OSError."""
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)
