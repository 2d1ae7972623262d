# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private instance of the kernel's trace, that leaves nothing behind, also when this process is killed.

tracefs is mounted in a mount namespace that ends at once; the directory stays reachable through a descriptor. An
instance that is in use cannot be removed (kernel/trace/trace.c, instance_rmdir), so that each run removes what killed
ones have left.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import threading
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import in_thread
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes import changed_links, taken_down
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.connector import in_first_pid_namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import Culprits
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.executed import (
    FILTERS,
    ExecutedPrograms,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.looks import Looks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event

from .drops import DropJoiner
from .marks import LENGTH, LENGTHS

PREFIX = "linuxnet-macvlan-"
_MOUNT_POINT = "/sys/kernel/tracing"
#: linux/sched.h CLONE_NEWNS; sys/mount.h MS_REC, MS_PRIVATE.
_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x00020000, 16384, 1 << 18
#: KiB of each processor's buffer, octets of one reading, and readings and seconds at once.
_BUFFER, _READ, _READS_MAX, _SECONDS = 256, 1 << 16, 256, 0.05
_HEADER = 14
_FILTERS = {
    "net/netif_receive_skb": f"len >= {LENGTH} && len < {LENGTH + LENGTHS}",
    "net/net_dev_queue": f"len >= {LENGTH + _HEADER} && len < {LENGTH + LENGTHS + _HEADER}",
    # ETH_P_IP, ETH_P_IPV6
    "skb/kfree_skb": "protocol == 0x0800 || protocol == 0x86dd",
}


class Tracing:
    """The trace of one run, made in the thread that sends its probes.

    Errors: OSError, with the reason in words, where the kernel cannot be asked.
    """

    def __init__(self) -> None:
        # The trace has the numbers of the first PID namespace.
        self._numbered = in_first_pid_namespace()
        self.joiner = DropJoiner(threading.get_native_id() if self._numbered else 0)
        self.programs = ExecutedPrograms()
        self.down, self.links = taken_down.TakenDown(), changed_links.ChangedLinks()
        self._rest = ""
        self._name = PREFIX + secrets.token_hex(4)
        self._pipe = -1
        self._root = in_thread(_mounted)
        try:
            self._instances = os.open("instances", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._root)
        except OSError:
            os.close(self._root)
            raise
        try:
            self._clean()
            os.mkdir(self._name, 0o700, dir_fd=self._instances)
            # An open pipe keeps other runs from removing the instance.
            self._pipe = self._open("trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
            self._start()
        except BaseException:
            self.close()
            raise

    def _open(self, name: str, flags: int) -> int:
        return os.open(f"{self._name}/{name}", flags | os.O_CLOEXEC, dir_fd=self._instances)

    def _write(self, name: str, text: str) -> None:
        handle = self._open(name, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)

    def _start(self) -> None:
        handle = self._open("events/skb/kfree_skb/format", os.O_RDONLY)
        try:
            known = os.read(handle, _READ)
        finally:
            os.close(handle)
        if b"reason" not in known:
            raise OSError(0, "this kernel is older than 5.17 and does not say why it drops packets")
        # So that moments are those of time.monotonic().
        self._write("trace_clock", "mono")
        self._write("buffer_size_kb", str(_BUFFER))
        for event, condition in _FILTERS.items():
            self._enable(event, condition)
        if self._numbered:
            # Without them the drops are known all the same.
            for event, condition in {
                **FILTERS,
                taken_down.EVENT: "",
                changed_links.EVENT: changed_links.CONDITION,
            }.items():
                with contextlib.suppress(OSError):
                    self._enable(event, condition)

    def _enable(self, event: str, condition: str) -> None:
        if condition:
            self._write(f"events/{event}/filter", condition)
        self._write(f"events/{event}/enable", "1")

    def read(self) -> None:
        """Take what the kernel has noted since, within the bounds of a reading."""
        for data in BoundedReading(self._next, _READS_MAX, _SECONDS):
            lines = (self._rest + data.decode(errors="replace")).split("\n")
            self._rest = lines.pop()[:_READ]
            self.joiner.take(lines)
            self.programs.take(lines)
            self.down.take(lines)
            self.links.take(lines)

    def complete(self, events: Iterable[Event], begin: float, looks: Looks, culprits: Culprits) -> None:
        """Name the processes of events by what was noted. begin: of the watch (time.monotonic)."""
        self.programs.complete(events, begin, self.down, self.links, looks, culprits)

    def _next(self) -> bytes | None:
        try:
            return os.read(self._pipe, _READ) or None
        except OSError:
            return None

    def _clean(self) -> None:
        for name in os.listdir(self._instances):
            if name.startswith(PREFIX):
                with contextlib.suppress(OSError):
                    os.rmdir(name, dir_fd=self._instances)

    def close(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
        with contextlib.suppress(OSError):
            os.rmdir(self._name, dir_fd=self._instances)
        os.close(self._instances)
        os.close(self._root)


def _mounted() -> int:
    """A descriptor of tracefs, mounted for this thread alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    steps = (
        lambda: libc.unshare(_CLONE_NEWNS),
        lambda: libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None),
        lambda: libc.mount(b"tracefs", _MOUNT_POINT.encode(), b"tracefs", 0, None),
    )
    for step in steps:
        if step() != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"tracefs cannot be mounted: {os.strerror(number)}")
    return os.open(_MOUNT_POINT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
