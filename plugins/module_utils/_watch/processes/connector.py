# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's process events connector (drivers/connector/cn_proc.c): every fork and exec of the host, as it happens.

It exists in the first network namespace only, and its pids are those of the first PID namespace.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
from collections.abc import Iterator
from typing import Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import SO_RCVBUFFORCE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import HEADER, NLMSG_DONE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import Program, attach

from .process import read

#: linux/connector.h, linux/cn_proc.h
_NETLINK_CONNECTOR = 11
_CN_IDX_PROC, _CN_VAL_PROC = 1, 1
#: linux/proc_ns.h PROC_PID_INIT_INO
_PID_INIT_INO = 0xEFFFFFFC
_LISTEN, _IGNORE = 1, 2
FORK, EXEC = 0x1, 0x2
_ACKNOWLEDGED = 0x0
#: struct cn_msg, behind struct nlmsghdr; struct proc_event up to its union
_CN_MSG = struct.Struct("=IIIIHH")
_EVENT = HEADER.size + _CN_MSG.size
_UNION = _EVENT + 16
#: Room for about 8000 events.
_BUFFER = 8 << 20
#: Seconds within which the kernel acknowledges.
_PATIENCE = 0.3

#: linux/bpf_common.h
_LOAD_WORD, _TAX, _JUMP_EQUAL, _JUMP_EQUAL_X, _RETURN = 0x20, 0x07, 0x15, 0x1D, 0x06

#: FORK with parent and child, or EXEC with the process and 0.
ForkOrExec = Tuple[int, int, int]


class Unavailable(Exception):
    """There are no process events here; the message says why."""


def in_first_pid_namespace() -> bool:
    """Whether the kernel and we give processes the same numbers."""
    return os.stat("/proc/self/ns/pid").st_ino == _PID_INIT_INO


class ProcessEvents:
    """Process events from now on. Errors: Unavailable."""

    def __init__(self) -> None:
        if not in_first_pid_namespace():
            raise Unavailable("process events carry pids of the first PID namespace, and this host has one of its own")
        for namespace in _namespaces():
            try:
                self.socket = run_in(namespace, _open)
            except (OSError, NamespaceGone):
                continue
            if _subscribe(self.socket):
                return
            self.socket.close()
        raise Unavailable(
            "the kernel gives no process events here (CONFIG_PROC_EVENTS, or none but the first network namespace "
            "can be entered)"
        )

    def receive(self) -> Iterator[ForkOrExec | None]:
        """The events that wait; None where some were lost."""
        for data in BoundedReading(self._next):
            event = parse(data)
            if event is not None or not data:
                yield event

    def _next(self) -> bytes | None:
        """The next message that waits, an empty one where some were lost, None where none waits."""
        try:
            return self.socket.recv(1024)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            return b""

    def close(self) -> None:
        # Before Linux 6.6 the kernel only counts who asked to listen and who asked to stop.
        with contextlib.suppress(OSError):
            self.socket.send(_request(_IGNORE))
        self.socket.close()


def parse(data: bytes) -> ForkOrExec | None:
    """None for what is neither the fork of a process nor an exec. Pure."""
    if len(data) < _UNION + 8:
        return None
    what = _what(data)
    if what == EXEC:
        return EXEC, _number(data, _UNION + 4), 0
    if what == FORK and len(data) >= _UNION + 16:
        # parent_pid, parent_tgid, child_pid, child_tgid: a new thread has the tgid of its process.
        dummy, parent, thread, child = struct.unpack_from("=iiii", data, _UNION)
        return (FORK, parent, child) if thread == child else None
    return None


def _namespaces() -> Iterator[str]:
    """Where the first network namespace may be: here, where init is, or where a process is that started this one."""
    yield OWN
    yield "/proc/1/ns/net"
    parent = os.getppid()
    while parent > 1:
        yield f"/proc/{parent}/ns/net"
        process = read(parent)
        parent = process.parent if process else 0


def _subscribe(sock: socket.socket) -> bool:
    """Whether the kernel agrees; it says so at once, or nothing at all."""
    try:
        sock.send(_request(_LISTEN))
    except OSError:
        return False
    # Whatever comes first: without a listener nothing would come.
    if not select.select([sock], [], [], _PATIENCE)[0]:
        return False
    data = sock.recv(1024)
    return not (_what(data) == _ACKNOWLEDGED and _number(data, _UNION))


def _what(data: bytes) -> int:
    return _number(data, _EVENT)


def _number(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("=I", data, offset)[0]) if len(data) >= offset + 4 else 0


def _open() -> socket.socket:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _NETLINK_CONNECTOR)
    try:
        attach(sock, _program())
        with contextlib.suppress(PermissionError):
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, _BUFFER)
        sock.bind((0, _CN_IDX_PROC))
        sock.setblocking(False)
        return sock
    except BaseException:
        sock.close()
        raise


def _program() -> Program:
    """Passes the acknowledgement, forks that make processes, and execs: threads and exits are most of what comes."""

    def word(value: int) -> int:
        """The filter loads words in network byte order, the kernel writes these in its own."""
        return socket.htonl(value)

    return [
        (_LOAD_WORD, 0, 0, _EVENT),
        (_JUMP_EQUAL, 6, 0, word(EXEC)),
        (_JUMP_EQUAL, 5, 0, word(_ACKNOWLEDGED)),
        (_JUMP_EQUAL, 0, 5, word(FORK)),
        (_LOAD_WORD, 0, 0, _UNION + 8),
        (_TAX, 0, 0, 0),
        (_LOAD_WORD, 0, 0, _UNION + 12),
        (_JUMP_EQUAL_X, 0, 1, 0),
        (_RETURN, 0, 0, 0xFFFF),
        (_RETURN, 0, 0, 0),
    ]


def _request(operation: int) -> bytes:
    body = struct.pack("=I", operation)
    message = _CN_MSG.pack(_CN_IDX_PROC, _CN_VAL_PROC, 0, 0, len(body), 0) + body
    return HEADER.pack(HEADER.size + len(message), NLMSG_DONE, 0, 0, os.getpid()) + message
