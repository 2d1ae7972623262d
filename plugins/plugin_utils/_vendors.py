# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who made a device, by its MAC address.

The IEEE's registry comes with the Python library netaddr, which is optional: without it, no vendor is known. On the
controller only.
"""

from __future__ import annotations

import functools

#: The second least significant bit of the first octet: nobody has registered the address (IEEE 802-2014, 8.2.2).
_LOCAL = 0x02
#: What the registry says of blocks that it hands out in parts, without saying here to whom.
_PARTED = "IEEE Registration Authority"


@functools.cache
def vendor(mac: str) -> str:
    """The maker of the device, ``locally administered`` for an address that no maker gave, empty where unknown."""
    if not mac:
        return ""
    if int(mac[:2], 16) & _LOCAL:
        return "locally administered"
    try:  # here, as it takes long, and a fleet without conflicts has nobody to name
        import netaddr
    except ImportError:
        return ""
    try:
        made = str(netaddr.EUI(mac).oui.registration().org)
    except (netaddr.AddrFormatError, netaddr.NotRegisteredError):
        return ""
    return "" if made == _PARTED else made
