# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network namespaces of this host, and running a function inside one of them."""

from __future__ import annotations

import ctypes
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")

OWN = "/proc/self/ns/net"

#: Where namespaces get names: ip-netns(8) and CNI, Docker, and Podman's rootless directory of root.
NAMED = ("/run/netns", "/var/run/docker/netns", "/run/docker/netns")

#: linux/sched.h
CLONE_NEWNET = 0x40000000


class NamespaceGone(Exception):
    """The namespace vanished, or could not be entered, while it was being read."""


@dataclass(frozen=True)
class Namespace:
    """One network namespace.

    label: for people: empty for our own, a name below /run/netns, or ``process 812 (nginx)``.
    path: what setns(2) takes; holds for as long as the namespace or the process lives.
    inode: its identity on this host.
    pid: the process through which an unnamed one was found, else None.
    """

    label: str
    path: str
    inode: int
    pid: int | None = None


def namespaces() -> list[Namespace]:
    """Every namespace that has a name or a process, our own first; each once, by its best label."""
    found: dict[int, Namespace] = {}
    for namespace in _candidates():
        found.setdefault(namespace.inode, namespace)
    return list(found.values())


def _candidates() -> Iterator[Namespace]:
    yield Namespace("", OWN, os.stat(OWN).st_ino)
    for directory in NAMED:
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            continue
        for name in names:
            path = f"{directory}/{name}"
            inode = _namespace_inode(path)
            if inode is not None:
                yield Namespace(name, path, inode)
    for pid in sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        path = f"/proc/{pid}/ns/net"
        inode = _namespace_inode(path)
        if inode is not None:
            yield Namespace(f"process {pid} ({_command(pid)})", path, inode, pid)


def _namespace_inode(path: str) -> int | None:
    """The inode, None where the path is no live namespace (a left-over mount point is a plain file)."""
    try:
        status = os.stat(path)
        plain = os.stat(os.path.dirname(path)).st_dev
    except OSError:
        return None
    return status.st_ino if path.startswith("/proc/") or status.st_dev != plain else None


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return "?"


def enter(path: str) -> None:
    """Move this process into a namespace (setns(2)). Errors: OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(handle)


def run_in(path: str, function: Callable[[], Result]) -> Result:
    """Call a function in a child process inside a namespace and return its (picklable) result.

    A child, because a namespace is a property of a thread and libraries start threads of their own.
    Errors: NamespaceGone with the reason, for whatever went wrong inside.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            answer = _answer(path, function)
            with os.fdopen(writer, "wb") as stream:
                pickle.dump(answer, stream)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    os.waitpid(child, 0)
    if not data:
        raise NamespaceGone(f"{path}: the reader died")
    result, error = pickle.loads(data)
    if error is not None:
        raise NamespaceGone(f"{path}: {error}")
    return result  # type: ignore[no-any-return]


def _answer(path: str, function: Callable[[], Result]) -> tuple[Result | None, str | None]:
    try:
        enter(path)
        return function(), None
    except Exception as error:  # noqa: BLE001  (told to the parent process, which knows what to do about it)
        return None, f"{type(error).__name__}: {error}"
