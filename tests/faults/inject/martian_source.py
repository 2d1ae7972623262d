# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container has a broadcast or local address of the host; or a switch port reflects what the host sends to itself."""

from __future__ import annotations

import subprocess

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

OWN = "192.168.100.142/28"
LINK, PARENT = FLEET[WEB1].host_address, FLEET[WEB1].parent_address.split("/", maxsplit=1)[0]
MARK, TABLE = "53", "5300"
LAST, USUAL = "192.168.100.143/24", f"{FLEET[WEB1].containers[1]}/24"


def _move(lab: NamespaceLab, old: str, new: str) -> None:
    lab.c2.ip("address", "delete", old, "dev", "eth0")
    lab.c2.ip("address", "add", new, "dev", "eth0")
    lab.c2.ip("route", "replace", "default", "via", GATEWAY)


def _narrow(lab: NamespaceLab) -> None:
    _move(lab, USUAL, LAST)
    lab.web1.ip("address", "add", OWN, "dev", "lan0")


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("address", "delete", OWN, "dev", "lan0")
    _move(lab, LAST, USUAL)


def _claim(lab: NamespaceLab) -> None:
    """Like IPVS and transparent proxies: a local route for an address that is not the host's."""
    lab.web1.ip("route", "add", "local", f"{FLEET[WEB1].containers[0]}/32", "dev", "lo")


def _release(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "delete", "local", f"{FLEET[WEB1].containers[0]}/32", "dev", "lo")
    for place in (*lab.hosts.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


def _over_the_wire(lab: NamespaceLab) -> None:
    """Marked packets leave by the switch even for the host's own address, as with a checker that tests that path."""
    lab.switch.run("bridge", "link", "set", "dev", lab.web1.port, "hairpin", "on")
    for words in (
        f"route add {LINK}/32 dev eth0 src {PARENT} table {TABLE}",
        f"rule add pref 10 fwmark {MARK} lookup {TABLE}",
        "rule add pref 100 lookup local",
        "rule delete pref 0",
    ):
        lab.web1.ip(*words.split())
    lab.web1.start("ping", "-n", "-q", "-m", MARK, LINK, stdout=subprocess.DEVNULL)


def _inside_again(lab: NamespaceLab) -> None:
    lab.segment.end(next(item for item in lab.segment.processes if MARK in item.args))
    for words in (
        "rule add pref 0 lookup local",
        "rule delete pref 100",
        "rule delete pref 10",
        f"route flush table {TABLE}",
        f"neighbour delete {LINK} dev eth0",
    ):
        lab.web1.ip(*words.split())
    lab.switch.run("bridge", "link", "set", "dev", lab.web1.port, "hairpin", "off")


FAULTS = [
    Fault("martian_source", _narrow, _undo),
    Fault("martian_source/local", _claim, _release),
    Fault("martian_source/hairpin", _over_the_wire, _inside_again),
]
