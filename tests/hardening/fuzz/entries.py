# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every decoder of frames and messages and every parser of text: octets in, no exception out. Imports nothing else."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import decode as announced
from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import schedule
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import addresses, platforms, text
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import datagram, message, message6
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import decode, netlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, specs
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import interfaces
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes import connector
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import claims, frames, lldp
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import shape
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read

MAC = "02:00:5e:10:00:aa"
V4, V6 = ipaddress.IPv4Address("192.168.100.3"), ipaddress.IPv6Address("fd00:100::3")


def frame(data: bytes) -> None:
    found = frames.parse(data)
    if found is not None:
        claims.claim(found)
        claims.answers_probe(found)


def echo(data: bytes) -> None:
    for version in (4, 6):
        frames.parse_echo_reply(version, data)


def switch(data: bytes) -> None:
    lldp.parse(data)


def lease(data: bytes) -> None:
    found = datagram.parse(data)
    told = message.parse(found.payload if found is not None else data)
    if told is not None:
        _told = (told.kind, told.server_id, told.requested_address, told.lease_seconds, told.network, told.routers,
                 told.dns_servers)  # fmt: skip
    message6.parse(found.payload if found is not None else data)


def notification(data: bytes) -> None:
    decode.decode(int.from_bytes(data[:1], "little"), 0, data[1:])


def container(data: bytes) -> None:
    """What the service that announces containers reads inside of their namespaces, and its state."""
    found = list(netlink.messages(data))
    for reader in (announced.children, announced.addresses):
        list(reader(found))
    announced.namespace_id(found)
    announced.concerns(data, 2)
    announced.claimed(data)
    schedule.read_state(data.decode("utf-8", "replace"))


def process(data: bytes) -> None:
    connector.parse(data)


def words(data: bytes) -> None:
    given = data.decode("utf-8", "surrogateescape")
    shown = text.clean(given)
    if not shown.isprintable():
        raise AssertionError(f"not printable: {shown!r}")
    text.clean_lines(given)
    text.clean_data({given: [given]})


def address(data: bytes) -> None:
    given = data.decode("utf-8", "surrogateescape")
    for parse in (
        addresses.parse_mac, addresses.parse_address, addresses.parse_interface, addresses.parse_network,
        addresses.parse_range, addresses.ifname_problem,
    ):  # fmt: skip
        parse(given)


def files(data: bytes) -> None:
    given = data.decode("utf-8", "replace")
    groups = config.parse(given)
    config.is_enabled(groups, "1.42.4")
    config.unescape(given)
    for spec in specs.split(given):
        specs.problem(spec)
        specs.normalise(spec)
    interfaces.includes(given, "/etc/network")
    interfaces.Interfaces({"/etc/network/interfaces": given}).stanzas("eth0")
    platforms.parse_os_release(given)


def modules(data: bytes) -> None:
    given = data.decode("utf-8", "replace")
    kinds.parse_builtin(given)
    kinds.parse_dep(given)
    kinds.parse_loaded(given)
    kinds.parse_options(given)
    kinds.parse_modprobe("/etc/modprobe.d/a.conf", given)
    kinds.parse_command_line(given)
    kinds.parse_kmsg(given)


def declaration(data: bytes) -> None:
    given = _json(data)
    problems = Problems("h1")
    read(HostDeclaration("h1", given if isinstance(given, list) else [given], []), problems)
    problems.report()


def evidence(data: bytes) -> None:
    try:
        shape.understood(_json(data))
    except shape.NotUnderstood as error:
        if len(str(error)) > 1000:
            raise AssertionError(f"a sentence of {len(str(error))} characters") from error


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "surrogateescape")


#: By name; the corpus has a directory for each.
ENTRIES: dict[str, Callable[[bytes], None]] = {
    entry.__name__: entry
    for entry in (
        frame,
        echo,
        switch,
        lease,
        notification,
        container,
        process,
        words,
        address,
        files,
        modules,
        declaration,
        evidence,
    )
}


