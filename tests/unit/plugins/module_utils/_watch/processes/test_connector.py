# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes import connector
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.connector import EXEC, FORK


def event(what: int, *numbers: int) -> bytes:
    """struct nlmsghdr, struct cn_msg, struct proc_event."""
    body = struct.pack("=IIQ", what, 0, 0) + struct.pack(f"={len(numbers)}i", *numbers)
    return bytes(16) + bytes(20) + body


def test_process_events():
    assert connector.parse(event(EXEC, 812, 812)) == (EXEC, 812, 0)
    assert connector.parse(event(FORK, 1, 1, 900, 900)) == (FORK, 1, 900)
    assert connector.parse(event(FORK, 1, 1, 901, 900)) is None, "a thread"
    assert connector.parse(event(0x80000000, 1, 1, 0, 0)) is None, "an exit"
    assert connector.parse(b"short") is None
