# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What harms do to a place, in the families that it has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from labkit.segment import Namespace
from tests.faults.lab import FLEET

from .terms import Act, Place

#: The name under which programs of the lab act, for culprits.
PROGRAM = "linkmanagerd"
_NAMED = f"import ctypes, os, sys; ctypes.CDLL(None).prctl(15, b'{PROGRAM}', 0, 0, 0)\n"
_REMOVE = f"""{_NAMED}
from pyroute2 import IPRoute
with IPRoute() as netlink:
    link = netlink.link_lookup(ifname=sys.argv[1])[0]
    for address in sys.argv[2:]:
        netlink.addr("delete", index=link, address=address, prefixlen=128 if ":" in address else 32)
"""

FILTER = """
table {family} {name} {{
    chain {hook} {{
        type filter hook {hook} priority {priority}
{rules}
    }}
}}
"""


def link(words: str) -> Act:
    """``ip link set lan0 WORDS`` on the host."""
    return lambda place: place.host.run("ip", "link", "set", "lan0", *words.split())


def parent(words: str) -> Act:
    return lambda place: place.host.run("ip", "link", "set", "eth0", *words.split())


def container(words: str) -> Act:
    return lambda place: place.inside.run("ip", "link", "set", "eth0", *words.split())


def deploy(place: Place) -> None:
    """As its owner repairs it: `site.yml` again."""
    place.lab.deploy(place.name)


def restart(place: Place) -> None:
    """As an engine restarts a container."""
    place.inside.ip("link", "delete", "eth0", check=False)
    place.lab.start_container(f"{place.name}-c1")


def delete_address(place: Place) -> None:
    for address in place.link_addresses:
        place.host.run("ip", "address", "delete", f"{address}/{128 if ':' in address else 32}", "dev", "lan0")


def delete_routes(place: Place) -> None:
    for network in place.lab.networks(place.name):
        for target in network["container_range"]:
            place.host.run("ip", "route", "delete", target, "dev", "lan0")


def remove_by_program(place: Place) -> None:
    """A daemon takes the link's addresses away."""
    place.host.run(sys.executable, "-c", _REMOVE, "lan0", *place.link_addresses)


def plug(state: str, whose: Callable[[Place], str]) -> Act:
    """A port of the switch, which goes with the parent behind it where that is deleted. state: ``up`` or ``down``."""

    def act(place: Place) -> None:
        if place.lab.switch.link(whose(place)):
            place.lab.switch.ip("link", "set", whose(place), state)

    return act


def own_port(place: Place) -> str:
    return place.host.port


def gateway_port(place: Place) -> str:
    return place.lab.gateway.port


def filtered(
    where: Callable[[Place], Namespace],
    rules: Callable[[Place], list[str]],
    hook: str = "input",
    family: str = "inet",
    name: str = "harm",
) -> tuple[Act, Act]:
    """Rules of nftables, and without them again."""

    def begin(place: Place) -> None:
        text = FILTER.format(
            family=family, name=f"{name}_{place.name}", hook=hook, priority=0,
            rules="\n".join(f"        {rule}" for rule in rules(place)),
        )  # fmt: skip
        where(place).run("nft", "-f", "-", input=text)

    def end(place: Place) -> None:
        where(place).run("nft", "delete", "table", family, f"{name}_{place.name}", check=False)

    return begin, end


def at_switch(place: Place) -> Namespace:
    return place.lab.switch


def at_gateway(place: Place) -> Namespace:
    return place.lab.gateway


def at_host(place: Place) -> Namespace:
    return place.host


def in_container(place: Place) -> Namespace:
    return place.inside


def sources(addresses: list[str]) -> list[str]:
    """Matches of nft(8) for packets from addresses."""
    return [f"{'ip6' if ':' in item else 'ip'} saddr {item}" for item in addresses]


def take(who: Callable[[Place], Namespace], whose: Callable[[Place], list[str]]) -> tuple[Act, Act]:
    """Another machine takes addresses, and releases them."""

    def begin(place: Place) -> None:
        for address in whose(place):
            _change(who(place), "add", address)

    def end(place: Place) -> None:
        for address in whose(place):
            _change(who(place), "delete", address)

    return begin, end


def _change(place: Namespace, verb: str, address: str) -> None:
    words = [f"{address}/{64 if ':' in address else 24}", "dev", "eth0"]
    place.ip("address", verb, *words, *(["nodad"] if ":" in address and verb == "add" else []))


def station(place: Place) -> Namespace:
    return place.lab.station


def other_container(place: Place) -> Namespace:
    return place.other.inside


def by_mac(who: Callable[[Place], Namespace]) -> Callable[[Mapping[str, Any], Place], bool]:
    """Whether a culprit is a machine."""
    return lambda culprit, place: culprit.get("mac") == who(place).mac()


def by_name(name: str) -> Callable[[Mapping[str, Any], Place], bool]:
    """Whether a culprit is a process."""
    return lambda culprit, dummy_place: culprit.get("name") == name


def metric(place: Place) -> None:
    """The uplink's default route has a metric, like those of network managers."""
    for gateway in place.lab.gateways:
        family = "-6" if ":" in gateway else "-4"
        place.host.ip(family, "route", "delete", "default")
        place.host.ip(family, "route", "add", "default", "via", gateway, "dev", "eth0", "metric", "100")


def declare_containers(place: Place) -> None:
    """The containers are declared by their addresses."""
    count = len(FLEET[place.name].containers)
    addresses = [item for number in range(1, count + 1) for item in place.lab.container_addresses(place.name, number)]
    (network,) = place.lab.declared[place.name]
    place.lab.declared[place.name] = [{**network, "containers": addresses}]
