# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that a link kind works: one is created in a temporary network namespace.

The namespace belongs to a child process and goes with it, also when that is killed; the child dies with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import PIECES_OF_A_TABLE, BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import unshare

from .kinds import Kind

#: linux/prctl.h
PR_SET_PDEATHSIG = 1

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

    from pyroute2 import IPRoute

    try:
        from pyroute2.netlink.exceptions import NetlinkError
    except ImportError:
        from pyroute2 import NetlinkError

    with IPRoute() as netlink:
        parent = ""
        if kind.on_parent:
            parent, tried = _make_parent(netlink, parents, NetlinkError)
            if not parent:
                return Proof(None, f"no link to put it on could be made ({', '.join(tried)})")
        try:
            netlink.link("add", ifname=LINK, kind=kind.name, **_attributes(kind, netlink))
        except NetlinkError as error:
            on = f" on a {parent} link" if parent else ""
            return Proof(False, f"creating a {kind.name} link{on} failed: {_explain(error)}", parent)
        return _read_back(kind, netlink, parent, NetlinkError)


def _make_parent(netlink: Any, parents: list[str], error_class: type[Exception]) -> tuple[str, list[str]]:
    tried = []
    for name in parents:
        extra: dict[str, object] = {"mode": "tap"} if name == "tuntap" else {}
        if name == "veth":
            extra["peer"] = {"ifname": f"{PARENT}1"}
        try:
            netlink.link("add", ifname=PARENT, kind=name, **extra)
            netlink.link("set", index=_index(netlink, PARENT), state="up")
        except (error_class, OSError) as error:
            tried.append(f"{name}: {_explain(error)}")
        else:
            return name, tried
    return "", tried


def _attributes(kind: Kind, netlink: Any) -> dict[str, object]:
    """The attributes of the create message beyond name and kind."""
    if not kind.on_parent:
        return {"peer": {"ifname": f"{LINK}1"}} if kind.name == "veth" else {}
    extra: dict[str, object] = {"link": _index(netlink, PARENT)}
    if kind.name in ("macvlan", "macvtap"):
        extra[f"{kind.name}_mode"] = "bridge"
    elif kind.name == "vlan":
        extra["vlan_id"] = 2
    return extra


def _read_back(kind: Kind, netlink: Any, parent: str, error_class: type[Exception]) -> Proof:
    index = _index(netlink, LINK)
    try:
        netlink.link("set", index=index, state="up")
    except error_class as error:
        return Proof(False, f"a {kind.name} link could be created and not set up: {_explain(error)}", parent)
    link = next(iter(netlink.get_links(index)))
    info = link.get_attr("IFLA_LINKINFO")
    found = info.get_attr("IFLA_INFO_KIND") if info else None
    if found != kind.name:
        return Proof(False, f"the kernel made a {found or 'plain'} link instead of a {kind.name} one", parent)
    on = f" on a {parent} link" if parent else ""
    return Proof(
        True, f"a {kind.name} link{on} was created, set up and read back in a network namespace of its own", parent
    )


def _index(netlink: Any, name: str) -> int:
    return int(next(iter(netlink.link_lookup(ifname=name))))


def _explain(error: BaseException) -> str:
    code = getattr(error, "code", None) or getattr(error, "errno", None)
    said = error.args[-1] if error.args and isinstance(error.args[-1], str) else ""
    name = os.strerror(code) if isinstance(code, int) else type(error).__name__
    return f"{name}: {said}" if said and said != name else name
