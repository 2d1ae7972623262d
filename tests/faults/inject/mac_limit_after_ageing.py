# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A locked switch port knows the present MAC addresses, and forgets that of the host's link after a while."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

#: Seconds, and the same in the unit of sysfs (USER_HZ).
AGEING, DEFAULT = 3, 300


def _ageing(lab: NamespaceLab, seconds: int) -> None:
    lab.switch.ip("link", "set", "br0", "type", "bridge", "ageing_time", str(100 * seconds))


def _entries(lab: NamespaceLab) -> list[str]:
    """The MAC addresses that stay: all but the link's."""
    return [lab.web1.mac(), lab.c1.mac(), lab.c2.mac()]


def _lock(lab: NamespaceLab) -> None:
    for mac in _entries(lab):
        lab.switch.run("bridge", "fdb", "replace", mac, "dev", lab.web1.port, "master", "static")
    lab.switch.run("bridge", "link", "set", "dev", lab.web1.port, "learning", "off", "locked", "on")
    _ageing(lab, AGEING)


def _unlock(lab: NamespaceLab) -> None:
    lab.switch.run("bridge", "link", "set", "dev", lab.web1.port, "learning", "on", "locked", "off")
    for mac in _entries(lab):
        lab.switch.run("bridge", "fdb", "delete", mac, "dev", lab.web1.port, "master")
    _ageing(lab, DEFAULT)


FAULTS = [Fault("mac_limit_after_ageing", _lock, _unlock, during=True, signature=2.0 * AGEING, lasts=15.0)]
