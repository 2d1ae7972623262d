# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, stations and containers on the switches: the same for every kind of host."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._command import CommandFailed, run

from . import leader, netns
from .errors import LabError
from .state import State
from .topology import Host, Machine, Topology


def plug_in(state: State, machine: Machine) -> None:
    """Give a machine its network namespace and its nics; they are not up yet."""
    name = state.netns(machine.name)
    netns.add(name)
    for nic in machine.nics:
        netns.connect(state.netns(nic.switch), machine.name, name, nic)


def pull_out(state: State, machine: Machine) -> None:
    """Undo `plug_in`, and end what runs there."""
    for nic in machine.nics:
        netns.disconnect(state.netns(nic.switch), machine.name, nic)
    netns.delete(state.netns(machine.name))


def configure(state: State, machine: Machine) -> None:
    """Addresses and default routes by the lab itself, for machines that have no network manager."""
    for nic in machine.nics:
        netns.configure(state.netns(machine.name), nic.name, nic.addresses, nic.gateways)


def missing_addresses(state: State, host: Host) -> list[str]:
    """Declared addresses that the host's nics do not have, or cannot use yet."""
    missing = []
    links = {link["ifname"]: link for link in netns.links(state.netns(host.name))}
    for nic in host.nics:
        entries = links.get(nic.name, {}).get("addr_info", [])
        usable = {f"{entry['local']}/{entry['prefixlen']}" for entry in entries if not entry.get("tentative")}
        missing += [f"{address} on {nic.name}" for address in nic.addresses if address not in usable]
    return missing


def make_containers(state: State, topology: Topology, host: Host) -> None:
    """Make the containers of a running host, from inside, as its container engine would."""
    inside = leader.enter(state.host(host.name), clean=True)
    for item in topology.containers_of(host.name):
        link = f"link add link {item.parent} name eth0 netns {item.name} address {item.mac}"
        commands = ["link set lo up", "link set eth0 up"]
        commands += [f"address add {one} dev eth0{' nodad' if ':' in one else ''}" for one in item.addresses]
        commands += [f"route replace default via {one} dev eth0" for one in item.gateways]
        try:
            run([*inside, "ip", "netns", "add", item.name])
            run([*inside, "ip", *f"{link} type macvlan mode {item.mode}".split()])
            run([*inside, "ip", "-n", item.name, "-batch", "-"], stdin="\n".join(commands) + "\n")
        except CommandFailed as error:
            reason = str(error).rpartition(": ")[2]
            raise LabError(f"container {item.name} of {host.name} cannot be made: {reason}") from error
