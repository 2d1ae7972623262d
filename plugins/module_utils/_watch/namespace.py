# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One namespace that is watched: what stays open in it while this process is elsewhere."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import PIECES_OF_A_TABLE, BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import decode, netlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.decode import Notification
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import SO_RCVBUFFORCE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace, run_in

from .state import ROUTES_MAX

#: About 4000 notifications, each of which takes about 1 KiB in the kernel's accounting.
RECEIVE_BUFFER = 4 << 20
#: A datagram of a dump has up to 32 KiB (net/netlink/af_netlink.c netlink_dump).
_DATAGRAM = 1 << 16
#: Seconds. The kernel answers at once.
_TIMEOUT = 2.0
#: Well above what is remembered, so that a state that lacks routes knows that.
_ROUTES_READ = 2 * ROUTES_MAX
_DUMPS = (
    netlink.RTM_GETLINK, netlink.RTM_GETADDR, netlink.RTM_GETNEIGH, netlink.RTM_GETRULE, netlink.RTM_GETROUTE,
)  # fmt: skip


class WatchedNamespace:
    """Sockets and files of one namespace. Errors: OSError, NamespaceGone.

    label: empty for our own. events: readable when something changed.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.label = namespace.label
        self.path = namespace.path
        self.inode = namespace.inode
        self._sequence = 0
        with contextlib.ExitStack() as stack:
            run_in(namespace.path, lambda: self._open(stack))
            self._stack = stack.pop_all()

    def _open(self, stack: contextlib.ExitStack) -> None:
        self.events = stack.enter_context(_netlink())
        with contextlib.suppress(PermissionError):
            self.events.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self.events.bind((0, decode.GROUPS))
        self.events.setblocking(False)
        self._questions = stack.enter_context(_netlink())
        self._questions.bind((0, 0))
        self._questions.settimeout(_TIMEOUT)
        self._files = {}
        for name in ("netlink", "netstat", "snmp", "snmp6"):
            with contextlib.suppress(OSError):
                handle = os.open(f"/proc/thread-self/net/{name}", os.O_RDONLY | os.O_CLOEXEC)
                stack.callback(os.close, handle)
                self._files[name] = handle

    def receive(self) -> bytes | None:
        """The next datagram of notifications, None when none waits. Errors: OSError ENOBUFS when some were lost."""
        try:
            return self.events.recv(_DATAGRAM)
        except BlockingIOError:
            return None

    def dump(self, *kinds: int) -> Iterator[Notification]:
        """Everything that is there now, or all of some RTM_GET types. Errors: OSError."""
        for kind in kinds or _DUMPS:
            yield from self._ask(decode.dump_or_get(kind, self._next()), one=False)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def id_of(self, namespace: int) -> int | None:
        """The id that this namespace has for the one behind a descriptor, None where it has none."""
        try:
            found = list(self._ask(decode.request_namespace_id(namespace, self._next()), one=True))
        except OSError:
            return None
        return found[0].fields["id"] if found else None

    def link(self, index: int) -> Notification | None:
        """One link with its counters, None when it is not there."""
        try:
            found = list(self._ask(decode.dump_or_get(netlink.RTM_GETLINK, self._next(), index), one=True))
        except OSError:
            return None
        return found[0] if found else None

    def _ask(self, question: bytes, one: bool) -> Iterator[Notification]:
        self._questions.send(question)
        routes = 0
        for data in BoundedReading(lambda: self._questions.recv(_DATAGRAM), PIECES_OF_A_TABLE, _TIMEOUT):
            for answer, dummy, sequence, _port, payload in netlink.messages(data):
                routes += answer == netlink.RTM_NEWROUTE
                if answer == netlink.RTM_NEWROUTE and routes > _ROUTES_READ:
                    continue  # reading them all would take longer than the watch may
                if sequence != self._sequence:
                    continue  # the rest of an answer that took too long
                if answer == netlink.NLMSG_DONE:
                    return
                if answer == netlink.NLMSG_ERROR:
                    code = netlink.error_of(payload)
                    raise OSError(code, os.strerror(code))
                # An answer carries the port id of this process, which says nothing about who made what it shows.
                message = decode.decode(answer, 0, payload)
                if message is not None:
                    yield message
                if one:
                    return
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    def read(self, name: str) -> str:
        """A file of /proc/net as this namespace has it; empty where there is none."""
        handle = self._files.get(name)
        if handle is None:
            return ""
        os.lseek(handle, 0, os.SEEK_SET)
        parts = BoundedReading(lambda: os.read(handle, _DATAGRAM) or None, PIECES_OF_A_TABLE, _TIMEOUT)
        return b"".join(parts).decode(errors="replace")

    def ended(self) -> bool:
        """Whether it lives only through what is open here."""
        if not self.label:
            return False
        try:
            return os.stat(self.path).st_ino != self.inode
        except OSError as error:
            return error.errno != errno.EACCES

    def close(self) -> None:
        self._stack.close()


def _netlink() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
