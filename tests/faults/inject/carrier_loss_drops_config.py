# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The carrier is lost for a moment, on a host whose systemd-networkd does not ignore that."""

from __future__ import annotations

import time

from tests.faults.culprits import by_networkd
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB2
from tests.faults.nspawn_lab import NspawnLab

#: Takes precedence over the file of the collection for the same link.
FILE = "/etc/systemd/network/04-lan0.network"
#: systemd-networkd removes foreign routes when it begins to use the file, and its requests for that may still be queued
#: when it reports "configured": the route stays once it was still there three times, a second apart.
SETTLED = f"""
state=/run/systemd/netif/links/$(cat /sys/class/net/lan0/ifindex)
until grep -q NETWORK_FILE={FILE} $state && grep -q ADMIN_STATE=configured $state; do sleep 0.1; done
seen=0
until [ $seen = 3 ]; do
    seen=$((seen + 1))
    if [ -z "$(ip route show $1 dev lan0 proto boot)" ]; then seen=0; ip route replace $1 dev lan0 src $2; fi
    sleep 1
done
"""
#: Seconds; the second round of probes notices the loss, and the watch lasts longer than that.
OUT = 0.7


def hand_made_route(lab: NspawnLab) -> None:
    """web2's address belongs to systemd-networkd, its route to the containers to something else."""
    declared = FLEET[WEB2]
    text = f"[Match]\\nName=lan0\\n\\n[Network]\\nIgnoreCarrierLoss=no\\nAddress={declared.host_address}/32\\n"
    lab.web2.shell(f"printf '{text}' > {FILE}; networkctl reload")
    lab.web2.run("timeout", "30", "sh", "-c", SETTLED, "sh", declared.container_range, declared.host_address)


def _flap(lab: NspawnLab) -> None:
    lab.cable(WEB2, False)
    time.sleep(OUT)
    lab.cable(WEB2, True)


def restore(lab: NspawnLab) -> None:
    lab.web2.shell(f"rm {FILE}; networkctl reload")
    lab.deploy(WEB2)


FAULTS = [
    Fault(
        "carrier_loss_drops_config",
        _flap,
        restore,
        prepare=hand_made_route,
        during=True,
        host=WEB2,
        culprit=by_networkd,
        lab="nspawn",
    )
]
