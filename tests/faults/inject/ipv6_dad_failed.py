# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container gets an IPv6 address that a leftover container or a machine on the LAN has."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from labkit.segment import Namespace
from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

ADDRESS = "fe80::129/64"


def _hold(place: Namespace) -> None:
    place.ip("address", "add", ADDRESS, "dev", "eth0", "nodad")


def _take(lab: NamespaceLab) -> None:
    """Wait for duplicate address detection, a second after the address was added (RFC 4862, 5.1)."""
    lab.c1.ip("address", "add", ADDRESS, "dev", "eth0")
    deadline = time.monotonic() + 10
    while "dadfailed" not in lab.c1.ip("-6", "address", "show", "dev", "eth0").stdout:
        assert time.monotonic() < deadline, "duplicate address detection found nothing"
        time.sleep(0.1)


def _left_over(lab: NamespaceLab) -> None:
    _hold(lab.c2)
    _take(lab)


def _free(lab: NamespaceLab, place: Namespace) -> None:
    for holder in (lab.c1, place):
        holder.ip("address", "delete", ADDRESS, "dev", "eth0", check=False)


def _let_go(place: Namespace) -> None:
    place.ip("address", "delete", ADDRESS, "dev", "eth0")


def _is_c2(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return culprit.get("mac") == lab.c2.mac()


FAULTS = [
    Fault(
        "ipv6_dad_failed",
        _left_over,
        lambda lab: _free(lab, lab.c2),
        culprit=_is_c2,
        asked=lambda lab: _let_go(lab.c2),
        lasts=2.0,
    ),
    Fault(
        "ipv6_dad_failed/lan",
        _take,
        lambda lab: _free(lab, lab.station),
        prepare=lambda lab: _hold(lab.station),
        asked=lambda lab: _let_go(lab.station),
        during=True,
        lasts=6.0,
    ),
]
