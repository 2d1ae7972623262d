# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's link is set down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _down(lab: NamespaceLab) -> None:
    lab.web1.run("ip", "link", "set", "lan0", "down")


def _up(lab: NamespaceLab) -> None:
    lab.deploy(WEB1)


def _by_ip(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return culprit.get("name") == "ip"


FAULTS = [
    Fault("link_down", _down, _up),
    Fault("link_down/during", _down, _up, during=True, culprit=_by_ip),
]
