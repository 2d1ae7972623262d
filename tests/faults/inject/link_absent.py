# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared link was deleted before the watch, or is deleted during it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _delete(lab: NamespaceLab) -> None:
    lab.web1.run("ip", "link", "delete", "lan0")


def _make(lab: NamespaceLab) -> None:
    lab.deploy(WEB1)


def _by_ip(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return culprit.get("name") == "ip"


FAULTS = [
    Fault("link_absent", _delete, _make, quick=True),
    Fault("link_absent/during", _delete, _make, during=True, culprit=_by_ip),
]
