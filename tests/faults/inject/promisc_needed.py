# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card of a host ignores the MAC addresses of its macvlan links.

No virtual device of the kernel has such a filter, so a program between port and switch stands for the card.
"""

from __future__ import annotations

from tests.faults import relay
from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _card(lab: NamespaceLab) -> None:
    relay.insert(lab, lab.web1.port, "card", lab.web1.netns, "eth0")


def _own_card(lab: NamespaceLab) -> None:
    relay.remove(lab, lab.web1.port)


def _watched(lab: NamespaceLab) -> None:
    """A packet capture makes the card promiscuous, and everything works."""
    lab.web1.ip("link", "set", "eth0", "promisc", "on")
    _card(lab)
    lab.rest()


def _unwatched(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "set", "eth0", "promisc", "off")


FAULTS = [
    Fault("promisc_needed", _card, _own_card),
    Fault("promisc_needed/tcpdump ended", _unwatched, _own_card, prepare=_watched, during=True),
]
