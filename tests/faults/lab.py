# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small healthy fleet in network namespaces, to inject faults into and to diagnose.

One switch with a gateway, a LAN station, and two hosts, each with a parent, a macvlan link of its own and containers.
The hosts' links are made by the collection's own module from the declaration, as `site.yml` does it.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read
from labkit.segment import Host, Namespace, Segment

SUBNET = "192.168.100.0/24"
GATEWAY, STATION = "192.168.100.1", "192.168.100.2"
WEB1, WEB2 = "web1", "web2"

#: Counts each host's packets at the gateway.
COUNTING = """
table ip {name} {{
    chain in {{
        type filter hook input priority -10
{rules}    }}
}}
"""


@dataclass(frozen=True)
class Declared:
    """What the inventory says of one host."""

    parent_address: str
    host_address: str
    container_range: str
    containers: tuple[str, ...]

    @property
    def networks(self) -> list[dict]:
        """``macvlan_networks`` of the host."""
        return [
            {
                "name": "lan0",
                "parent": "eth0",
                "subnet": SUBNET,
                "gateway": GATEWAY,
                "container_range": self.container_range,
                "host_address": self.host_address,
            }
        ]


FLEET = {
    WEB1: Declared("192.168.100.11/24", "192.168.100.3", "192.168.100.128/28", ("192.168.100.129", "192.168.100.130")),
    WEB2: Declared("192.168.100.12/24", "192.168.100.4", "192.168.100.144/28", ("192.168.100.145",)),
}


