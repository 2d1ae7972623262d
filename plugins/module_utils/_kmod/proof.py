# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that a link kind works: one is created in a temporary network namespace.

The namespace belongs to a child process and goes with it, also when that is killed; the child dies with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import struct
import time
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import PIECES_OF_A_TABLE, BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.changes import Changes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    IFLA_IFNAME,
    IFLA_MACVLAN_MODE,
    MACVLAN_KINDS,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    NLA_F_NESTED,
    Attribute,
    attribute,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import unshare
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read_with

from .kinds import Kind

#: linux/prctl.h
PR_SET_PDEATHSIG = 1

#: linux/if_link.h, linux/veth.h
IFLA_VLAN_ID, VETH_INFO_PEER, MACVLAN_MODE_BRIDGE = 1, 1, 4
TUN = "/dev/net/tun"
#: linux/if_tun.h; struct ifreq with flags: name, flags.
TUNSETIFF, TUNSETPERSIST, IFF_TAP = 0x400454CA, 0x400454CB, 0x0002

#: Seconds; a creation takes milliseconds, and up to a second where the kernel has to load a module.
TIMEOUT = 20.0

PARENT = "below"
LINK = "probe"


@dataclass(frozen=True)
class Proof:
    """works: None when it could not be tried. parent: kind of the link below it, empty where none was needed."""

    works: bool | None
    detail: str
    parent: str = ""


def prove(kind: Kind, parents: list[str]) -> Proof:
    """Create a link of a kind, set it up, read it back. parents: kinds to put it on, the first that works is taken."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(kind, parents, writer)
    os.close(writer)
    try:
        answer = _read_all(reader, TIMEOUT)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not answer:
        return Proof(None, f"the trial did not end within {TIMEOUT:g} s")
    return Proof(**json.loads(answer))


def _read_all(handle: int, timeout: float) -> str:
    """What the child wrote until it closed its end, empty when nothing came in time."""
    end = time.monotonic() + timeout
    parts: list[bytes] = []
    for part in BoundedReading(lambda: _read(handle, end), PIECES_OF_A_TABLE, timeout):
        if not part:
            return b"".join(parts).decode()
        parts.append(part)
    return ""


def _read(handle: int, end: float) -> bytes | None:
    """The next part, empty at its end; None where nothing comes in time."""
    ready = select.select([handle], [], [], max(end - time.monotonic(), 0))[0]
    return os.read(handle, 65536) if ready else None


def _child(kind: Kind, parents: list[str], writer: int) -> None:
    """The child's whole life. It never returns, whatever happens: the caller's code must not run twice."""
    try:
        proof = _attempt(kind, parents)
        os.write(writer, json.dumps(proof.__dict__).encode())
    except BaseException as error:  # noqa: BLE001  (reported to the parent; nothing may leave this process)
        os.write(writer, json.dumps({"works": None, "detail": f"the trial failed: {error!r}"}).encode())
    finally:
        os._exit(0)


def _isolate() -> None:
    """Die with the parent, and live in a network namespace of one's own. Errors: OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    unshare()


def _attempt(kind: Kind, parents: list[str]) -> Proof:
    try:
        _isolate()
    except OSError as error:
        why = f"{error.strerror} (CAP_SYS_ADMIN is needed)"
        return Proof(None, f"a network namespace for the trial could not be made: {why}")

    with Changes() as netlink:
        parent = ""
        if kind.on_parent:
            parent, tried = _make_parent(netlink, parents)
            if not parent:
                return Proof(None, f"no link to put it on could be made ({', '.join(tried)})")
        try:
            options: dict[str, Any] = {"link": _index(netlink, PARENT)} if kind.on_parent else {}
            netlink.link("add", ifname=LINK, kind=kind.name, data=_data(kind.name, LINK), **options)
        except OSError as error:
            on = f" on a {parent} link" if parent else ""
            return Proof(False, f"creating a {kind.name} link{on} failed: {_explain(error)}", parent)
        return _read_back(kind, netlink, parent)


def _make_parent(netlink: Changes, parents: list[str]) -> tuple[str, list[str]]:
    tried = []
    for name in parents:
        try:
            if name == "tuntap":
                _make_tap()
            else:
                netlink.link("add", ifname=PARENT, kind=name, data=_data(name, PARENT))
            netlink.link("set", index=_index(netlink, PARENT), state="up")
        except OSError as error:
            tried.append(f"{name}: {_explain(error)}")
        else:
            return name, tried
    return "", tried


def _make_tap() -> None:
    """A tap device that stays when its file is closed. Errors: OSError."""
    device = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(device, TUNSETIFF, struct.pack("=16sH22x", PARENT.encode(), IFF_TAP))
        fcntl.ioctl(device, TUNSETPERSIST, 1)
    finally:
        os.close(device)


def _data(kind: str, name: str) -> list[Attribute]:
    """What the create message has of the kind's own."""
    if kind in MACVLAN_KINDS:
        return [(IFLA_MACVLAN_MODE, struct.pack("=I", MACVLAN_MODE_BRIDGE))]
    if kind == "vlan":
        return [(IFLA_VLAN_ID, struct.pack("=H", 2))]
    if kind == "veth":
        # A struct ifinfomsg, and attributes of a link.
        return [(VETH_INFO_PEER | NLA_F_NESTED, bytes(16) + attribute(IFLA_IFNAME, f"{name}1".encode() + b"\0"))]
    return []


def _read_back(kind: Kind, netlink: Changes, parent: str) -> Proof:
    try:
        netlink.link("set", index=_index(netlink, LINK), state="up")
    except OSError as error:
        return Proof(False, f"a {kind.name} link could be created and not set up: {_explain(error)}", parent)
    link = read_with(netlink, routes=False).link(LINK)
    found = link.kind if link is not None else ""
    if found != kind.name:
        return Proof(False, f"the kernel made a {found or 'plain'} link instead of a {kind.name} one", parent)
    on = f" on a {parent} link" if parent else ""
    return Proof(
        True, f"a {kind.name} link{on} was created, set up and read back in a network namespace of its own", parent
    )


def _index(netlink: Changes, name: str) -> int:
    return next(iter(netlink.link_lookup(ifname=name)))


def _explain(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
