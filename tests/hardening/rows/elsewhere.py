# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks that need what a machine with network namespaces and containers does not have: the table names them."""

from __future__ import annotations

import os
from pathlib import Path

from tests.hardening.row import Row, Tally


def never(tally: Tally) -> None:
    raise AssertionError("this row has no way to run here")


def no_kvm() -> str:
    reason = "under emulation a virtual machine takes minutes for each boot, and 50 boots take hours"
    return reason if not os.access("/dev/kvm", os.W_OK) else "needs a harness that cuts the power of QEMU's disk"


def no_musl() -> str:
    found = list(Path("/lib").glob("ld-musl-*"))
    return "no Python for musl on this machine" if not found else "no lab host has a userland of busybox"


ROWS = [
    Row("power/machines", "power loss with a disk that loses what was not synced: as before, or as confirmed", never,
        50, unable=no_kvm),
    Row("userland", "a host with musl and busybox and without systemd is refused clearly or configured", never, 5,
        unable=no_musl),
]  # fmt: skip
