# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do TCP and UDP arrive with the right checksum? Listens on the parent to frames for this host. Sends nothing."""

from __future__ import annotations

import socket

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import checksum as transport
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import (
    JUMP_EQUAL,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_WORD,
    PACKET_TYPE,
    Step,
    assemble,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    ETH_HLEN,
    ETH_P_IP,
    ETH_P_IPV6,
    mac_text,
)

from .frames import arriving
from .model import Context, Experiment, silence
from .results import ChecksumsResult, WrongSender

#: Seconds, frames that are read, and senders and examples of each that are kept.
SECONDS, FRAMES_MAX, SENDERS_MAX, EXAMPLES = 1.5, 3000, 20, 3
#: Offsets of the protocol in the headers of IPv4 and IPv6.
_PROTOCOL, _NEXT_HEADER = ETH_HLEN + 9, ETH_HLEN + 6


def _steps() -> list[Step | str]:
    """TCP and UDP that arrive."""
    return [
        (LOAD_WORD, PACKET_TYPE, "", ""),
        (JUMP_EQUAL, socket.PACKET_OUTGOING, "reject", ""),
        (LOAD_HALF, 12, "", ""),
        (JUMP_EQUAL, ETH_P_IP, "", "six"),
        (LOAD_BYTE, _PROTOCOL, "", ""),
        (JUMP_EQUAL, transport.TCP, "accept", ""),
        (JUMP_EQUAL, transport.UDP, "accept", "reject"),
        "six",
        (JUMP_EQUAL, ETH_P_IPV6, "", "reject"),
        (LOAD_BYTE, _NEXT_HEADER, "", ""),
        (JUMP_EQUAL, transport.TCP, "accept", ""),
        (JUMP_EQUAL, transport.UDP, "accept", "reject"),
    ]


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    return silence(parent)


def _run(context: Context) -> ChecksumsResult:
    """Only frames of other machines to this host, its containers, or groups count.

    An unfinished checksum is right too: the receiver knows that it is, unless something on the path lost that mark.
    """
    scope = context.scope
    right = 0
    wrong: dict[str, WrongSender] = {}
    links = [scope.parent, scope.shim, *(item.link for item in (*scope.containers, *scope.strays))]
    own = {link.mac for link in links if link is not None}
    for frame in arriving(scope.parent.name, assemble(_steps()), SECONDS, FRAMES_MAX) if scope.parent else ():
        receiver, sender = mac_text(frame.data[:6]), mac_text(frame.data[6:12])
        if frame.vlan or sender in own or not (frame.to_a_group or receiver in own):
            continue
        fine = frame.checked or frame.unfinished
        found = None if fine else transport.read(frame.data)
        if fine or (found is not None and found.right):
            right += 1
        elif found is not None:
            _note(wrong, sender, str(found))
    return {"seconds": SECONDS, "right": right, "wrong": list(wrong.values())[:SENDERS_MAX]}


def _note(wrong: dict[str, WrongSender], mac: str, text: str) -> None:
    one = wrong.setdefault(mac, {"mac": mac, "frames": 0, "examples": []})
    one["frames"] += 1
    if text not in one["examples"] and len(one["examples"]) < EXAMPLES:
        one["examples"].append(text)


EXPERIMENT = Experiment(
    id="checksums",
    sends=f"nothing: it listens on the parent for {SECONDS:g} seconds to TCP and UDP",
    run=_run,
    why_not=_why_not,
    listens=True,
)
