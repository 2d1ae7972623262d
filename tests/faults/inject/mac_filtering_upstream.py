# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch port of a host passes frames from its parent's MAC address alone."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

RULES = """
table bridge portsecurity {{
    chain forward {{
        type filter hook forward priority 0;
        iifname {port} ether saddr != {mac} counter drop
    }}
}}
"""


def _filter(lab: NamespaceLab) -> None:
    lab.switch.run("nft", "-f", "-", input=RULES.format(port=lab.web1.port, mac=lab.web1.mac()))


def _allow(lab: NamespaceLab) -> None:
    lab.switch.run("nft", "delete", "table", "bridge", "portsecurity")


FAULTS = [
    Fault("mac_filtering_upstream", _filter, _allow, quick=True),
    Fault("mac_filtering_upstream/during", _filter, _allow, during=True),
]
