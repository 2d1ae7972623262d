# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network namespaces of this host, and running a function inside one of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import field, replace
from typing import TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes import registry as _runtimes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.model import ContainerName

from .names import CLONE_NEWNET

Result = TypeVar("Result")

#: The namespace of the calling thread, which need not be that of the process (proc_thread-self(5)).
OWN = "/proc/thread-self/ns/net"

#: Where namespaces get names: ip-netns(8) and CNI, Docker, and Podman's rootless directory of root.
NAMED = ("/run/netns", "/var/run/docker/netns", "/run/docker/netns")
#: Names that engines give there: Docker's directory, netavark's and CNI's prefixes.
_OF_ENGINE = re.compile(r"/docker/netns/|/(?:netns|cni)-[0-9a-f]{8}-[0-9a-f-]+$")

#: asm-generic/socket.h
_SO_NETNS_COOKIE = 71


class NamespaceGone(Exception):
    """The namespace vanished, or could not be entered, while it was being read."""


@dataclass(frozen=True)
class Namespace:
    """One network namespace.

    label: for people, cleaned: empty for our own, ``web (docker)`` where the container is known (`named`), else a name
    below /run/netns, or ``process 812 (nginx)``.
    path: what setns(2) takes; holds for as long as the namespace or the process lives.
    inode: its identity on this host.
    pid: the process through which an unnamed one was found, else None.
    inside: the first processes in it.
    """

    label: str
    path: str
    inode: int
    pid: int | None = None
    inside: tuple[int, ...] = field(default=(), compare=False)
    container: ContainerName | None = field(default=None, compare=False)

    @property
    def of_engine(self) -> bool:
        """Whether a container engine made it, by its path."""
        return _OF_ENGINE.search(self.path) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """What input may call it: its label, the container's name, and its own name as it is, not cleaned."""
        named = self.path != OWN and self.pid is None
        own = (os.path.basename(self.path),) if named else ()
        return (self.label, *own, *((self.container.name,) if self.container else ()))


def namespaces() -> list[Namespace]:
    """Every namespace that has a name or a process, our own first; each once, by its best label."""
    found: dict[int, Namespace] = {}
    for namespace in (Namespace("", OWN, os.stat(OWN).st_ino), *_named()):
        found.setdefault(namespace.inode, namespace)
    inside = _processes()
    for inode, pids in inside.items():
        if inode not in found:
            label = f"process {pids[0]} ({_command(pids[0])})"
            found[inode] = Namespace(label, f"/proc/{pids[0]}/ns/net", inode, pids[0])
    return [replace(item, inside=tuple(inside.get(item.inode, ()))) for item in found.values()]


def named(namespace: Namespace, host: Host, taken: Collection[str] = ()) -> Namespace:
    """The same with the name of its container, where a runtime of this host knows one. The only maker of such labels.

    It reads some files: for namespaces that matter. taken: the labels of others.
    """
    found = _runtimes.find(host, namespace.inside) if namespace.path != OWN else None
    if found is None:
        return namespace
    label = str(found)
    return replace(namespace, label=f"{label} ({namespace.inode})" if label in taken else label, container=found)


def inodes() -> set[int]:
    """The inodes of the same namespaces, in a third of the time."""
    found = {namespace.inode for namespace in _named()}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                found.add(os.stat(f"/proc/{entry}/ns/net").st_ino)
    return found


def _processes() -> dict[int, list[int]]:
    """The first processes of each namespace, in the order of their pids."""
    found: dict[int, list[int]] = {}
    for pid in sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        with contextlib.suppress(OSError):
            pids = found.setdefault(os.stat(f"/proc/{pid}/ns/net").st_ino, [])
            if len(pids) < _runtimes.PROCESSES_MAX:
                pids.append(pid)
    return found


def _named() -> Iterator[Namespace]:
    for directory in NAMED:
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            continue
        for name in names:
            path = f"{directory}/{name}"
            inode = _namespace_inode(path)
            if inode is not None:
                yield Namespace(_label(name, inode), path, inode)


def _label(name: str, inode: int) -> str:
    """A name that had to be cleaned gets its inode too, as two names can become equal."""
    label = clean(name)
    return label if label == name else f"{label} ({inode})"


def own_label() -> str:
    """Empty for the namespace of the host itself, that of its init; a name without slash for any other.

    Hosts of ``ip netns exec`` share files and differ in this. It contains the cookie, as the inode of an ended
    namespace is soon reused. Errors: OSError.
    """
    own = os.stat(OWN).st_ino
    try:
        foreign = os.stat("/proc/1/ns/net").st_ino != own
    except OSError:
        # Not even root may read every init's namespace.
        foreign = any(namespace.inode == own for namespace in _named())
    return f"netns-{cookie() or own}" if foreign else ""


def cookie() -> int:
    """A number of this thread's namespace that the kernel never reuses, unlike an inode; 0 before Linux 5.14.

    Errors: OSError, where no socket can be opened.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8), sys.byteorder)
        except OSError:
            return 0


def _namespace_inode(path: str) -> int | None:
    """The inode, None where the path is no live namespace (a left-over mount point is a plain file)."""
    try:
        status = os.stat(path)
        plain = os.stat(os.path.dirname(path)).st_dev
    except OSError:
        return None
    return status.st_ino if status.st_dev != plain else None


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return clean(stream.read().strip())
    except OSError:
        return "?"


def enter(path: str) -> None:
    """Move this thread into a namespace (setns(2)). Errors: OSError."""
    # What is no namespace any more can be anything, and does not block.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(handle)


def unshare() -> None:
    """Move this thread into a new namespace (unshare(2)). Errors: OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def in_thread(function: Callable[[], Result]) -> Result:
    """Call a function in a thread of its own: a namespace is a property of a thread, and the others keep theirs."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        # Whoever asked gets it, whatever it is.
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def run_in(path: str, function: Callable[[], Result]) -> Result:
    """Call a function inside a namespace. Sockets that it opens stay in there, wherever they are used afterwards.

    Errors: NamespaceGone with the reason, for whatever the kernel or netlink said inside; our own namespace is entered
    without a thread, and there errors are passed on as they are.
    """
    if path == OWN:
        return function()

    def inside() -> Result:
        try:
            enter(path)
            return function()
        # A namespace that vanishes shows in any error of any library.
        except Exception as error:
            raise NamespaceGone(clean(f"{path}: {error}")) from error

    return in_thread(inside)
