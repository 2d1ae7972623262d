# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Healthy hosts with each network manager, also with DHCP leases that are renewed during the diagnosis."""

from __future__ import annotations

import contextlib
import ipaddress
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from labkit import dhcp

from .healthy import CONDITIONS, Condition, nothing
from .lab import FLEET, GATEWAY, SUBNET, WEB1, WEB2, NamespaceLab
from .nspawn_lab import IFUPDOWN_NONE, NETPLAN, NSPAWN, NspawnLab

#: Commands that save the parent's static configuration and switch to DHCP, and those that undo this.
BY_DHCP = {
    WEB1: """cp /etc/NetworkManager/system-connections/eth0.nmconnection /root/eth0
nmcli connection modify eth0 ipv4.method auto ipv4.addresses '' ipv4.gateway ''
nmcli connection up eth0""",
    WEB2: """cp /etc/systemd/network/10-eth0.network /root/eth0
printf '[Match]\\nName=eth0\\n\\n[Network]\\nDHCP=ipv4\\n' > /etc/systemd/network/10-eth0.network
networkctl reload""",
}
STATIC = {
    WEB1: """cp /root/eth0 /etc/NetworkManager/system-connections/eth0.nmconnection
nmcli connection reload
nmcli connection up eth0""",
    WEB2: "cp /root/eth0 /etc/systemd/network/10-eth0.network; networkctl reload",
}
#: Seconds for the first lease.
PATIENCE = 30.0


#: RFC 2132, 9.11 and 9.12: when a client renews its lease, and when it asks any server.
DHCPD = """default-lease-time 60;
option dhcp-renewal-time 2;
option dhcp-rebinding-time 50;
subnet {subnet} netmask {mask} {{ option routers {gateway}; }}
"""
RESERVATION = "host {name} {{ hardware ethernet {mac}; fixed-address {address}; }}\n"


@contextlib.contextmanager
def _leases(lab: NspawnLab) -> Iterator[None]:
    """Both parents have their addresses from DHCP, and renew their leases every few seconds."""
    subnet = ipaddress.ip_network(SUBNET)
    declarations = DHCPD.format(subnet=subnet.network_address, mask=subnet.netmask, gateway=GATEWAY) + "".join(
        RESERVATION.format(name=name, mac=_mac(lab, name), address=_address(name)) for name in FLEET
    )
    # A client without an address sends from 0.0.0.0.
    lab.count("renewed", "udp dport 67")
    with tempfile.TemporaryDirectory() as folder:
        server = dhcp.isc(lab.gateway, Path(folder), declarations)
        try:
            for name, script in BY_DHCP.items():
                lab.hosts[name].shell(script)
            _wait(lab)
            before = lab.counted("renewed")
            yield
            after = lab.counted("renewed")
            assert all(later > earlier for earlier, later in zip(before, after, strict=True)), (before, after)
        finally:
            for name, script in STATIC.items():
                lab.hosts[name].shell(script)
            server.process.terminate()
            server.process.wait()
            lab.count_no_more("renewed")


def _mac(lab: NspawnLab, host: str) -> str:
    return lab.hosts[host].shell("cat /sys/class/net/eth0/address").strip()


def _address(host: str) -> str:
    return FLEET[host].parent_address.split("/", maxsplit=1)[0]


def _wait(lab: NspawnLab) -> None:
    """Wait until both have a lease and everything works."""
    deadline = time.monotonic() + PATIENCE
    while not all(lab.hosts[name].ip("route", "show", "default", "proto", "dhcp").stdout for name in FLEET):
        assert time.monotonic() < deadline, "there is no lease"
        time.sleep(0.2)
    lab.rest()


#: How to make each lab, and the conditions under which it is diagnosed.
LABS: tuple[tuple[Callable[[], NamespaceLab], tuple[Condition, ...]], ...] = (
    (NamespaceLab, CONDITIONS),
    (
        partial(NspawnLab, NSPAWN),
        (Condition("NetworkManager, networkd", nothing), Condition("leases renewed by managers", _leases)),
    ),
    (partial(NspawnLab, IFUPDOWN_NONE), (Condition("ifupdown, no manager", nothing),)),
    (partial(NspawnLab, NETPLAN), (Condition("netplan, NetworkManager", nothing),)),
)
