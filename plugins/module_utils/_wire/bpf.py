# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel filter of a probing socket: classic BPF (linux/filter.h) that passes ARP and ND alone."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from typing import List, Tuple

from .frames import (
    ARP_REPLY,
    ETH_HLEN,
    ETH_P_ARP,
    ETH_P_IPV6,
    IPPROTO_ICMPV6,
    NEIGHBOUR_ADVERTISEMENT,
    NEIGHBOUR_SOLICITATION,
)

#: Code, jump if true, jump if false, operand: struct sock_filter of linux/filter.h.
Instruction = Tuple[int, int, int, int]
Program = List[Instruction]
#: Code, operand, where to go on if it holds and if not: empty is the next step.
Step = Tuple[int, int, str, str]

#: linux/bpf_common.h
LOAD_WORD, LOAD_HALF, LOAD_BYTE = 0x20, 0x28, 0x30
JUMP_EQUAL, JUMP_SET = 0x15, 0x45
_RETURN = 0x06
#: linux/filter.h SKF_AD_OFF + SKF_AD_VLAN_TAG: the tag that the kernel took off the frame, 0 without one; and
#: SKF_AD_OFF + SKF_AD_PKTTYPE: to whom it goes (PACKET_OUTGOING: from this host).
VLAN_TAG, PACKET_TYPE = 0xFFFFF000 + 44, 0xFFFFF000 + 4
#: IEEE 802.1Q, 9.6: the VLAN id; a tag with id 0 only gives a priority.
VLAN_ID = 0x0FFF
#: A socket on a trunk's untagged device also sees the frames of its VLANs, which are other segments.
UNTAGGED: tuple[Step, ...] = ((LOAD_WORD, VLAN_TAG, "", ""), (JUMP_SET, VLAN_ID, "reject", ""))
#: asm-generic/socket.h SO_ATTACH_FILTER
_SO_ATTACH_FILTER = 26
_WHOLE_PACKET = 0xFFFF

#: Offsets of the operation in an ARP packet, and of the next header in an IPv6 header and of the type behind it. A
#: neighbour discovery message with an extension header in between is nothing that a host sends.
_ARP_OPERATION = ETH_HLEN + 6
_NEXT_HEADER = ETH_HLEN + 6
_ICMPV6_TYPE = ETH_HLEN + 40


def program(questions: bool = True) -> Program:
    """Passes ARP and neighbour solicitations and advertisements of the untagged network; without questions only what
    others answer, as broadcasts, and our own answers to them, are most of what comes.
    """
    steps: list[Step | str] = [
        *UNTAGGED,
        (LOAD_WORD, PACKET_TYPE, "", ""),
        (JUMP_EQUAL, socket.PACKET_OUTGOING, "" if questions else "reject", ""),
        (LOAD_HALF, 12, "", ""),
        (JUMP_EQUAL, ETH_P_ARP, "accept" if questions else "arp", ""),
        (JUMP_EQUAL, ETH_P_IPV6, "", "reject"),
        (LOAD_BYTE, _NEXT_HEADER, "", ""),
        (JUMP_EQUAL, IPPROTO_ICMPV6, "", "reject"),
        (LOAD_BYTE, _ICMPV6_TYPE, "", ""),
        (JUMP_EQUAL, NEIGHBOUR_SOLICITATION, "accept" if questions else "reject", ""),
        (JUMP_EQUAL, NEIGHBOUR_ADVERTISEMENT, "accept", "reject"),
        "arp",
        (LOAD_HALF, _ARP_OPERATION, "", ""),
        (JUMP_EQUAL, ARP_REPLY, "accept", "reject"),
    ]
    return assemble(steps)


def passes_without_questions(data: bytes, outgoing: bool) -> bool:
    """Whether the program without questions passes a frame that the one with questions has passed. Pure."""
    if outgoing:
        return False
    if data[12:14] == ETH_P_ARP.to_bytes(2, "big"):
        return data[_ARP_OPERATION : _ARP_OPERATION + 2] == ARP_REPLY.to_bytes(2, "big")
    return data[_ICMPV6_TYPE : _ICMPV6_TYPE + 1] == bytes([NEIGHBOUR_ADVERTISEMENT])


def assemble(steps: Sequence[Step | str]) -> Program:
    """The instructions of steps. A text between them is the name of the place where it stands; ``accept`` and
    ``reject`` are behind the last."""
    places: dict[str, int] = {}
    code: list[Step] = []
    for step in steps:
        if isinstance(step, str):
            places[step] = len(code)
        else:
            code.append(step)
    places.update(accept=len(code), reject=len(code) + 1)
    result: Program = []
    for here, (operation, operand, true, false) in enumerate(code):
        # Jumps count from the next instruction.
        jumps = [places.get(name, here + 1) - here - 1 for name in (true, false)]
        result.append((operation, jumps[0], jumps[1], operand))
    return [*result, (_RETURN, 0, 0, _WHOLE_PACKET), (_RETURN, 0, 0, 0)]


def attach(sock: socket.socket, instructions: Program) -> None:
    """Let the kernel drop what the program does not pass. Errors: OSError."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: unsigned short len; struct sock_filter *filter
    description = struct.pack("@HP", len(instructions), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, description)
