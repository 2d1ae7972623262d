# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another route or a rule takes precedence over the declared route, or the link's address is not the host's own."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

CONTAINER = FLEET[WEB1].containers[0].split("/", maxsplit=1)[0]
LINK = FLEET[WEB1].host_address.split("/", maxsplit=1)[0]
PRIORITY = "500"


def _by_ip(culprit, lab: NamespaceLab) -> bool:
    return culprit.get("name") == "ip"


def _blackhole(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "add", "blackhole", CONTAINER)


def _no_blackhole(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "delete", "blackhole", CONTAINER, check=False)


def _rule(lab: NamespaceLab) -> None:
    lab.web1.run("ip", "rule", "add", "to", CONTAINER, "priority", PRIORITY, "prohibit")


def _no_rule(lab: NamespaceLab) -> None:
    lab.web1.ip("rule", "delete", "priority", PRIORITY, check=False)


def _tunnel(lab: NamespaceLab) -> None:
    """As a VPN brings it along."""
    lab.web1.ip("link", "add", "tun9", "type", "veth", "peer", "name", "tun9p")
    for name in ("tun9", "tun9p"):
        lab.web1.ip("link", "set", name, "up")
    lab.web1.ip("address", "add", "10.9.0.1/24", "dev", "tun9")


def _routed(lab: NamespaceLab) -> None:
    lab.web1.run("ip", "route", "add", GATEWAY, "dev", "tun9")


def _no_tunnel(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "tun9")


def _not_own(lab: NamespaceLab) -> None:
    lab.web1.run("ip", "route", "delete", "local", LINK, "dev", "lan0", "table", "local")


def _own(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "replace", "local", LINK, "dev", "lan0", "table", "local")


FAULTS = [
    Fault("route_diverted", _blackhole, _no_blackhole),
    Fault("route_diverted/rule", _rule, _no_rule, during=True, culprit=_by_ip),
    Fault("route_diverted/tunnel", _routed, _no_tunnel, prepare=_tunnel, during=True, culprit=_by_ip),
    Fault("route_diverted/not_own", _not_own, _own, during=True),
]
