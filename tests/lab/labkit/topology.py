# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology format: the parts of a lab. Parsing is pure and reports all problems of a file at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import addresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems

from .reader import GROUP, NAME, Reader

KINDS = ("netns", "nspawn", "vm")
SYSTEMS = ("bookworm", "trixie")
MANAGERS = ("networkmanager", "networkd", "ifupdown", "netplan", "none")
ENGINES = ("docker", "podman", "none")
MODES = ("bridge", "vepa", "private", "passthru", "source")

#: Per-port flags of the bridge, by their names in bridge(8).
PORT_FLAGS = ("hairpin", "learning", "flood", "mcast_flood", "bcast_flood", "isolated", "locked", "neigh_suppress")

#: Bounds of a device's MTU: RFC 791 section 3.1 (smallest datagram) and the veth driver's ETH_MAX_MTU.
MTU_MIN, MTU_MAX = 68, 65535

#: The bridge's default for forgetting a learned MAC, in seconds (BR_DEFAULT_AGEING_TIME, net/bridge/br_private.h).
AGEING = 300


@dataclass(frozen=True)
class Port:
    """A switch port: flags that differ from the kernel's defaults, and static MAC entries."""

    flags: dict[str, bool] = field(default_factory=dict)
    static: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switch:
    """A bridge. ageing: seconds. port: the defaults of its ports."""

    name: str
    mcast_snooping: bool = False
    ageing: int = AGEING
    port: Port = Port()


@dataclass(frozen=True)
class Nic:
    """A network device of a machine. addresses: with prefix length. mac: never empty. mtu: None = the kernel's 1500."""

    name: str
    switch: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    mac: str
    mtu: int | None
    port: Port


@dataclass(frozen=True)
class Machine:
    """A machine that is connected to a switch."""

    name: str
    nics: tuple[Nic, ...]


@dataclass(frozen=True)
class Host(Machine):
    """A host of the inventory. os: None for kind netns. variables, groups: the user's own, for the inventory."""

    kind: str
    os: str | None
    manager: str
    engine: str
    variables: dict
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Container:
    """A macvlan child of a host's nic in a namespace of its own; its device is eth0."""

    name: str
    host: str
    parent: str
    mode: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    mac: str


@dataclass(frozen=True)
class Topology:
    switches: dict[str, Switch]
    hosts: dict[str, Host]
    stations: dict[str, Machine]
    containers: dict[str, Container]

    def containers_of(self, host: str) -> list[Container]:
        return [container for container in self.containers.values() if container.host == host]

    def machines(self) -> list[Machine]:
        return [*self.hosts.values(), *self.stations.values()]


def load(path: str | Path) -> dict:
    """The data of a topology file. Errors: InvalidInput when it cannot be read or is not YAML."""
    problems = Problems()
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        problems.add("topology", str(path), f"cannot be read: {error.strerror}", "name a topology file")
    except yaml.YAMLError as error:
        problems.add("topology", str(path), f"is not YAML: {' '.join(str(error).split())}", "correct the file")
    raise InvalidInput(problems)


def parse(data: object) -> Topology:
    """Topology from a file's data. Errors: InvalidInput with every problem in it."""
    problems = Problems()
    top = Reader(data, "", problems, ("switches", "hosts", "stations", "containers"))
    switches = {name: _switch(name, Reader(item, f"switches.{name}", problems, ("mcast_snooping", "ageing", "ports")))
                for name, item in top.named("switches")}  # fmt: skip
    if not switches:
        problems.add("switches", None, "a topology has at least one switch", "add `switches: {lan: {}}`")
    hosts = {name: _host(name, Reader(item, f"hosts.{name}", problems, _HOST_KEYS), switches)
             for name, item in top.named("hosts")}  # fmt: skip
    stations = {name: _station(name, Reader(item, f"stations.{name}", problems, _NIC_KEYS), switches)
                for name, item in top.named("stations")}  # fmt: skip
    containers = {name: _container(name, Reader(item, f"containers.{name}", problems, _CONTAINER_KEYS), hosts)
                  for name, item in top.named("containers")}  # fmt: skip
    _check_names(problems, switches=switches, hosts=hosts, stations=stations, containers=containers)
    if problems:
        raise InvalidInput(problems)
    return Topology(switches, hosts, stations, containers)


