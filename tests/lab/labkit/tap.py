# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tap devices: network devices whose other end is a file descriptor, removed when it is closed (tuntap.rst)."""

from __future__ import annotations

import fcntl
import os
import struct

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import netns as _netns

from .netns import RUN

#: linux/if_tun.h
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def create(netns: str, name: str) -> int:
    """A new device in a namespace; its file descriptor. Errors: OSError, or NamespaceGone with the kernel's reason."""
    return _netns.run_in(str(RUN / netns), lambda: _create(name))


def _create(name: str) -> int:
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(handle, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return handle
