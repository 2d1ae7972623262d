# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway has a MAC address for the host that nobody has, and no announcement corrects it."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

ADDRESS = FLEET[WEB1].parent_address.split("/", maxsplit=1)[0]
#: Seconds for which the gateway uses a stale entry before it probes; the kernel's default is 5.
PATIENCE, USUAL = 60, 5


def _patience(lab: NamespaceLab, seconds: int) -> None:
    lab.gateway.run("sysctl", "-qw", f"net.ipv4.neigh.eth0.delay_first_probe_time={seconds}")


def _patient(lab: NamespaceLab) -> None:
    """Like many routers. The host never asks it, so that no request of its own reveals its MAC address."""
    _patience(lab, PATIENCE)
    lab.web1.ip("neighbour", "replace", GATEWAY, "lladdr", lab.gateway.mac(), "dev", "eth0", "nud", "permanent")


def _mislead(lab: NamespaceLab) -> None:
    lab.gateway.ip("neighbour", "replace", ADDRESS, "lladdr", "02:00:5e:10:00:03", "dev", "eth0", "nud", "stale")


def _forget(lab: NamespaceLab) -> None:
    lab.web1.ip("neighbour", "delete", GATEWAY, "dev", "eth0")
    _patience(lab, USUAL)
    lab.gateway.ip("neighbour", "flush", "all")


FAULTS = [Fault("announcement_lost", _mislead, _forget, prepare=_patient, during=True)]
