# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's firewall gets rules for its containers, whose packets never pass it."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import SUSPECTED
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

RULES = """
table ip protect {{
    chain user {{
        ip daddr {container} counter drop
    }}
    chain forward {{
        type filter hook forward priority 0
        jump user
    }}
}}
"""


def _protect(lab: NamespaceLab) -> None:
    lab.web1.run("nft", "-f", "-", input=RULES.format(container=FLEET[WEB1].containers[0]))
    # what the rules should prevent
    assert lab.station.pings(FLEET[WEB1].containers[0])


def _undo(lab: NamespaceLab) -> None:
    lab.web1.run("nft", "delete", "table", "ip", "protect")


FAULTS = [Fault("host_firewall_bypassed", _protect, _undo, status=SUSPECTED, lasts=2.0)]
