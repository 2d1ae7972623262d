# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A temporary macvlan child to probe from, which cannot outlive this process.

It is created inside a network namespace that has no name and no process, only open descriptors here: however the
process ends, the kernel removes namespace and link with it (net/core/net_namespace.c, net/core/dev.c).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import struct
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.changes import Changes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    NLM_F_ACK,
    RTM_DELLINK,
    error_of,
    messages,
    request,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, enter, in_thread, unshare

from .ask import Vantage, open_socket

#: Name and MAC address identify it in captures and switch logs: the prefix, then random digits.
NAME_PREFIX = "lnprobe"
#: Locally administered and unicast (IEEE 802-2014, 8.2.2); 6c:6e is "ln".
MAC_PREFIX = "02:6c:6e"

#: Without it the kernel would announce the link's own IPv6 address on the LAN. Where /proc/sys is read-only it does.
_NO_IPV6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6"


class ChildFailed(Exception):
    """No child could be made; the message says why."""


@contextlib.contextmanager
def temporary_child(parent: Link, addresses: Iterable[Address] | None, name: str) -> Iterator[Vantage]:
    """A vantage called ``name`` on a bridge-mode child of a link of this namespace. Errors: ChildFailed."""
    with temporary_socket(parent, lambda link: open_socket(link, addresses)[0]) as (link, mac, sock):
        yield Vantage(name, link, mac, sock)


@contextlib.contextmanager
def temporary_socket(
    parent: Link, open_on: Callable[[str], socket.socket], mac: str = ""
) -> Iterator[tuple[str, str, socket.socket]]:
    """Name and MAC address of a bridge-mode child of a link of this namespace, and a socket on it.

    open_on: makes the socket, called inside the child's namespace with its name. mac: a random one where none is given.
    Errors: ChildFailed.
    """
    link = NAME_PREFIX + secrets.token_hex(3)
    mac = mac or f"{MAC_PREFIX}:{secrets.token_bytes(3).hex(':')}"
    with contextlib.ExitStack() as stack:
        try:
            namespace, netlink = in_thread(_new_namespace)
        except OSError as error:
            raise ChildFailed(f"no temporary network namespace: {error.strerror}") from error
        stack.callback(os.close, namespace)
        stack.enter_context(netlink)
        _create(parent, link, mac, namespace)
        stack.callback(_delete, netlink, link, namespace)
        try:
            sock = in_thread(lambda: _open_in(namespace, lambda: open_on(link)))
        except OSError as error:
            raise ChildFailed(f"the temporary child of {parent.name} cannot be used: {error.strerror}") from error
        stack.enter_context(sock)
        yield link, mac, sock


def _new_namespace() -> tuple[int, socket.socket]:
    """Move this thread into a new namespace: a descriptor of it, and an rtnetlink socket in it."""
    unshare()
    with contextlib.suppress(OSError), open(_NO_IPV6, "w", encoding="ascii") as stream:
        stream.write("1")
    namespace = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return namespace, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    except BaseException:
        os.close(namespace)
        raise


def _create(parent: Link, link: str, mac: str, namespace: int) -> None:
    """One request that makes the link there and brings it up: at no moment is it in our namespace."""
    with Changes() as netlink:
        try:
            netlink.link(
                "add",
                ifname=link,
                kind="macvlan",
                link=parent.index,
                macvlan_mode="bridge",
                address=mac,
                net_ns_fd=namespace,
                state="up",
            )
        except OSError as error:
            raise ChildFailed(f"{parent.name} takes no temporary child: {error.strerror}") from error


def _open_in(namespace: int, open_socket_here: Callable[[], socket.socket]) -> socket.socket:
    enter(f"/proc/self/fd/{namespace}")
    return open_socket_here()


def _delete(netlink: socket.socket, link: str, namespace: int) -> None:
    """Remove the link now: the kernel removes an abandoned namespace only some time later."""
    index = in_thread(lambda: _index_in(namespace, link))
    # struct ifinfomsg
    netlink.send(request(RTM_DELLINK, NLM_F_ACK, 1, struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0)))
    code = next(error_of(message.payload) for message in messages(netlink.recv(4096)))
    if code not in (0, errno.ENODEV):
        raise OSError(code, os.strerror(code), link)


def _index_in(namespace: int, link: str) -> int:
    enter(f"/proc/self/fd/{namespace}")
    return socket.if_nametoindex(link)
