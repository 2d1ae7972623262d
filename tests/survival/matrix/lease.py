# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP on the parent: a server on the segment, the parent's manager as its client, and a lease that is renewed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labkit.lab import Lab

from .place import PARENT, Place
from .rows import Row

#: Seconds until a client renews (T1, RFC 2131 4.4.5), and of a lease: dnsmasq's shortest.
RENEW, LEASE = 20, 120

#: Seconds to wait until a client renews; it waits for LEASE / 2 if it has a T1 of its own.
PATIENCE = LEASE


@dataclass(frozen=True)
class Client:
    """How a manager configures the parent: its file, the commands that turn DHCP on, and those that reload it."""

    file: str
    enable: str
    read: str


CLIENTS = {
    "networkd": Client(
        f"/etc/systemd/network/10-{PARENT}.network",
        "sed -i 's/^Address=.*/DHCP=ipv4/; /^Gateway=/d' $file",
        f"networkctl reload; networkctl reconfigure {PARENT}",
    ),
    "netplan": Client(
        "/etc/netplan/10-nics.yaml",
        "sed -i '/addresses:/,/^  *- /d; /routes:/,$d' $file; echo '      dhcp4: true' >> $file",
        f"netplan generate; networkctl reload; networkctl reconfigure {PARENT}",
    ),
    "networkmanager": Client(
        f"/etc/NetworkManager/system-connections/{PARENT}.nmconnection",
        "sed -i '/^\\[ipv4\\]/,/^\\[ipv6\\]/{s/^method=.*/method=auto/; /^address1=/d; /^gateway=/d}' $file",
        f"nmcli connection reload; nmcli connection up {PARENT}",
    ),
}


def missing(row: Row) -> str:
    return "" if row.manager in CLIENTS else "the hosts of the lab have no DHCP client there"


def log(lab: Lab) -> Path:
    return lab.state.directory / "dnsmasq.log"


@contextmanager
def server(lab: Lab) -> Iterator[None]:
    """Give each host of the lab the address that it already has."""
    hosts = [
        f"--dhcp-host={nic.mac},{address.partition('/')[0]}"
        for host in lab.topology.hosts.values()
        for nic in host.nics
        for address in nic.addresses
    ]
    argv = [
        *lab.entry("gateway"), "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--no-ping",
        "--interface=eth0", "--bind-interfaces", f"--dhcp-range=192.168.100.0,static,{LEASE}",
        "--dhcp-authoritative", "--dhcp-option=option:router,192.168.100.1", f"--dhcp-option=58,{RENEW}",
        "--leasefile-ro", "--pid-file=", "--user=root", f"--log-facility={log(lab)}", *hosts,
    ]  # fmt: skip
    with subprocess.Popen(argv) as process:
        try:
            yield
        finally:
            process.terminate()


def answers(place: Place) -> int:
    """How many leases the host got so far."""
    lines = log(place.lab).read_text(encoding="utf-8").splitlines()
    return sum("DHCPACK" in line and place.nic.mac in line for line in lines)


def prepare(place: Place) -> None:
    client = CLIENTS[place.row.manager]
    before = answers(place)
    place.shell(f"file={client.file}; cp -p $file /root/parent.before; {client.enable}; {client.read}")
    wait_for_answer(place, before)


def renewed(place: Place) -> None:
    wait_for_answer(place, answers(place))


def restore(place: Place) -> None:
    client = CLIENTS[place.row.manager]
    place.shell(f"cp -p /root/parent.before {client.file}; {client.read}")


def wait_for_answer(place: Place, before: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while answers(place) <= before:
        if time.monotonic() > deadline:
            raise AssertionError(f"{place.row.name} has not asked the DHCP server for {PATIENCE} s")
        time.sleep(0.1)
