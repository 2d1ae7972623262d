# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs work in a child process whose writing system calls are held until somebody has decided what becomes of it.

A filter of seccomp(2) reports them to this process (seccomp_unotify(2)), those of all descendants too, so there are no
stops elsewhere, and nothing of the work is replaced. Only on x86-64, as numbers of system calls differ.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: asm/unistd_64.h
WRITING = {
    "write": 1, "pwrite64": 18, "writev": 20, "sendto": 44, "sendmsg": 46, "fsync": 74, "fdatasync": 75,
    "truncate": 76, "ftruncate": 77, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87,
    "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "setxattr": 188,
    "lsetxattr": 189, "fsetxattr": 190, "mkdirat": 258, "fchownat": 260, "unlinkat": 263, "renameat": 264,
    "linkat": 265, "symlinkat": 266, "fchmodat": 268, "renameat2": 316,
}  # fmt: skip
NAMES = {number: name for name, number in WRITING.items()}
OPENAT, SECCOMP, PIDFD_GETFD = 257, 317, 438
#: asm-generic/fcntl.h: O_WRONLY, O_RDWR, O_CREAT and O_TRUNC.
OPEN_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000

#: linux/seccomp.h, linux/audit.h, linux/bpf_common.h
SET_MODE_FILTER, NEW_LISTENER, ARCH_X86_64 = 1, 8, 0xC000003E
USER_NOTIF, ALLOW = 0x7FC00000, 0x7FFF0000
RECEIVE, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NOTIFICATION = struct.Struct("=QIIiIQ6Q")
ANSWER = struct.Struct("=QqiI")
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Call:
    """A system call that has not happened yet. name: of it. pid: of the process."""

    name: str
    pid: int


#: Decides what becomes of the work before a call happens: the processes to kill, or none to go on.
Decide = Callable[[Call], "tuple[int, ...]"]


def unable() -> str:
    """Why it cannot be done here; empty where it can."""
    if platform.machine() != "x86_64":
        return "system calls are counted by their numbers on x86-64"
    return "" if os.geteuid() == 0 else "a filter of system calls needs root"


def supervised(work: Callable[[], object], decide: Decide) -> int:
    """Run work in a child, and return when it and all its descendants have ended; the child's wait status."""
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "descendants cannot be waited for")
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(work)
    listener = _listener(pid)
    status = 0
    try:
        if listener is not None:
            _serve(listener, decide)
    finally:
        if listener is not None:
            os.close(listener)
        for ended, result in _reap():
            status = result if ended == pid else status
    return status


def descendants(pid: int) -> Iterator[int]:
    """Of a process, the youngest first."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
        for child in map(int, stream.read().split()):
            yield from descendants(child)
            yield child


def _child(work: Callable[[], object]) -> None:
    try:
        _filter()
        work()
    except BaseException:  # noqa: BLE001  (its exit status says so)
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _filter() -> None:
    rows = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, ARCH_X86_64), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 0)]
    for number in WRITING.values():
        rows += [(EQUAL, 0, 1, number), (RETURN, 0, 0, USER_NOTIF)]
    # The low half of the third argument, the flags.
    rows += [(EQUAL, 0, 3, OPENAT), (LOAD, 0, 0, 32), (ANY_BIT, 0, 1, OPEN_TO_WRITE), (RETURN, 0, 0, USER_NOTIF)]
    rows += [(RETURN, 0, 0, ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in rows))
    described = struct.pack("@HP", len(rows), ctypes.addressof(program))
    if _libc.syscall(SECCOMP, SET_MODE_FILTER, NEW_LISTENER, described) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _listener(pid: int) -> int | None:
    """The child's listener, in this process; None where the child has ended before it had one."""
    handle = os.pidfd_open(pid)
    try:
        while not select.select([handle], [], [], 0)[0]:
            with contextlib.suppress(OSError):
                for name in os.listdir(f"/proc/{pid}/fd"):
                    if os.readlink(f"/proc/{pid}/fd/{name}") == "anon_inode:seccomp notify":
                        return int(_libc.syscall(PIDFD_GETFD, handle, int(name), 0))
            time.sleep(0.001)
    finally:
        os.close(handle)
    return None


def _serve(listener: int, decide: Decide) -> None:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        ((_handle, events),) = poll.poll()
        if events & select.POLLHUP:
            return
        held = bytearray(NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, RECEIVE, held)
        except (FileNotFoundError, InterruptedError):  # its process has ended meanwhile
            continue
        identity, pid, _flags, number, _arch, _ip, *arguments = NOTIFICATION.unpack(held)
        name = NAMES.get(number, "openat")
        for killed in () if _asks_only(name, pid, arguments) else decide(Call(name, pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(killed, signal.SIGKILL)
        with contextlib.suppress(FileNotFoundError):
            fcntl.ioctl(listener, SEND, ANSWER.pack(identity, 0, 0, CONTINUE))


def _asks_only(name: str, pid: int, arguments: list[int]) -> bool:
    """Whether it is a question to the kernel: rtnetlink(7) has its questions at every fourth number."""
    if name != "sendto":
        return False
    with contextlib.suppress(OSError), open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(arguments[1])
        length, kind = struct.unpack("=IH", memory.read(6))
        return length == arguments[2] and kind >= 16 and kind % 4 == 2
    return False


def _reap() -> Iterator[tuple[int, int]]:
    with contextlib.suppress(ChildProcessError):
        while True:
            yield os.waitpid(-1, 0)