def _container() -> list[bytes]:
    """A macvlan link, an address and an answer to RTM_GETNSID, as the kernel writes them, and a state file."""
    number = netlink.attribute
    kind = number(18, number(1, b"macvlan\0"))
    link = number(1, bytes(6)) + number(5, b"\2\0\0\0") + number(37, bytes(4)) + kind
    bodies = ((netlink.RTM_NEWLINK, bytes(16) + link), (netlink.RTM_NEWADDR, bytes(8) + number(2, V4.packed)),
              (netlink.RTM_NEWNSID, bytes(4) + number(1, bytes(4))))  # fmt: skip
    return [*(netlink.request(code, 0, 1, body) for code, body in bodies), b'[[1, 2, "02:00", "192.168.100.3"]]']


def examples() -> dict[str, list[bytes]]:
    """Inputs that are understood, to begin with."""
    ask = frames.probe(MAC, V4)
    offer = message.DhcpMessage(
        message.BOOTREPLY, 1, MAC,
        {message.MESSAGE_TYPE: b"\x02", message.SERVER_ID: V4.packed, message.SUBNET_MASK: b"\xff\xff\xff\0",
         message.ROUTER: V4.packed, message.LEASE_TIME: b"\0\0\x0e\x10"},
        yiaddr=V4,
    )  # fmt: skip
    served = message6.Dhcp6Message(2, 5, message6.duid(MAC), b"\0\x03\0\x01", (message6.Lease(V6, 60),), (V6,))
    network = {"name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "host_address": "192.168.100.3",
               "container_range": "192.168.100.128/26", "mode": "bridge", "mtu": 1400}  # fmt: skip
    switches = b"\x02\x07\x04\0\x1c\x73\0\0\x01\x04\x03\x05ab\x06\x02\0\x78\x0a\x02sw\0\0"
    return {
        "frame": [ask, frames.probe(MAC, V6), frames.announcement(MAC, V4), frames.announcement(MAC, V6)],
        "echo": [bytes((0x45,)) + bytes(19) + frames.build_echo(4, 1, 1, b"a"), b"\x81\0\0\0\0\1\0\1a"],
        "switch": [bytes.fromhex("0180c200000e001c7300000188cc") + switches],
        "lease": [
            datagram.build(datagram.from_client(MAC, message.build(offer))),
            datagram.build(datagram.from_client6(MAC, V6, message6.build(served))),
            message.build(offer), message6.build(served),
        ],
        "notification": [b"\x10" + bytes(16) + b"\x09\0\x03\0eth0\0\0\0\0",
                         b"\x18" + bytes(12) + b"\x08\0\x01\0" + V4.packed],
        "container": _container(),
        "process": [bytes(20) + b"\x01\0\0\0" + bytes(28)],
        "words": [b"\x1b]0;a\x07", "\u202e\x9b".encode(), b"\xff\xfe"],
        "address": [b"192.168.100.3/24", b"fe80::1%lan0", b"02:00:5e:10:00:aa", b"192.168.100.3-192.168.100.9"],
        "files": [
            b"[main]\nplugins=keyfile\n[keyfile]\nunmanaged-devices=interface-name:mv*;except:mac:02:00:5e:10:00:aa\n",
            b"auto eth0\niface eth0 inet static\n address 192.168.100.3/24\nsource interfaces.d/*\n",
            b'ID=debian\nVERSION_ID="12"\n',
        ],
        "modules": [b"install macvlan /bin/true\nblacklist macvlan\noptions macvlan a=b\n",
                    b"kernel/drivers/net/macvlan.ko.xz: kernel/a.ko\n", b"modprobe.blacklist=macvlan quiet\n"],
        "declaration": [json.dumps([network]).encode()],
        "evidence": [b'{"schema": 1, "host": "h1", "networks": []}'],
    }  # fmt: skip
