# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses whose lifetime ran out. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import AddressEvent

#: Seconds of lifetime that may be left when the kernel removes an address: it does so up to 1/50 s early and counts
#: whole seconds (ADDRCONF_TIMER_FUZZ_MINUS, include/net/addrconf.h).
LEFT_MAX = 1


def expired(event: AddressEvent) -> bool:
    """Whether this is an address that the kernel removed by itself at the end of its lifetime.

    A removal that a process asked for carries its port id (IPv4), or some of the lifetime is left (ioctl, IPv6).
    """
    data, left = event["data"], event["data"]["valid_seconds"]
    if event["action"] != "delete" or event["process"] or data["permanent"]:
        return False
    return left is not None and left <= LEFT_MAX
