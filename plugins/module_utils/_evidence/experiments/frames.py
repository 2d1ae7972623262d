# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames that arrive on a link, with what the kernel knows of each beside its octets."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import ETH_P_ALL
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import Program, attach

#: linux/if_packet.h: struct tpacket_auxdata (tp_status, tp_len, tp_snaplen, tp_mac, tp_net, tp_vlan_tci, tp_vlan_tpid).
_SOL_PACKET, _PACKET_AUXDATA = 263, 8
_AUXDATA = struct.Struct("=IIIHHHH")
_TP_STATUS_CSUMNOTREADY, _TP_STATUS_VLAN_VALID, _TP_STATUS_CSUM_VALID = 1 << 3, 1 << 4, 1 << 7
#: IEEE 802.1Q, 9.6: the identifier is 12 bits of the tag.
_VLAN_ID = 0xFFF
#: IEEE 802, 8.2.2: the bit of a destination's first octet that marks a group address.
_GROUP = 0x01
#: Longer than what the kernel puts together from several frames (net/core/gro.c).
_FRAME_MAX = 1 << 17


@dataclass(frozen=True)
class Arrived:
    """data: the frame, without the VLAN tag, which the kernel has removed. vlan: that tag's identifier, 0 without one.

    checked: the device or the kernel found the transport checksum right. unfinished: it was never to be checked, as a
    sender on this machine left it to a device that does not exist (linux/skbuff.h, CHECKSUM_PARTIAL).
    """

    data: bytes
    vlan: int
    checked: bool
    unfinished: bool

    @property
    def to_a_group(self) -> bool:
        return bool(self.data[0] & _GROUP)


def arriving(link: str, instructions: Program, seconds: float, most: int) -> Iterator[Arrived]:
    """What arrives for that long, until so many frames were read. Errors: OSError.

    What macvlan links send to each other arrives on their parent too, to one receiver each (macvlan_queue_xmit).
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        attach(sock, instructions)
        sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        sock.bind((link, ETH_P_ALL))
        end = time.monotonic() + seconds
        for data, ancillary, outgoing in BoundedReading(lambda: _receive(sock, end), most, seconds):
            if not outgoing:
                yield _arrived(data, ancillary)


def _receive(sock: socket.socket, end: float) -> tuple[bytes, list[tuple[int, int, bytes]], bool] | None:
    """The next frame, its ancillary data, and whether this host sent it; None where none comes until the end."""
    if not select.select([sock], [], [], max(end - time.monotonic(), 0))[0]:
        return None
    data, ancillary, dummy_flags, origin = sock.recvmsg(_FRAME_MAX, socket.CMSG_SPACE(_AUXDATA.size))
    return data, ancillary, origin[2] == socket.PACKET_OUTGOING


def _arrived(data: bytes, ancillary: list[tuple[int, int, bytes]]) -> Arrived:
    status = tag = 0
    for level, kind, content in ancillary:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA) and len(content) >= _AUXDATA.size:
            status, tag = (_AUXDATA.unpack_from(content)[field] for field in (0, 5))
    return Arrived(
        data,
        tag & _VLAN_ID if status & _TP_STATUS_VLAN_VALID else 0,
        bool(status & _TP_STATUS_CSUM_VALID),
        bool(status & _TP_STATUS_CSUMNOTREADY),
    )
