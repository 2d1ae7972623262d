# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which VLAN does this network come in? Listens on the parent for ARP. Sends nothing."""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._packets import ETH_P_ARP, Arp, Frame, parse
from ansible_collections.linuxnet.macvlan.plugins.module_utils._probe.filter import (
    JUMP_EQUAL,
    LOAD_HALF,
    assemble,
    attach,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._probe.sweep import ETH_P_ALL

from .model import Context, Experiment

#: Seconds, frames that are read, and examples that are kept for each VLAN.
SECONDS, FRAMES_MAX, EXAMPLES = 1.5, 5000, 3
#: linux/if_packet.h: struct tpacket_auxdata (tp_status, tp_len, tp_snaplen, tp_mac, tp_net, tp_vlan_tci, tp_vlan_tpid),
#: where the kernel tells the tag that it took off before anybody sees the frame.
_SOL_PACKET, _PACKET_AUXDATA, _TP_STATUS_VLAN_VALID = 263, 8, 1 << 4
_AUXDATA = struct.Struct("=IIIHHHH")
#: IEEE 802.1Q, 9.6: the identifier is 12 bits of the tag.
_VLAN_ID = 0xFFF
_FRAME_MAX = 2048
#: IEEE 802, 8.2.2: the bit of a destination's first octet that says that it is for several receivers.
_GROUP = 0x01


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    if not any(subnet.version == 4 for subnet in context.network.subnets):
        return "the network has no IPv4, so nobody there sends ARP"
    if parent.kind == "vlan":
        return f"{parent.name} is in a VLAN itself"
    return "" if parent.up and parent.carrier else f"{parent.name} is down or has no carrier"


def _run(context: Context) -> dict[str, Any]:
    """``{"seconds", "vlans": [{"id", "frames", "examples": ["MAC says 192.0.2.1", …]}]}``; id 0: without a tag.

    Only broadcasts from the network that name an address of the declared subnets count.
    """
    parent = context.scope.parent
    seen: dict[int, dict[str, Any]] = {}
    if parent is not None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            attach(sock, assemble([(LOAD_HALF, 12, "", ""), (JUMP_EQUAL, ETH_P_ARP, "accept", "reject")]))
            sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
            sock.bind((parent.name, ETH_P_ALL))
            _listen(sock, context, seen)
    return {"seconds": SECONDS, "vlans": sorted(seen.values(), key=lambda item: int(item["id"]))}


def _listen(sock: socket.socket, context: Context, seen: dict[int, dict[str, Any]]) -> None:
    end = time.monotonic() + SECONDS
    for dummy in range(FRAMES_MAX):
        left = end - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            return
        data, ancillary, dummy_flags, origin = sock.recvmsg(_FRAME_MAX, socket.CMSG_SPACE(_AUXDATA.size))
        # What macvlan links send each other passes their parent too, to one receiver each (macvlan_queue_xmit).
        frame = parse(data) if origin[2] != socket.PACKET_OUTGOING and data[0] & _GROUP else None
        if frame is None:
            continue
        named = [item for item in _named(frame) if any(within(item, subnet) for subnet in context.network.subnets)]
        if named:
            vlan = _vlan(ancillary)
            one = seen.setdefault(vlan, {"id": vlan, "frames": 0, "examples": []})
            one["frames"] += 1
            text = f"{frame.source} about {named[0]}"
            if text not in one["examples"] and len(one["examples"]) < EXAMPLES:
                one["examples"].append(text)


def _named(frame: Frame) -> list[Address]:
    """The addresses that a frame is about: the sender's own first, where it tells one."""
    return [frame.body.spa, frame.body.tpa] if isinstance(frame.body, Arp) else []


def _vlan(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The VLAN's identifier in what the kernel says of a frame; 0 where it came without a tag."""
    for level, kind, data in ancillary:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA) and len(data) >= _AUXDATA.size:
            status, tag = (_AUXDATA.unpack_from(data)[place] for place in (0, 5))
            return tag & _VLAN_ID if status & _TP_STATUS_VLAN_VALID else 0
    return 0


EXPERIMENT = Experiment(
    id="tags",
    sends=f"nothing: it listens on the parent for {SECONDS:g} seconds to ARP",
    run=_run,
    why_not=_why_not,
)
