# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packet filters: of a container, of the host for one container, for pings only, and one that does not count."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import SUSPECTED
from labkit.segment import Namespace
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

ADDRESS = FLEET[WEB1].containers[0]
#: A rule in a chain of its own, which `_remove` takes away.
TABLE = """
table inet filtered {{
    chain in {{
        type filter hook input priority 0
        {rule}
    }}
}}
"""


def _add(place: Callable[[NamespaceLab], Namespace], rule: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: place(lab).run("nft", "-f", "-", input=TABLE.format(rule=rule))


def _remove(place: Callable[[NamespaceLab], Namespace]) -> Callable[[NamespaceLab], None]:
    # also where it was not added
    script = "add table inet filtered\ndelete table inet filtered\n"
    return lambda lab: place(lab).run("nft", "-f", "-", input=script)


def _of_host(lab: NamespaceLab) -> Namespace:
    return lab.web1


def _of_container(lab: NamespaceLab) -> Namespace:
    return lab.c1


def ask_for_pings(lab: NamespaceLab) -> None:
    """A container that drops pings from the start is fine, unless somebody asked for pings."""
    lab.declared[WEB1] = [{**network, "check": "icmp"} for network in lab.declared[WEB1]]


FAULTS = [
    Fault(
        "filter_drops",
        _add(_of_host, f"iifname lan0 ip saddr {ADDRESS} counter drop"),
        _remove(_of_host),
        during=True,
        quick=True,
    ),
    Fault(
        "filter_drops/pings of a container",
        _add(_of_container, "icmp type echo-request counter drop"),
        _remove(_of_container),
        prepare=ask_for_pings,
    ),
    Fault(
        "filter_drops/without a counter",
        _add(_of_container, "ip protocol icmp drop"),
        _remove(_of_container),
        status=SUSPECTED,
    ),
]
