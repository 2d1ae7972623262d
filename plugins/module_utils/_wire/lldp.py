# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads link layer discovery frames (IEEE 802.1AB-2016): which switch and which of its ports is at the end of a cable.

Pure. Anybody on the wire can send such a frame, so texts are cleaned.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

from .frames import ETH_HLEN, mac_text

#: IEEE 802.1AB-2016, 7.3
ETH_P_LLDP = 0x88CC
#: 7.1: nearest bridge, nearest non-TPMR bridge, nearest customer bridge.
GROUPS = ("01:80:c2:00:00:0e", "01:80:c2:00:00:03", "01:80:c2:00:00:00")

#: 8.4, table 8-1: the types of the TLVs that are read.
_END, _CHASSIS_ID, _PORT_ID, _TIME_TO_LIVE, _PORT_DESCRIPTION, _SYSTEM_NAME = range(6)

#: 8.5.2.2 and 8.5.3.2: how an id is to be read.
_CHASSIS_KINDS = {
    1: "chassis_component", 2: "interface_alias", 3: "port_component", 4: "mac", 5: "network_address",
    6: "interface_name", 7: "local",
}  # fmt: skip
_PORT_KINDS = {
    1: "interface_alias", 2: "port_component", 3: "mac", 4: "network_address", 5: "interface_name", 6: "agent_circuit",
    7: "local",
}  # fmt: skip
#: The IANA's address family numbers, in front of a network address: sizes of IPv4 and IPv6.
_FAMILY_SIZES = {1: 4, 2: 16}


@dataclass(frozen=True)
class LldpNeighbour:
    """What a switch says of itself and of its port. Texts are empty where it says nothing.

    ttl: seconds for which it holds; 0 takes back what was said before (6.6.2, shutdown).
    """

    chassis_id: str
    chassis_id_type: str
    port_id: str
    port_id_type: str
    ttl: int
    system_name: str = ""
    port_description: str = ""


def parse(data: bytes) -> LldpNeighbour | None:
    """The neighbour in an Ethernet frame, None where it is no valid LLDP frame (9.2.7.7.1)."""
    if len(data) < ETH_HLEN or struct.unpack_from("!H", data, 12)[0] != ETH_P_LLDP:
        return None
    units = list(_units(data[ETH_HLEN:]))
    # the first three are mandatory, in this order, and come once
    if [kind for kind, dummy in units[:3]] != [_CHASSIS_ID, _PORT_ID, _TIME_TO_LIVE]:
        return None
    if any(kind in (_CHASSIS_ID, _PORT_ID, _TIME_TO_LIVE) for kind, dummy in units[3:]):
        return None
    (dummy, chassis), (dummy, port), (dummy, ttl), *rest = units
    if not 2 <= len(chassis) <= 256 or not 2 <= len(port) <= 256 or len(ttl) < 2:
        return None
    texts = {kind: _text(value) for kind, value in reversed(rest)}
    return LldpNeighbour(
        *_identity(chassis, _CHASSIS_KINDS),
        *_identity(port, _PORT_KINDS),
        ttl=struct.unpack_from("!H", ttl)[0],
        system_name=texts.get(_SYSTEM_NAME, ""),
        port_description=texts.get(_PORT_DESCRIPTION, ""),
    )


def _units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of each TLV: 7 bits of type, 9 bits of length (8.4). What is cut off ends it."""
    while len(data) >= 2:
        head = struct.unpack_from("!H", data)[0]
        kind, length = head >> 9, head & 0x1FF
        if kind == _END or len(data) < 2 + length:
            return
        yield kind, data[2 : 2 + length]
        data = data[2 + length :]


def _identity(value: bytes, kinds: dict[int, str]) -> tuple[str, str]:
    """An id in words, and what kind of id it is."""
    kind, value = kinds.get(value[0], "reserved"), value[1:]
    if kind == "mac" and len(value) == 6:
        return mac_text(value), kind
    if kind == "network_address" and _FAMILY_SIZES.get(value[0]) == len(value) - 1:
        return str(ipaddress.ip_address(value[1:])), kind
    if kind in ("mac", "network_address", "reserved") or not _text(value):
        return value.hex(":"), kind
    return _text(value), kind


def _text(value: bytes) -> str:
    """Empty where nothing of it can be read."""
    text = value.decode(errors="replace").strip(" \t\r\n\0")
    return clean(text) if any(map(str.isprintable, text)) else ""