_NIC_KEYS = ("name", "switch", "addresses", "gateway", "mac", "mtu", "port")
_HOST_KEYS = ("kind", "os", "manager", "engine", "nics", "vars", "groups")
_CONTAINER_KEYS = ("host", "parent", "mode", "mac", "addresses", "gateway")


def _switch(name: str, reader: Reader) -> Switch:
    ageing = reader.integer("ageing", 0, 1_000_000)
    return Switch(
        name,
        mcast_snooping=bool(reader.flag("mcast_snooping")),
        ageing=AGEING if ageing is None else ageing,
        port=_port(reader.sub("ports", (*PORT_FLAGS, "static")), Port()),
    )


def _port(reader: Reader, default: Port) -> Port:
    given = {flag: reader.flag(flag) for flag in PORT_FLAGS}
    flags = {**default.flags, **{flag: value for flag, value in given.items() if value is not None}}
    return Port(flags, tuple(mac for mac in map(reader.mac_item, reader.items("static")) if mac) or default.static)


def _nic(owner: str, reader: Reader, switches: dict[str, Switch]) -> Nic:
    name = reader.ifname("name", "eth0")
    switch = reader.choice("switch", tuple(switches), next(iter(switches)) if len(switches) == 1 else None)
    given, gateways = reader.addressing()
    return Nic(
        name=name,
        switch=switch or "",
        addresses=given,
        gateways=gateways,
        mac=reader.mac("mac") or addresses.stable_mac(owner, name),
        mtu=reader.integer("mtu", MTU_MIN, MTU_MAX),
        port=_port(
            reader.sub("port", (*PORT_FLAGS, "static")), switches[switch].port if switch in switches else Port()
        ),
    )


def _station(name: str, reader: Reader, switches: dict[str, Switch]) -> Machine:
    return Machine(name, (_nic(name, reader, switches),))


def _host(name: str, reader: Reader, switches: dict[str, Switch]) -> Host:
    kind = reader.choice("kind", KINDS, None)
    if kind == "netns":
        for key in ("os", "manager"):
            if reader.data.get(key) not in (None, "none"):
                reader.problem(
                    key, "a host of kind netns has no operating system of its own", "leave it out, or use kind nspawn"
                )
        system, manager = None, "none"
    else:
        system = reader.choice("os", SYSTEMS, None) if kind else None
        manager = reader.choice("manager", MANAGERS, "none") or "none"
    engine = reader.choice("engine", ENGINES, "none") or "none"
    if engine != "none" and kind in ("netns", "vm"):
        reader.problem("engine", f"a host of kind {kind} has no container engine", "leave it out, or use kind nspawn")
    nics = tuple(_nic(name, item, switches) for item in reader.subs("nics", _NIC_KEYS))
    names = [nic.name for nic in nics]
    for twice in sorted({item for item in names if names.count(item) > 1}):
        reader.problem("nics", f"two nics have the name {twice}", "give each nic a name of its own")
    return Host(
        name=name,
        nics=nics,
        kind=kind or "",
        os=system,
        manager=manager,
        engine=engine,
        variables=reader.mapping("vars"),
        groups=tuple(reader.names("groups", GROUP)),
    )


def _container(name: str, reader: Reader, hosts: dict[str, Host]) -> Container:
    host = reader.choice("host", tuple(hosts), None)
    nics = tuple(nic.name for nic in hosts[host].nics) if host else ()
    parent = reader.choice("parent", nics, nics[0] if len(nics) == 1 else None) if host else None
    given, gateways = reader.addressing()
    return Container(
        name=name,
        host=host or "",
        parent=parent or "",
        mode=reader.choice("mode", MODES, "bridge") or "",
        addresses=given,
        gateways=gateways,
        mac=reader.mac("mac") or addresses.stable_mac(name, "eth0"),
    )


def _check_names(problems: Problems, **sections: dict) -> None:
    """Names of all sections share one space: `lab exec NAME` takes any of them."""
    seen: dict[str, str] = {}
    for section, items in sections.items():
        for name in items:
            if not NAME.fullmatch(name):
                problems.add(
                    f"{section}.{name}", name, "is not a valid name", "use 1 to 30 of a-z, 0-9 and -, no - at the ends"
                )
            elif name in seen:
                problems.add(f"{section}.{name}", name, f"is a name in {seen[name]} too", "give each its own name")
            seen.setdefault(name, section)