class NamespaceLab:
    """The fleet in namespaces. A fault may change ``declared``, the diagnosis's input."""

    def __init__(self) -> None:
        self.segment = Segment()
        self.declared: dict[str, list[dict]] = {name: self.networks(name) for name in FLEET}
        self.hosts: dict[str, Host] = {}
        self.containers: dict[str, Namespace] = {}
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        self.gateway = self.segment.host("gateway", [f"{GATEWAY}/24"])
        self.station = self.segment.host("station", [f"{STATION}/24"])
        self.count_watching()
        self.switch = self.segment.switch
        for name, host in FLEET.items():
            made = self.hosts[name] = self.segment.host(name, [host.parent_address])
            made.ip("route", "add", "default", "via", GATEWAY)
            for number, dummy in enumerate(host.containers, 1):
                self.containers[f"{name}-c{number}"] = Namespace(self.segment, f"{name}-c{number}")
                self.start_container(f"{name}-c{number}")
        self.complete()
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.deploy, FLEET))

    def networks(self, host: str) -> list[dict]:
        """What is declared for a host before any fault."""
        return FLEET[host].networks

    def complete(self) -> None:
        """What a lab that is more than this one adds before the links are made."""

    @property
    def web1(self) -> Host:
        return self.hosts[WEB1]

    @property
    def web2(self) -> Host:
        return self.hosts[WEB2]

    @property
    def c1(self) -> Namespace:
        """The first container of web1."""
        return self.containers["web1-c1"]

    @property
    def c2(self) -> Namespace:
        return self.containers["web1-c2"]

    def start_container(self, name: str, mac: str | None = None) -> None:
        """Give a container's namespace its link, address and route, as an engine does when it starts one."""
        inside, (host, number) = self.containers[name], name.split("-c")
        self.hosts[host].ip(
            "link", "add", "link", "eth0", "name", "eth0", *(["address", mac] if mac else []),
            "netns", inside.netns, "type", "macvlan", "mode", "bridge",
        )  # fmt: skip
        inside.ip("link", "set", "eth0", "up")
        inside.ip("address", "add", f"{FLEET[host].containers[int(number) - 1]}/24", "dev", "eth0")
        inside.ip("route", "add", "default", "via", GATEWAY)

    def restart_container(self, name: str) -> None:
        """As its engine does it."""
        self.containers[name].ip("link", "delete", "eth0", check=False)
        self.start_container(name)

    def _of(self, host: str) -> list[str]:
        """The containers of a host."""
        return [name for name in self.containers if name.startswith(f"{host}-")]

    def remove_links(self, host: str) -> None:
        """Remove every macvlan link of the host's parent: the host's own and those of its containers."""
        self.hosts[host].ip("link", "delete", "lan0")
        for name in self._of(host):
            self.containers[name].ip("link", "delete", "eth0")

    def make_links(self, host: str) -> None:
        """Make them anew."""
        for name in self._of(host):
            self.start_container(name)
        self.deploy(host)

    def plug_again(self, host: str) -> None:
        """Recreate a removed parent with its address, and the links on it."""
        made = self.hosts[host]
        made.port = self.segment.plug(made, "eth0")
        made.ip("address", "add", FLEET[host].parent_address, "dev", "eth0")
        made.ip("route", "add", "default", "via", GATEWAY)
        self.make_links(host)

    def intent(self, host: str) -> dict:
        """The declaration as the filter ``intent`` expands it."""
        problems = Problems()
        plan = read(HostDeclaration(host, self.declared[host], []), problems)
        assert not problems, problems.report()
        return plan.intent.as_data()

    def deploy(self, host: str, recreate: str = "never") -> None:
        """Make the host's own link from its declaration."""
        options = {"host_id": host, "confirm_timeout": 0, "recreate": recreate}
        result = self.hosts[host].module("macvlan_link", {"links": self.intent(host)["links"], **options})
        assert not result.get("failed"), result

    def module(self, host: str, name: str, args: dict) -> dict:
        return self.hosts[host].module(name, args)

    def count_watching(self) -> None:
        """Have the gateway count the echo requests of each host, for `watched`."""
        self.count("watched", "icmp type echo-request")

    def watched(self) -> int:
        """Echo requests at the gateway so far, of the host that sent the fewest: whether all are watching."""
        return min(self.counted("watched"))

    def count(self, name: str, matching: str) -> None:
        """Have the gateway count packets from each host's own addresses. matching: an expression of nft(8)."""
        # a host's routes decide from which of its two addresses it sends, and some faults change those
        sources = [(host.parent_address.split("/", maxsplit=1)[0], host.host_address) for host in FLEET.values()]
        rules = "".join(f"        ip saddr {{ {', '.join(own)} }} {matching} counter\n" for own in sources)
        self.gateway.run("nft", "-f", "-", input=COUNTING.format(name=name, rules=rules))

    def counted(self, name: str) -> list[int]:
        """Packets so far, of each host."""
        listed = json.loads(self.gateway.run("nft", "-j", "list", "table", "ip", name).stdout)["nftables"]
        rules = [item["rule"]["expr"] for item in listed if "rule" in item]
        return [part["counter"]["packets"] for expressions in rules for part in expressions if "counter" in part]

    def count_no_more(self, name: str) -> None:
        self.gateway.run("nft", "delete", "table", "ip", name)

    def healthy(self) -> str:
        """What does not work between host, containers, gateway and LAN of both hosts; empty if everything does."""
        asked = [(self.hosts[name], address) for name in FLEET for address in (GATEWAY, *FLEET[name].containers)]
        asked += [(inside, GATEWAY) for inside in self.containers.values()]
        asked += [(self.containers[f"{name}-c1"], FLEET[name].host_address) for name in FLEET]
        asked += [(self.station, address) for name in FLEET for address in FLEET[name].containers]
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda pair: pair[0].pings(pair[1]), asked))
        return ", ".join(
            f"{place.name} to {to}" for (place, to), answered in zip(asked, answers, strict=True) if not answered
        )

    def rest(self) -> None:
        """Wait until everything works after a fault was undone. Errors: AssertionError."""
        deadline = time.monotonic() + 60
        while True:
            wrong = self.healthy()
            if not wrong:
                return
            assert time.monotonic() < deadline, f"not healthy again: {wrong}"

    def close(self) -> None:
        self.segment.close()
