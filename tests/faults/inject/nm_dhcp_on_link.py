# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link is not excluded from NetworkManager, and a DHCP profile is activated on it."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1
from tests.faults.nspawn_lab import NspawnLab

EXCLUSION = "/etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf"


def bring_up(lab: NspawnLab) -> None:
    """Have NetworkManager configure lan0 by DHCP, without a server."""
    lab.web1.shell(
        "nmcli connection add type macvlan con-name lan0-dhcp ifname lan0 dev eth0 mode bridge ipv4.method auto"
        " autoconnect no; nmcli --wait 0 connection up lan0-dhcp"
    )


def release(lab: NspawnLab) -> None:
    """Exclude the link from NetworkManager again, which flushes it, and restore it as declared."""
    lab.web1.shell("nmcli connection delete lan0-dhcp; nmcli general reload conf")
    lab.deploy(WEB1)


def _inject(lab: NspawnLab) -> None:
    lab.web1.shell(f"rm {EXCLUSION}; nmcli general reload conf")
    bring_up(lab)


FAULTS = [
    Fault(
        "nm_dhcp_on_link",
        _inject,
        release,
        during=True,
        culprit=lambda who, lab: who.get("name") == "NetworkManager",
        lab="nspawn",
    ),
    Fault("nm_dhcp_on_link/before", _inject, release, lab="nspawn"),
]
