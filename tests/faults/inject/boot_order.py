# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An administrator's own unit creates the link at boot, on a host whose parent appears a second later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.fault import Fault
from tests.faults.inject.not_persistent import UNMAKE
from tests.faults.lab import FLEET, WEB1, WEB2
from tests.faults.nspawn_lab import NspawnLab

SYSTEM, SCRIPT = "/etc/systemd/system", "/usr/local/sbin/macvlan.sh"
#: As found on the web: the unit waits for no device, and its script continues after each failure.
OWN = f"""[Unit]
Description=macvlan bridge to the containers
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-{SCRIPT}

[Install]
WantedBy=multi-user.target
"""
COMMANDS = """#!/bin/sh
ip link add lan0 link eth0 type macvlan mode bridge
ip addr add {host.host_address}/32 dev lan0
ip link set lan0 up
ip route add {host.container_range} dev lan0
"""
#: The parent is missing from the start of the boot until a second after the unit has run.
AWAY = """[Unit]
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
ExecStart=/usr/sbin/ip netns add late
ExecStart=/usr/sbin/ip link set eth0 netns late

[Install]
WantedBy=sysinit.target
"""
BACK = """[Unit]
After=macvlan.service

[Service]
Type=oneshot
ExecStart=/usr/bin/sleep 1
ExecStart=/usr/sbin/ip -n late link set eth0 netns 1
ExecStart=/usr/sbin/ip netns delete late

[Install]
WantedBy=multi-user.target
"""
UNITS = {"macvlan": OWN, "away": AWAY, "back": BACK}


def _inject(host: str) -> Callable[[NspawnLab], None]:
    def inject(lab: NspawnLab) -> None:
        place = lab.hosts[host]
        place.shell(UNMAKE[host])
        place.run("install", "-m", "755", "/dev/stdin", SCRIPT, input=COMMANDS.format(host=FLEET[host]))
        for name, text in UNITS.items():
            place.run("install", "-m", "644", "/dev/stdin", f"{SYSTEM}/{name}.service", input=text)
        place.run("systemctl", "enable", *UNITS)
        lab.reboot(host)

    return inject


def _undo(host: str) -> Callable[[NspawnLab], None]:
    def undo(lab: NspawnLab) -> None:
        files = " ".join(f"{SYSTEM}/{name}.service" for name in UNITS)
        lab.hosts[host].shell(f"systemctl disable {' '.join(UNITS)}; rm {files} {SCRIPT}; systemctl daemon-reload")
        lab.deploy(host)

    return undo


def _own_unit(culprit: Mapping[str, Any], lab: NspawnLab) -> bool:
    return culprit.get("unit") == "macvlan.service"


FAULTS = [
    Fault("boot_order", _inject(WEB1), _undo(WEB1), culprit=_own_unit, lab="nspawn"),
    Fault("boot_order/networkd", _inject(WEB2), _undo(WEB2), host=WEB2, culprit=_own_unit, lab="nspawn"),
]
