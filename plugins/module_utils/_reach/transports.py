# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the sockets for probes: one per namespace for pings, one per link for ARP and neighbour discovery."""

from __future__ import annotations

import contextlib
import errno
import functools
import ipaddress
import os
import socket
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import MACS_OF_ADDRESS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage, open_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import attach, program
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import REPLY, claim
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    ALL_NODES,
    Arp,
    Frame,
    Neighbour,
    build,
    multicast_mac,
    probe,
    solicited_node,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.pinger import open_pinger
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.tcp import TcpConnector
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import (
    ChildFailed,
    temporary_child,
)

from .asking import Transport
from .kinds import ECHO, TCP
from .probes import TEMPORARY_CHILD, Probe, TcpProbe
from .scope import Scope


class Asker:
    """Asks who has an address, from one link.

    source: the link's own IPv6 address. A neighbour solicitation from it is answered to the link alone, one from ``::``
    to all nodes (RFC 4861, 7.2.4), so that parent and child would each take the other's answer as its own.
    answered_by: for each target the MAC addresses that answered for it, and how often.
    """

    def __init__(self, vantage: Vantage, source: ipaddress.IPv6Address | None) -> None:
        self._vantage = vantage
        attach(vantage.socket, program(questions=False))
        self._source = source
        self.answered_by: dict[Address, dict[str, int]] = {}
        self._asked: set[Address] = set()

    @property
    def mac(self) -> str:
        """Of the link that asks."""
        return self._vantage.mac

    @property
    def sockets(self) -> Sequence[socket.socket]:
        return (self._vantage.socket,)

    def send(self, target: Address, dummy: int) -> None:
        """Errors: OSError."""
        try:
            self._ask(target)
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.ENODEV):
                raise
            # The link was removed, and perhaps recreated.
            self._vantage.rebind()
            self._ask(target)

    def _ask(self, target: Address) -> None:
        self._asked.add(target)
        mac = self._vantage.mac
        if isinstance(target, ipaddress.IPv4Address) or self._source is None:
            self._vantage.socket.send(probe(mac, target))
            return
        group = solicited_node(target)
        question = Neighbour(True, self._source, group, target, link_layer=mac)
        self._vantage.socket.send(build(Frame(mac, multicast_mac(group), question)))

    def ended(self) -> str:
        return ""

    def close(self) -> None:
        self._vantage.socket.close()

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        for frame, outgoing in self._vantage.waiting():
            said = claim(frame)
            if said is None or outgoing or said[2] != REPLY or said[0] not in self._asked:
                continue
            if self._is_answer(frame):
                self._note(*said[:2])
                yield said[0], None

    def _note(self, address: Address, mac: str) -> None:
        """Count an answer; the MAC addresses after the first few are left out."""
        macs = self.answered_by.setdefault(address, {})
        if mac in macs or len(macs) < MACS_OF_ADDRESS:
            macs[mac] = macs.get(mac, 0) + 1

    def _is_answer(self, frame: Frame) -> bool:
        """Whether a reply was to a question of this object, and not to one of the kernel's, or of another link's."""
        if isinstance(frame.body, Arp):
            return frame.destination == self._vantage.mac and frame.body.tpa.is_unspecified
        return frame.body.destination == (self._source or ALL_NODES)


class UnusableTransport:
    """A transport that could not be opened: each probe fails with the reason."""

    sockets: Sequence[socket.socket] = ()

    def __init__(self, reason: str, ended: str = "") -> None:
        self._reason = reason
        self._ended = ended

    def send(self, dummy_target: Address, dummy_sequence: int) -> None:
        raise OSError(errno.EIO, self._reason)

    def ended(self) -> str:
        return self._ended

    def close(self) -> None:
        pass

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        return iter(())


def open_all(probes: Iterable[Probe], scope: Scope, stack: contextlib.ExitStack) -> dict[Probe, Transport]:
    """A transport for each probe, shared where possible. ``stack`` closes them.

    scope: of any network of this host; for its links and addresses.
    """
    groups: dict[tuple[str, str, str, int], list[Probe]] = {}
    for item in probes:
        port = item.port if isinstance(item, TcpProbe) else 0
        groups.setdefault((item.method, item.namespace, item.interface, port), []).append(item)
    result: dict[Probe, Transport] = {}
    for (method, namespace, interface, port), members in groups.items():
        targets = [member.target for member in members]
        transport: Transport
        try:
            if method == ECHO:
                transport = open_pinger(namespace, {target.version for target in targets})
                stack.callback(transport.close)
            elif method == TCP:
                transport = _connector(namespace, port, stack)
            else:
                transport = _asker(interface, targets, scope, stack)
        except OSError as error:
            transport = UnusableTransport(error.strerror or os.strerror(error.errno or 0))
        except ChildFailed as error:
            transport = UnusableTransport(str(error))
        except NamespaceGone as error:
            transport = UnusableTransport(str(error), ended=str(error))
        result.update(dict.fromkeys(members, transport))
    return result


def _connector(path: str, port: int, stack: contextlib.ExitStack) -> Transport:
    """path: of the namespace that connects, empty for our own. Errors: OSError, NamespaceGone."""
    inode = os.stat(path).st_ino if path else 0
    run_in(path or OWN, lambda: None)

    def ended() -> str:
        try:
            return f"{path} ended" if path and os.stat(path).st_ino != inode else ""
        except OSError:
            return f"{path} ended"

    def make(family: int) -> socket.socket:
        try:
            return run_in(path or OWN, functools.partial(socket.socket, family, socket.SOCK_STREAM))
        except NamespaceGone as error:
            raise OSError(str(error)) from error

    connector = TcpConnector(port, make, ended)
    stack.callback(connector.close)
    return connector


def _asker(interface: str, targets: list[Address], scope: Scope, stack: contextlib.ExitStack) -> Asker:
    if interface.startswith(TEMPORARY_CHILD):
        parent = scope.facts.link(interface[len(TEMPORARY_CHILD) :])
        if parent is None:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return Asker(stack.enter_context(temporary_child(parent, targets, interface)), None)
    sock, mac = open_socket(interface, targets)
    stack.callback(sock.close)
    link = scope.facts.link(interface)
    return Asker(Vantage(interface, interface, mac, sock), scope.nd_source(link) if link else None)
