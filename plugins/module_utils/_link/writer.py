# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What steps write with: an rtnetlink socket, and files below /proc/sys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import write_setting

if TYPE_CHECKING:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.changes import Changes

#: Seconds to wait for duplicate address detection: one probe and RetransTimer of 1 s (RFC 4862, 5.1), with room.
DAD_TIMEOUT = 5.0


class LinkWriter:
    """It keeps the index of each link that it was asked for: asking costs as much as a change."""

    def __init__(self, netlink: Changes) -> None:
        self.netlink = netlink
        self._indexes: dict[str, int] = {}

    def index(self, name: str) -> int:
        if name not in self._indexes:
            found = list(self.netlink.link_lookup(ifname=name))
            if not found:
                raise LookupError(f"interface {name} is not there")
            self._indexes[name] = int(found[0])
        return self._indexes[name]

    def forget(self, name: str) -> None:
        """A link that comes back under the same name has another index."""
        self._indexes.pop(name, None)

    def write_setting(self, path: str, text: str) -> None:
        write_setting(path, text)

    def wait_for_dad(self, index: int, address: str) -> None:
        """The kernel refuses a source address that is still tentative (ip6_route_info_create)."""
        deadline = time.monotonic() + DAD_TIMEOUT
        while time.monotonic() < deadline:
            if self.netlink.settled(index, address):
                return
            time.sleep(0.1)
