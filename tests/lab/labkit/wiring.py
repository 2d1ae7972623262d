# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects hosts, stations and containers to switches: the same for every kind of host."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run, run_json

from . import netns
from .errors import LabError
from .state import State
from .topology import Host, Machine, Nic, Topology

#: The name of a container's device until it is in its namespace.
NEW = "lab-new"


def plug_in(state: State, machine: Machine) -> None:
    """Give a machine its network namespace and its nics, which are still down."""
    name = state.netns(machine.name)
    netns.add(name)
    for nic in machine.nics:
        netns.connect(state.netns(nic.switch), machine.name, name, nic)


def pull_out(state: State, machine: Machine) -> None:
    """Undo `plug_in`, and end what runs there."""
    for nic in machine.nics:
        netns.disconnect(state.netns(nic.switch), machine.name, nic)
    netns.delete(state.netns(machine.name))


def cable(state: State, machine: Machine, nic: Nic, plugged: bool) -> None:
    """Turn the switch port of a nic off or on; the other end of a veth pair loses or gets its carrier with it."""
    port = netns.port_name(machine.name, nic.name)
    netns.ip(state.netns(nic.switch), "link", "set", port, "up" if plugged else "down")


def configure(state: State, machine: Machine) -> None:
    """Set addresses and default routes of machines without a network manager."""
    for nic in machine.nics:
        netns.configure(state.netns(machine.name), nic.name, nic.addresses, nic.gateways)


def links(inside: list[str]) -> list[dict]:
    """Links with their addresses as a host sees them. inside: the prefix for a command that runs there."""
    return run_json([*inside, "ip", "-json", "address", "show"]) or []


def missing_addresses(links: list[dict], host: Host) -> list[str]:
    """Declared addresses that the host's nics do not have or cannot use yet."""
    missing = []
    by_name = {link["ifname"]: link for link in links}
    for nic in host.nics:
        entries = by_name.get(nic.name, {}).get("addr_info", [])
        usable = {f"{entry['local']}/{entry['prefixlen']}" for entry in entries if not entry.get("tentative")}
        missing += [f"{address} on {nic.name}" for address in nic.addresses if address not in usable]
    return missing


def make_containers(inside: list[str], topology: Topology, host: Host) -> None:
    """Create the containers of a running host from inside, like a container engine."""
    for item in topology.containers_of(host.name):
        # Linux 6.1 refuses the name of a device in the parent's namespace, although the child goes to another one
        link = f"link add link {item.parent} name {NEW} netns {item.name} address {item.mac}"
        commands = ["link set lo up", f"link set {NEW} name eth0", "link set eth0 up"]
        commands += [f"address add {one} dev eth0{' nodad' if ':' in one else ''}" for one in item.addresses]
        commands += [f"route replace default via {one} dev eth0" for one in item.gateways]
        try:
            run([*inside, "ip", "netns", "add", item.name])
            run([*inside, "ip", *f"{link} type macvlan mode {item.mode}".split()])
            run([*inside, "ip", "-n", item.name, "-batch", "-"], stdin="\n".join(commands) + "\n")
        except CommandFailed as error:
            reason = str(error).rpartition(": ")[2]
            raise LabError(f"container {item.name} of {host.name} cannot be made: {reason}") from error
