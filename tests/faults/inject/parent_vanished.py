# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent interface is removed, as when a USB adapter is unplugged or a driver is reloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.culprits import by_networkmanager
from tests.faults.fault import Fault
from tests.faults.lab import WEB1, WEB2, NamespaceLab
from tests.faults.nspawn_lab import NspawnLab


def _remove(lab: NamespaceLab) -> None:
    lab.web1.run("ip", "link", "delete", "eth0")


def _back(lab: NamespaceLab) -> None:
    lab.plug_again(WEB1)


def _by_ip(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return culprit.get("name") == "ip"


def _reboot(host: str) -> Callable[[NspawnLab], None]:
    """A reboot brings the parent back; the network manager and units need no more."""
    return lambda lab: lab.reboot(host)


FAULTS = [
    Fault("parent_vanished", _remove, _back, during=True, culprit=_by_ip, quick=True),
    Fault("parent_vanished/before", _remove, _back),
    Fault(
        "parent_vanished/networkmanager",
        lambda lab: lab.web1.run("nmcli", "device", "delete", "eth0"),
        _reboot(WEB1),
        during=True,
        culprit=by_networkmanager,
        lab="nspawn",
    ),
    # Hosts of kind nspawn get no events of short-lived processes, so the culprit is unknown.
    Fault(
        "parent_vanished/networkd",
        lambda lab: lab.web2.run("networkctl", "delete", "eth0"),
        _reboot(WEB2),
        during=True,
        host=WEB2,
        lab="nspawn",
    ),
]
