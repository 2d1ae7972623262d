# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens for LLDP frames of switches. Sends nothing."""

from __future__ import annotations

import contextlib
import functools
import select
import socket
import time
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading

from .bpf import JUMP_EQUAL, LOAD_HALF, assemble
from .lldp import ETH_P_LLDP, GROUPS, LldpNeighbour, parse
from .packet_socket import packet_socket

#: Neighbours of one interface that are kept: a switch port has one, a hub a handful.
NEIGHBOURS_MAX = 16
#: Passes LLDP alone.
_PROGRAM = assemble([(LOAD_HALF, 12, "", ""), (JUMP_EQUAL, ETH_P_LLDP, "accept", "reject")])
#: IEEE 802.1AB allows 1500 octets of payload.
_FRAME_MAX = 2048


def listen(interfaces: Iterable[str], seconds: float) -> dict[str, list[LldpNeighbour]]:
    """The neighbours on each interface. Ends before the time is over once each of them has heard one.

    An interface that cannot be opened has no neighbours. Errors: PermissionError without CAP_NET_RAW.
    """
    heard: dict[str, dict[tuple[str, str], LldpNeighbour]] = {name: {} for name in interfaces}
    with contextlib.ExitStack() as stack:
        sockets = {}
        for name in heard:
            try:
                sock = stack.enter_context(packet_socket(name, _PROGRAM, GROUPS))
            except PermissionError:
                raise
            except OSError:
                continue
            sockets[sock] = name
        end = time.monotonic() + seconds
        while any(not heard[name] for name in sockets.values()):
            left = end - time.monotonic()
            if left <= 0:
                break
            for sock in select.select(list(sockets), [], [], left)[0]:
                for data, outgoing in BoundedReading(functools.partial(_receive, sock)):
                    # what a daemon on this host says of itself is no neighbour
                    if not outgoing:
                        _take(data, heard[sockets[sock]])
    return {name: list(neighbours.values()) for name, neighbours in heard.items()}


def _receive(sock: socket.socket) -> tuple[bytes, bool] | None:
    """The next frame and whether this host sent it. None where none waits, or the interface went down."""
    try:
        data, origin = sock.recvfrom(_FRAME_MAX)
    except OSError:
        return None
    return data, origin[2] == socket.PACKET_OUTGOING


def _take(data: bytes, heard: dict[tuple[str, str], LldpNeighbour]) -> None:
    neighbour = parse(data)
    if neighbour is None:
        return
    key = (neighbour.chassis_id, neighbour.port_id)
    if neighbour.ttl:
        if key in heard or len(heard) < NEIGHBOURS_MAX:
            heard[key] = neighbour
    else:
        heard.pop(key, None)
