# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host was rebooted, and its link was not persistent."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, WEB2
from tests.faults.nspawn_lab import NspawnLab

#: Host -> commands that remove what creates its link at boot.
UNMAKE = {
    WEB1: "systemctl disable linuxnet-macvlan-lan0.service; rm /etc/systemd/system/linuxnet-macvlan-lan0.service",
    WEB2: "cd /etc/systemd/network; rm *linuxnet-macvlan-lan0.* *.network.d/linuxnet-macvlan-lan0.conf",
}


def _reboot_without(host: str, script: str) -> Callable[[NspawnLab], None]:
    def inject(lab: NspawnLab) -> None:
        lab.hosts[host].shell(script)
        lab.reboot(host)

    return inject


def _undo(host: str) -> Callable[[NspawnLab], None]:
    return lambda lab: lab.deploy(host)


FAULTS = [
    Fault(
        "not_persistent",
        _reboot_without(WEB1, UNMAKE[WEB1]),
        _undo(WEB1),
        lab="nspawn",
    ),
    Fault(
        "not_persistent/disabled",
        _reboot_without(WEB1, "systemctl disable linuxnet-macvlan-lan0.service"),
        _undo(WEB1),
        lab="nspawn",
    ),
    Fault(
        "not_persistent/networkd",
        _reboot_without(WEB2, UNMAKE[WEB2]),
        _undo(WEB2),
        host=WEB2,
        lab="nspawn",
    ),
]
