# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP connections as probes: opened, and given up at once."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any, Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

#: Close with a reset: thousands of probes shall leave no connections in TIME_WAIT behind (RFC 9293, 3.6).
_NO_LINGER = struct.pack("ii", 1, 0)
#: Connections that wait at most; the oldest is given up for a new one.
_OPEN_MAX = 64

#: Makes a socket of a family in the namespace from which is asked.
Maker = Callable[[int], socket.socket]


class TcpConnector:
    """Connects to one port of many targets. A connection that is accepted is an answer, one that is refused is not."""

    def __init__(self, port: int, make: Maker, ended: Callable[[], str]) -> None:
        self.ended = ended
        self._port = port
        self._make = make
        # The connections in flight change with every probe; this one descriptor stands for them.
        self._poll: Any = select.epoll()
        self._open: dict[int, tuple[socket.socket, Address, int]] = {}

    @property
    def sockets(self) -> Sequence[Any]:
        return (self._poll,)

    def send(self, target: Address, sequence: int) -> None:
        """Errors: OSError."""
        if len(self._open) >= _OPEN_MAX:
            self._drop(next(iter(self._open)))
        sock = self._make(socket.AF_INET if target.version == 4 else socket.AF_INET6)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            code = sock.connect_ex((str(target), self._port))
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
        except OSError:
            sock.close()
            raise
        self._open[sock.fileno()] = sock, target, sequence
        self._poll.register(sock.fileno(), select.EPOLLOUT)

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        for handle, dummy in self._poll.poll(0):
            sock, target, sequence = self._open[handle]
            accepted = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            self._drop(handle)
            if accepted:
                yield target, sequence

    def _drop(self, handle: int) -> None:
        self._poll.unregister(handle)
        self._open.pop(handle)[0].close()

    def close(self) -> None:
        for handle in list(self._open):
            self._drop(handle)
        self._poll.close()
