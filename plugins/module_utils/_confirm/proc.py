# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says of a process (proc_pid_stat(5)). Reads only."""

from __future__ import annotations


def stat(pid: int) -> tuple[int, int, str]:
    """Parent, start and state; zeros where there is none. The name in parentheses can contain anything."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
        return int(fields[1]), int(fields[19]), fields[0].decode()
    except (OSError, ValueError, IndexError):
        return 0, 0, "X"
