# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong inside a container: its link, its address, its route; containers that run elsewhere, or nowhere."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import SUSPECTED
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

from .filter_drops import ask_for_pings

ADDRESS = FLEET[WEB1].containers[0]
#: An address that nobody has.
NOBODY = "192.168.100.9"


def _restart(lab: NamespaceLab) -> None:
    lab.c1.ip("link", "delete", "eth0", check=False)
    lab.start_container("web1-c1")


def _declare(lab: NamespaceLab) -> None:
    """web1 declares its containers by their addresses."""
    (network,) = FLEET[WEB1].networks
    lab.declared[WEB1] = [{**network, "containers": list(FLEET[WEB1].containers)}]


def _as_before(lab: NamespaceLab) -> None:
    lab.declared[WEB1] = FLEET[WEB1].networks
    _restart(lab)


def _stop(lab: NamespaceLab) -> None:
    _declare(lab)
    lab.c1.ip("link", "delete", "eth0")


def _move(lab: NamespaceLab) -> None:
    """The container runs on web2, in the namespace that the lab made for it."""
    _stop(lab)
    lab.web2.ip(
        "link", "add", "link", "eth0", "name", "eth0", "netns", lab.c1.netns, "type", "macvlan", "mode", "bridge"
    )
    lab.c1.ip("link", "set", "eth0", "up")
    lab.c1.ip("address", "add", f"{ADDRESS}/24", "dev", "eth0")


def _wrong_prefix(lab: NamespaceLab) -> None:
    lab.c1.ip("address", "flush", "dev", "eth0", "scope", "global")
    lab.c1.ip("address", "add", f"{ADDRESS}/32", "dev", "eth0")


def _delete_address(lab: NamespaceLab) -> None:
    lab.c1.ip("address", "delete", f"{ADDRESS}/24", "dev", "eth0")


def _no_default(lab: NamespaceLab) -> None:
    lab.c1.ip("route", "delete", "default")


def _other_default(address: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: lab.c1.ip("route", "replace", "default", "via", address) and None


def _ignore_pings(lab: NamespaceLab, value: str) -> None:
    lab.c1.run("sysctl", "-qw", f"net.ipv4.icmp_echo_ignore_all={value}")


def _outside(lab: NamespaceLab) -> None:
    """As the first container of a network without ip-range, beside one that is declared."""
    lab.c1.ip("address", "flush", "dev", "eth0", "scope", "global")
    lab.c1.ip("address", "add", "192.168.100.5/24", "dev", "eth0")
    lab.c1.ip("route", "add", "default", "via", GATEWAY)


def _outside_list(lab: NamespaceLab) -> None:
    """The same where no range is declared, only the other container."""
    (network,) = FLEET[WEB1].networks
    declared = {key: value for key, value in network.items() if key != "container_range"}
    lab.declared[WEB1] = [{**declared, "containers": [FLEET[WEB1].containers[1]]}]
    lab.deploy(WEB1)
    _outside(lab)


def _range_again(lab: NamespaceLab) -> None:
    lab.declared[WEB1] = FLEET[WEB1].networks
    lab.deploy(WEB1)
    _restart(lab)


FAULTS = [
    Fault("container_outside_range", _outside, _restart),
    Fault("container_outside_range/of a list", _outside_list, _range_again),
    Fault(
        "pings_ignored",
        lambda lab: _ignore_pings(lab, "1"),
        lambda lab: _ignore_pings(lab, "0"),
        prepare=ask_for_pings,
    ),
    Fault("container_link_down", lambda lab: lab.c1.ip("link", "set", "eth0", "down"), _restart),
    Fault("container_link_down/during", lambda lab: lab.c1.ip("link", "set", "eth0", "down"), _restart, during=True),
    Fault("container_not_running", _stop, _as_before),
    Fault("container_elsewhere", _move, _as_before),
    Fault("container_address_wrong", _delete_address, _restart, during=True),
    Fault("container_address_wrong/prefix", _wrong_prefix, _restart),
    Fault(
        "container_route_absent",
        lambda lab: lab.c1.ip("route", "flush", "table", "main"),
        _restart,
        during=True,
    ),
    Fault("container_default_route", _no_default, _restart, during=True, lasts=8.0),
    Fault("container_default_route/from the start", _no_default, _restart, status=SUSPECTED),
    Fault("container_default_route/nobody", _other_default(NOBODY), _restart),
    Fault("container_default_route/no router", _other_default(FLEET[WEB1].containers[1]), _restart),
]
