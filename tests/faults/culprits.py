# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a verdict names the network manager that did it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults.lab import NamespaceLab


def by_networkmanager(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return (culprit.get("name"), culprit.get("unit")) == ("NetworkManager", "NetworkManager.service")


def by_networkd(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return culprit.get("unit") == "systemd-networkd.service"
