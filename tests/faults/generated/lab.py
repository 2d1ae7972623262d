# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet of `tests.faults.lab` with IPv4, IPv6 or both, for Ansible, and for several labs at a time."""

from __future__ import annotations

import json
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from labkit.segment import Namespace
from tests.faults.lab import FLEET, GATEWAY, STATION, NamespaceLab

SUBNET6, PREFIX6 = "2001:db8:100::/64", "2001:db8:100::"
GATEWAY6, STATION6 = f"{PREFIX6}1", f"{PREFIX6}2"
#: Marked probes of each host at its port: ICMP behind MAGIC (`_watch/path/marks`).
WATCHING = """
table bridge watching {{
    chain in {{
        type filter hook prerouting priority -400
        iifname {port} ip protocol icmp @th,64,32 0x6c6e6d76 counter
        iifname {port} meta l4proto ipv6-icmp @th,64,32 0x6c6e6d76 counter
    }}
}}
"""
WRAPPER = """#!/bin/sh
exec ip netns exec {netns} {python} "$@"
"""


def six(address: str) -> str:
    """The IPv6 address that goes with an IPv4 one of the lab."""
    return f"{PREFIX6}{int(address.split('/', maxsplit=1)[0].rsplit('.', 1)[1]):x}"


class GeneratedLab(NamespaceLab):
    """four, six: whether hosts, containers and declarations have addresses of that family."""

    def __init__(self, folder: Path, four: bool, six_too: bool) -> None:
        self.folder, self.four, self.six = folder, four, six_too
        #: by host: of its parent, which another harm may have deleted
        self.parent_macs: dict[str, str] = {}
        super().__init__()

    def networks(self, host: str) -> list[dict]:
        (network,) = super().networks(host)
        lists: dict[str, list[str]] = {"subnet": [], "gateway": [], "container_range": [], "host_address": []}
        if self.four:
            for key, values in lists.items():
                values.append(network[key])
        if self.six:
            lists["subnet"].append(SUBNET6)
            lists["gateway"].append(GATEWAY6)
            lists["container_range"].append(f"{six(network['container_range'])}/124")
            lists["host_address"].append(six(network["host_address"]))
        return [{**network, **lists}]

    def families(self, address: str) -> list[str]:
        """An address of the lab in the families that it has, without prefix length."""
        four = address.split("/", maxsplit=1)[0]
        return [*([four] if self.four else []), *([six(four)] if self.six else [])]

    def container_addresses(self, host: str, number: int) -> list[str]:
        return self.families(FLEET[host].containers[number - 1])

    def link_addresses(self, host: str) -> list[str]:
        return self.families(FLEET[host].host_address)

    def parent_addresses(self, host: str) -> list[str]:
        return self.families(FLEET[host].parent_address)

    @property
    def gateways(self) -> list[str]:
        return self.families(GATEWAY)

    @property
    def neighbours(self) -> list[Namespace]:
        """All machines that keep neighbour entries."""
        return [*self.hosts.values(), *self.containers.values(), self.gateway, self.station]

    def complete(self) -> None:
        for place, address in ((self.gateway, GATEWAY), (self.station, STATION)):
            self._address(place, address)
        for name, host in self.hosts.items():
            self.parent_macs[name] = host.mac()
            self._address(host, FLEET[name].parent_address)
            if self.six:
                host.ip("-6", "route", "add", "default", "via", GATEWAY6)
            rules = WATCHING.format(port=host.port).replace("watching", f"watching_{host.port}")
            self.switch.run("nft", "-f", "-", input=rules)

    def _address(self, place: Namespace, address: str) -> None:
        if self.six:
            place.ip("address", "add", f"{six(address)}/64", "dev", "eth0", "nodad")
        if not self.four:
            place.ip("-4", "address", "flush", "dev", "eth0")

    def start_container(self, name: str, mac: str | None = None) -> None:
        super().start_container(name, mac)
        host, number = name.split("-c")
        self._address(self.containers[name], FLEET[host].containers[int(number) - 1])
        if self.six:
            self.containers[name].ip("-6", "route", "add", "default", "via", GATEWAY6)

    def healthy(self) -> str:
        """As of one, for the families that there are, with one ping each."""
        asked = [(host, address) for host in self.hosts.values() for address in self.gateways]
        asked += [(inside, address) for inside in self.containers.values() for address in self.gateways]
        asked += [
            (self.hosts[name], address)
            for name, declared in FLEET.items()
            for number in range(1, len(declared.containers) + 1)
            for address in self.container_addresses(name, number)
        ]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda pair: _pings(*pair), asked))
        return ", ".join(f"{place.name} to {to}" for (place, to), good in zip(asked, answers, strict=True) if not good)

    def watching(self) -> dict[str, int]:
        """Marked probes so far, by host."""
        return {name: self._marked(host.port) for name, host in self.hosts.items()}

    def _marked(self, port: str) -> int:
        listed = json.loads(self.switch.run("nft", "-j", "list", "table", "bridge", f"watching_{port}").stdout)
        rules = [item["rule"]["expr"] for item in listed["nftables"] if "rule" in item]
        return sum(part["counter"]["packets"] for parts in rules for part in parts if "counter" in part)

    def inventory(self) -> Path:
        """For ansible-playbook: modules run in the hosts' namespaces."""
        hosts = {}
        for name, host in self.hosts.items():
            wrapper = self.folder / f"python-{name}"
            wrapper.write_text(WRAPPER.format(netns=host.netns, python=shlex.quote(sys.executable)), encoding="utf-8")
            wrapper.chmod(0o755)
            hosts[name] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": str(wrapper),
                "macvlan_networks": self.declared[name],
                "macvlan_persistence": "none",
            }
        path = self.folder / "inventory.yml"
        path.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        return path


def _pings(place: Namespace, address: str) -> bool:
    return place.run("ping", "-n", "-c", "3", "-i", "0.3", "-W", "2", address, check=False).returncode == 0
