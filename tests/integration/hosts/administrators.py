# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators have made lan0 with, on each host of the lab, and how they would remove it."""

from __future__ import annotations

from dataclasses import dataclass

from .persistent import HostOfLab


@dataclass(frozen=True)
class Maker:
    """make, remove: scripts. named: what a refusal has to say of it, each in a problem of its own."""

    make: str
    remove: str
    named: tuple[str, ...]

    def on(self, host: HostOfLab) -> None:
        host.shell(self.make.format(number=host.number))
        host.shell("until ip -brief -4 address show dev lan0 | grep -q 192.168.100; do sleep 0.1; done")

    def off(self, host: HostOfLab) -> None:
        host.shell(self.remove)


def _put(path: str, text: str) -> str:
    return f"cat > {path} <<'E'\n{text}\nE\n"


PROFILE = "/etc/NetworkManager/system-connections/macvlan-host.nmconnection"
NETDEV, NETWORK = "/etc/systemd/network/20-lan0.netdev", "/etc/systemd/network/20-lan0.network"
UNIT = "/etc/systemd/system/macvlan-shim.service"

ADD = "ip link add lan0 link eth0 type macvlan mode bridge"

MAKERS = {
    "nm": Maker(
        "nmcli connection add type macvlan con-name macvlan-host ifname lan0 dev eth0 mode bridge ipv4.method manual"
        " ipv4.addresses 192.168.100.{number}/24 ipv4.never-default yes ipv6.method ignore",
        "nmcli connection delete macvlan-host",
        (f"NetworkManager's profile macvlan-host ({PROFILE}) with type=macvlan and interface-name=lan0",),
    ),
    "nd": Maker(
        _put(NETDEV, "[NetDev]\nName=lan0\nKind=macvlan\n\n[MACVLAN]\nMode=bridge")
        + _put(NETWORK, "[Match]\nName=lan0\n\n[Network]\nAddress=192.168.100.{number}/32\n")
        + "sed -i '/^\\[Network\\]/a MACVLAN=lan0' /etc/systemd/network/10-eth0.network\n"
        + "systemctl restart systemd-networkd",
        f"rm {NETDEV} {NETWORK}; sed -i /MACVLAN=lan0/d /etc/systemd/network/10-eth0.network\n"
        "ip link delete lan0; systemctl restart systemd-networkd",
        (
            f"systemd-networkd's file {NETDEV} with Name=lan0 and Kind=macvlan",
            "systemd-networkd's file /etc/systemd/network/10-eth0.network with MACVLAN=lan0",
            f"systemd-networkd's file {NETWORK} with Name=lan0 in [Match]",
        ),
    ),
    "np": Maker(
        _put("/etc/rc.local", "#!/bin/sh\nip link add lan0 link eth0 type macvlan mode bridge")
        + "chmod 755 /etc/rc.local; sh /etc/rc.local\n"
        "ip address add 192.168.100.{number}/32 dev lan0; ip link set lan0 up",
        "rm /etc/rc.local; ip link delete lan0",
        (f"the script /etc/rc.local with `{ADD}`",),
    ),
    "ifup": Maker(
        "cp -a /etc/network/interfaces /root/interfaces\n"
        "cat >> /etc/network/interfaces <<'E'\n\nauto lan0\niface lan0 inet static\n"
        "  pre-up ip link add lan0 link eth0 type macvlan mode bridge\n  address 192.168.100.{number}/32\n"
        "  post-up ip route add 192.168.100.161/32 dev lan0\n  post-down ip link del lan0\nE\nifup lan0",
        "ifdown lan0; cp -a /root/interfaces /etc/network/interfaces; rm /root/interfaces",
        (f"ifupdown's file /etc/network/interfaces with the stanza iface lan0 and `pre-up {ADD}`",),
    ),
    "bare": Maker(
        _put(
            UNIT,
            "[Unit]\nAfter=network-online.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
            "ExecStart=/sbin/ip link add lan0 link eth0 type macvlan mode bridge\n"
            "ExecStart=/sbin/ip address add 192.168.100.{number}/32 dev lan0\nExecStart=/sbin/ip link set lan0 up\n"
            "ExecStop=/sbin/ip link del lan0\n[Install]\nWantedBy=multi-user.target",
        )
        + "systemctl enable --now --quiet macvlan-shim.service",
        f"systemctl disable --now --quiet macvlan-shim.service; rm {UNIT}; systemctl daemon-reload",
        (f"the unit macvlan-shim.service ({UNIT}) with `ExecStart=/sbin/{ADD}`",),
    ),
}
