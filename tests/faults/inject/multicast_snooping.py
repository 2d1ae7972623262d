# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch does MLD snooping, and does not get the gateway's reports."""

from __future__ import annotations

import time

from tests.faults.fault import Fault
from tests.faults.lab import GATEWAY, SUBNET, WEB1, NamespaceLab

SUBNET6, GATEWAY6, PARENT6 = "2001:db8:100::/64", "2001:db8:100::1", "2001:db8:100::11"
#: icmpv6 type: reports and done messages of MLDv1 and MLDv2 (RFC 2710, 3; RFC 3810, 5.2).
RULES = """
table bridge mld {{
    chain in {{
        type filter hook prerouting priority -300
        iifname {port} icmpv6 type {{ 131, 132, 143 }} drop
    }}
}}
"""


def _ipv6(lab: NamespaceLab) -> None:
    lab.gateway.ip("address", "add", f"{GATEWAY6}/64", "dev", "eth0", "nodad")
    lab.web1.ip("address", "add", f"{PARENT6}/64", "dev", "eth0", "nodad")
    lab.declared[WEB1][0].update(subnet=[SUBNET, SUBNET6], gateway=[GATEWAY, GATEWAY6])


def _snoop(lab: NamespaceLab) -> None:
    lab.switch.run("nft", "-f", "-", input=RULES.format(port=lab.gateway.port))
    # a bridge floods everything where nobody sends queries, and until the response interval that was set when it became
    # a querier is over (net/bridge/br_multicast.c)
    lab.switch.ip("link", "set", "br0", "type", "bridge", "mcast_query_response_interval", "10")
    lab.switch.ip("link", "set", "br0", "type", "bridge", "mcast_querier", "1", "mcast_snooping", "1")
    deadline = time.monotonic() + 20
    while _found(lab):
        assert time.monotonic() < deadline, "the switch still floods multicasts"


def _found(lab: NamespaceLab) -> bool:
    """Whether neighbour discovery finds the gateway now, without unicast probes of the gateway that would help."""
    for machine in (lab.gateway, lab.web1):
        machine.ip("-6", "neighbour", "flush", "dev", "eth0")
    return lab.web1.run("ping", "-6", "-c", "1", "-W", "1", GATEWAY6, check=False).returncode == 0


def _undo(lab: NamespaceLab) -> None:
    lab.switch.ip(
        "link", "set", "br0", "type", "bridge", "mcast_querier", "0", "mcast_snooping", "0",
        "mcast_query_response_interval", "1000",
    )  # fmt: skip
    lab.switch.run("nft", "delete", "table", "bridge", "mld")
    lab.gateway.ip("address", "delete", f"{GATEWAY6}/64", "dev", "eth0")
    lab.web1.ip("address", "delete", f"{PARENT6}/64", "dev", "eth0")
    lab.declared[WEB1][0].update(subnet=SUBNET, gateway=GATEWAY)


FAULTS = [Fault("multicast_snooping", _snoop, _undo, prepare=_ipv6)]
