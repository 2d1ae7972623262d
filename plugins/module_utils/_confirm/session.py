# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH connection over which a module was started. Reads only."""

from __future__ import annotations

import os

from .proc import stat

VARIABLE = b"SSH_CONNECTION"


def connection() -> str:
    """The SSH connection that this process was started over: addresses and ports as in sshd(8); empty for none.

    sudo and su drop the variable, so the nearest ancestor that has it counts.
    """
    pid = os.getpid()
    while pid > 1:
        environment = _read(f"/proc/{pid}/environ").split(b"\0")
        for entry in environment:
            name, _separator, value = entry.partition(b"=")
            if name == VARIABLE and value:
                return value.decode(errors="replace")
        pid = stat(pid)[0]
    return ""


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""
