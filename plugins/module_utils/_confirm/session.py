# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH connection over which a module was started. Reads only."""

from __future__ import annotations

import os

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import read_start

from .proc import stat

VARIABLE = "SSH_CONNECTION"
#: Octets of an environment that are searched (execve(2): 6 MiB for arguments and environment).
ENVIRONMENT_MAX = 6 << 20


def connection() -> str:
    """The SSH connection that this process was started over: addresses and ports as in sshd(8); empty for none.

    sudo and su drop the variable, so the nearest ancestor that has it counts.
    """
    pid = os.getpid()
    while pid > 1:
        for entry in read_start(f"/proc/{pid}/environ", ENVIRONMENT_MAX).split("\0"):
            name, _separator, value = entry.partition("=")
            if name == VARIABLE and value:
                return value
        pid = stat(pid)[0]
    return ""
