# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts and links that the tests of the persistent forms share."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import Merged
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.ifupdown import IfupdownState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import Interfaces
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkd import (
    NetworkdLink,
    NetworkdState,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkmanager import (
    NetworkManagerState,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Owner

NETPLAN_FILE = "/run/systemd/network/10-netplan-eth0.network"
NETWORKD = Owner(("systemd-networkd",), ("systemd-networkd configures it with /etc/systemd/network/10-eth0.network",))
NETPLAN = Owner(("netplan",), (f"systemd-networkd configures it with {NETPLAN_FILE}",))
ETH0 = NetworkdLink(2, "eth0", "configured", NETPLAN_FILE)
RUNNING = NetworkdState(True, {"eth0": ETH0})
NETWORKD_HOST = HostState(version=252, daemons=(RUNNING,), owners={"eth0": NETWORKD})
NETPLAN_HOST = HostState(version=252, daemons=(RUNNING,), owners={"eth0": NETPLAN})
NM = Owner(("NetworkManager",), ("NetworkManager says connected",))
NM_HOST = HostState(version=252, owners={"eth0": NM}, daemons=(NetworkManagerState(Merged()),))
INTERFACES = Interfaces({"/etc/network/interfaces": ""}, (("source", "/etc/network/interfaces.d/*"),))
IFUPDOWN_HOST = HostState(
    version=252, owners={"eth0": Owner(("ifupdown",))}, daemons=(IfupdownState(INTERFACES, frozenset({"eth0"})),)
)
BARE_HOST = HostState(version=252, owners={"eth0": Owner()})

SYSCTL = "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf"
NETDEV = "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev"
NETWORK = "/etc/systemd/network/05-linuxnet-macvlan-lan0.network"
DROP_IN = "/etc/systemd/network/10-netplan-eth0.network.d/linuxnet-macvlan-lan0.conf"
SCRIPT = "/etc/linuxnet-macvlan/lan0.sh"
UNIT_NAME = "linuxnet-macvlan-lan0.service"
UNIT = f"/etc/systemd/system/{UNIT_NAME}"
ACTIVE = {UNIT_NAME: UnitState(True, True)}


def networkd(host: HostState = NETWORKD_HOST, version: int | None = None, **state) -> HostState:
    """A host on which systemd-networkd is in another state."""
    known = replace(host.daemon(NetworkdState), running=True, **state)
    others = tuple(item for item in host.daemons if not isinstance(item, NetworkdState))
    return replace(host, version=version or host.version, daemons=(*others, known))


def link(**given) -> DesiredLink:
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:01", **given}
    made = link_parser.parse([declared], "h1", problems).present[0]
    assert not problems, problems.report()
    return made.on(Link(2, str(declared["parent"])))


def full(**more) -> DesiredLink:
    return link(
        mtu=1400,
        mode="private",
        bcqueuelen=2000,
        addresses=["192.0.2.3/32", "2001:db8::3/128"],
        routes=[
            {"destination": "192.0.2.128/28", "source": "192.0.2.3"},
            {"destination": "10.0.0.0/8", "gateway": "192.0.2.129", "metric": 50, "table": 100},
            {"destination": "2001:db8::80/124", "source": "2001:db8::3"},
        ],
        sysctl={"arp_filter": 1, "accept_ra": 0},
        parent_sysctl={"arp_filter": 1},
        **more,
    )


def sections(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """A systemd file as its readers see it: sections in their order, keys may come again."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line.strip("[]"), []))
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found[-1][1].append((key, value))
    return found


def made_of(wanted: DesiredLink, host: HostState, persistence: str = "auto") -> dict[str, str]:
    return dict(planned([wanted], host=host, persistence=persistence)[0].files)


def planned(
    present=(),
    removed=(),
    persistence="auto",
    host=NM_HOST,
    files=None,
    unit_states=None,
    interrupted=False,
    deleted=frozenset(),
):
    """Steps, differences and problems of one run."""
    state = _persistence.Persisted(host, files or {}, unit_states or {}, interrupted)
    difference, problems = Difference(), Problems()
    steps = _persistence.plan(state, list(present), removed, persistence, difference, problems, deleted)
    return steps, difference, problems


def kinds(steps: _persistence.Steps) -> list[str]:
    return [f"{action.kind} {action.target}".strip() for action in steps.actions]


def kinds_before(steps: _persistence.Steps) -> list[str]:
    """What goes before the kernel's part."""
    return [f"{action.kind} {action.target}".strip() for action in steps.before]


def refusals(wanted: DesiredLink, host: HostState, persistence: str) -> list[str]:
    """What is wrong with one choice on one host."""
    steps, difference, problems = planned([wanted], host=host, persistence=persistence)
    assert all((item.key, item.value) == ("persistence", persistence) for item in problems.items)
    assert not (problems and (steps or difference))
    return [item.problem for item in problems.items]
