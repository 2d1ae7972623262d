# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a host at one moment, as plain data: namespaces, links, addresses, routes, neighbours, settings.

Only our own namespace is kept and those with macvlan links of its links, as containers have. Reads only.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import json
import socket
import time
from collections.abc import Callable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, find, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.decode import Fields, decode
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress, Route
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    MACVLAN_KINDS,
    NEIGHBOUR_STATES,
    PROTOCOLS,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import RTM_NEWNEIGH, RTM_NEWRULE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace, NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read_all
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import lookup_with
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink, encode
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import read_sysctls
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Container, Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.survey import survey

from . import rules as rules_of
from .filters import Json, dropping
from .schema import (
    AddressData,
    ContainerData,
    LinkData,
    NamespaceData,
    NamespaceInside,
    NeighbourData,
    PathData,
    RouteData,
    RuleData,
    ScopeData,
    SnapshotData,
)

#: Bounds that keep the evidence of a host with thousands of links or routes small; what is beyond is counted.
NAMESPACES_MAX, LINKS_MAX, ROUTES_MAX, NEIGHBOURS_MAX, RULES_MAX = 256, 256, 256, 256, 100

#: Settings of each interface that decide who answers and what is dropped (Documentation/networking/ip-sysctl.rst).
SETTINGS = {
    "ipv4": (
        "arp_ignore", "arp_filter", "arp_announce", "arp_notify", "arp_accept", "rp_filter", "accept_local",
        "proxy_arp", "log_martians", "forwarding",
    ),
    "ipv6": ("disable_ipv6", "accept_dad", "dad_transmits", "enhanced_dad", "accept_ra", "autoconf", "ndisc_notify"),
}  # fmt: skip
#: Those that have no interface, kept with ``all``: whether pings are answered (Documentation/networking/ip-sysctl.rst).
WHOLE_SETTINGS = {"icmp_echo_ignore_all": "ipv4/icmp_echo_ignore_all", "echo_ignore_all": "ipv6/icmp/echo_ignore_all"}
#: Settings of br_netfilter: whether frames that a bridge forwards pass the IP firewalls.
BRIDGE_SETTINGS = ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables")

#: Where the kernel counts packets with a martian source, and under which name the counter is kept.
_ROUTE_COUNTERS, _MARTIAN_SOURCES = "/proc/thread-self/net/stat/rt_cache", "RouteInMartianSrc"

#: The kinds that exclude macvlan links from their parent (drivers/net/ipvlan).
IPVLAN_KINDS = ("ipvlan", "ipvtap")


@dataclass(frozen=True)
class HostFacts:
    """All namespaces at one moment, our own first. unseen: those that could not be entered, and why."""

    everywhere: list[tuple[Namespace, Facts]]
    unseen: list[str]


def read_host() -> HostFacts:
    """Read all namespaces. It takes some milliseconds for each."""
    unseen: list[str] = []
    return HostFacts(read_all(unseen), unseen)


def take(networks: list[MacvlanNetwork], facts: HostFacts) -> SnapshotData:
    """The snapshot. networks: the declared ones; neighbours and paths are kept for these."""
    everywhere, own = facts.everywhere, facts.everywhere[0]
    chosen = [own, *(item for item in everywhere[1:] if _has_child(item[1], own[1]))]
    names = {namespace.inode: namespace.label for namespace, dummy in everywhere}
    scopes = survey(networks, everywhere)
    # The host sends to each of its containers, and a rule or a route may divert some of them only.
    found = [container for scope in scopes for container in (*scope.containers, *scope.strays)]
    containers = [container.address for container in found[:LINKS_MAX]]
    targets = _targets(networks)
    return {
        "at": utc(time.time()),
        "namespaces": [
            _namespace(item, own, networks, list(dict.fromkeys([*targets, *containers])) if item is own else targets)
            for item in chosen[:NAMESPACES_MAX]
        ],
        "other_namespaces": len(names) - len(chosen[:NAMESPACES_MAX]),
        "unseen_namespaces": facts.unseen,
        "networks": {scope.network.name: _scope(scope) for scope in scopes},
        "bridge": _bridge_settings(),
        "filters": dropping(ruleset()),
    }


def _scope(scope: Scope) -> ScopeData:
    """A declared network as it is on this host: its parent and link by name, and each address of its containers."""
    return {
        "parent": scope.parent.name if scope.parent else None,
        "parent_problem": scope.parent_problem,
        "link": scope.shim.name if scope.shim else None,
        "link_problem": scope.shim_problem,
        "containers": [_container(item) for item in scope.containers[:LINKS_MAX]],
        "strays": [_container(item) for item in scope.strays[:LINKS_MAX]],
    }


def _container(container: Container) -> ContainerData:
    return {
        "namespace": container.label,
        "link": container.link.name,
        "mac": container.link.mac,
        "mode": container.link.mode,
        "up": container.link.up,
        "address": str(container.address),
        "dadfailed": container.found.dadfailed,
    }


def _has_child(facts: Facts, own: Facts) -> bool:
    """Whether a namespace has a macvlan or ipvlan link of one of our own namespace's links."""
    return facts.origin_nsid is not None and any(
        link.kind in (*MACVLAN_KINDS, *IPVLAN_KINDS)
        and link.parent_nsid == facts.origin_nsid
        and own.by_index(link.parent)
        for link in facts.links
    )


def _namespace(
    item: tuple[Namespace, Facts],
    own: tuple[Namespace, Facts],
    networks: list[MacvlanNetwork],
    targets: list[Address],
) -> NamespaceData:
    """targets: of route lookups."""
    namespace, facts = item
    links = sorted(facts.links, key=lambda link: (link.kind not in MACVLAN_KINDS, link.index))[:LINKS_MAX]
    data: NamespaceData = {
        "label": namespace.label,
        "path": namespace.path,
        "inode": namespace.inode,
        "links": [_link(link, facts, own if item is not own else None) for link in links],
        "addresses": [_address(address, facts) for address in facts.addresses],
        "routes": [_route(route, facts) for route in sorted(facts.routes, key=_importance(networks))[:ROUTES_MAX]],
    }
    try:
        inside = run_in(namespace.path, functools.partial(_inside, [link.name for link in links], targets, networks))
        data.update(inside)
    except NamespaceGone:
        data["gone"] = True
    return data


def _importance(networks: list[MacvlanNetwork]) -> Callable[[Route], bool]:
    """Routes that touch the declared subnets first; the kernel's order stays within both parts."""

    def key(route: Route) -> bool:
        return not any(
            route.destination.prefixlen == 0
            or (route.destination.version == subnet.version and route.destination.overlaps(subnet))
            for network in networks
            for subnet in network.subnets
        )

    return key


def _link(link: Link, facts: Facts, own: tuple[Namespace, Facts] | None) -> LinkData:
    parent, where = _name(facts, link.parent), ""
    if link.parent_nsid is not None:
        parent = None
        if own is not None and link.parent_nsid == facts.origin_nsid:
            parent = _name(own[1], link.parent)
        where = "" if parent else "elsewhere"
    elif own is not None:
        where = "same"
    return {
        "index": link.index,
        "name": link.name,
        "kind": link.kind,
        "mac": link.mac,
        "mtu": link.mtu,
        "up": link.up,
        "carrier": link.carrier,
        "arp": link.arp,
        "wireless": link.wireless,
        "promiscuity": link.promiscuity,
        "master": _name(facts, link.master),
        "parent": parent,
        "parent_namespace": where if link.parent else None,
        "alias": link.alias,
        "mode": link.mode,
        "nopromisc": link.nopromisc,
        "bcqueuelen": link.bcqueuelen,
        "bond_mode": link.bond_mode,
        "counters": dict(link.counters),
    }


def _address(address: LinkAddress, facts: Facts) -> AddressData:
    return {
        "link": _name(facts, address.index),
        "address": str(address.interface),
        "permanent": address.permanent,
        "tentative": address.tentative,
        "dadfailed": address.dadfailed,
    }


def _route(route: Route, facts: Facts) -> RouteData:
    return {
        "destination": str(route.destination),
        "link": _name(facts, route.oif),
        "gateway": str(route.gateway) if route.gateway else None,
        "prefsrc": str(route.prefsrc) if route.prefsrc else None,
        "metric": route.metric,
        "table": route.table,
        "protocol": PROTOCOLS.get(route.protocol, str(route.protocol)),
        "scope": route.scope,
    }


def _name(facts: Facts, index: int | None) -> str | None:
    link = facts.by_index(index)
    return link.name if link else None


def _targets(networks: list[MacvlanNetwork]) -> list[Address]:
    """The targets of route lookups: gateways, declared containers, the first address of each range, own addresses."""
    found: list[Address] = []
    for network in networks:
        found += [*network.gateways, *network.containers, *network.host_addresses]
        found += [outer[1] if outer.num_addresses > 1 else outer[0] for outer in network.ranges]
    return list(dict.fromkeys(found))


def _inside(links: list[str], targets: list[Address], networks: list[MacvlanNetwork]) -> NamespaceInside:
    """What has to be read inside the namespace itself."""
    with Rtnetlink() as netlink:
        paths: list[PathData] = [
            {
                "target": str(target),
                "link": path.interface,
                "source": str(path.source) if path.source else None,
                "gateway": str(path.gateway) if path.gateway else None,
                "local": path.local,
                "error": path.error,
            }
            for target, path in lookup_with(netlink, targets).items()
        ]
        neighbours, rules = _neighbours(netlink, networks), _rules(netlink)
    return {
        "paths": paths,
        "neighbours": neighbours,
        "rules": rules,
        "settings": {name: _settings(name) for name in ["all", "default", *links]},
        "netstat": _netstat(),
        "filters": [*rules_of.nftables(ruleset()), *rules_of.legacy()],
    }


def _neighbours(netlink: Rtnetlink, networks: list[MacvlanNetwork]) -> list[NeighbourData]:
    subnets = [subnet for network in networks for subnet in network.subnets]
    found: list[NeighbourData] = []
    for entry in _decoded(netlink, RTM_NEWNEIGH):
        if entry["address"] and any(within(ipaddress.ip_address(entry["address"]), subnet) for subnet in subnets):
            known = entry["state"] in NEIGHBOUR_STATES.values()
            found.append(
                {
                    "link": _interface(entry["index"]),
                    "address": entry["address"],
                    "mac": entry["mac"] or None,
                    "state": entry["state"] if known else "",
                }
            )
    return found[:NEIGHBOURS_MAX]


def _decoded(netlink: Rtnetlink, kind: int) -> Iterator[Fields]:
    decoded = (decode(kind, 0, encode(message)) for message in netlink.dump(kind))
    return (found.fields for found in decoded if found is not None)


def _interface(index: int) -> str | None:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return None


def _rules(netlink: Rtnetlink) -> list[RuleData]:
    """Routing policy beyond the kernel's own three rules (local, main, default)."""
    found: list[RuleData] = [
        {
            "family": rule["family"],
            "priority": rule["priority"],
            "table": rule["table"],
            "from": rule["from"],
            "to": rule["to"],
            "iif": rule["iif"],
            "oif": rule["oif"],
            "mark": rule["mark"],
        }
        for rule in _decoded(netlink, RTM_NEWRULE)
        if rule["priority"] not in (0, 32766, 32767)
    ]
    return found[:RULES_MAX]


def _settings(link: str) -> dict[str, int]:
    """Values below net/FAMILY/conf of this namespace; what the kernel does not have is left out."""
    paths = {name: f"{family}/conf/{link}/{name}" for family, names in SETTINGS.items() for name in names}
    if link == "all":
        paths.update(WHOLE_SETTINGS)
    return _numbers({name: f"net/{path}" for name, path in paths.items()})


def _bridge_settings() -> dict[str, int]:
    return _numbers({name: f"net/bridge/{name}" for name in BRIDGE_SETTINGS})


def _numbers(paths: dict[str, str]) -> dict[str, int]:
    """Those that there are, by their names here."""
    values = read_sysctls(paths.values())
    found = {name: values[path] for name, path in paths.items()}
    return {name: value for name, value in found.items() if value is not None}


def _netstat() -> dict[str, int]:
    """The counters of TcpExt and IpExt (proc_pid_net(5), netstat) that are not zero, and of martian sources, which the
    kernel counts over all namespaces together (net/ipv4/route.c, rt_cpu_seq_show: the eighth of each CPU)."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError), open("/proc/thread-self/net/netstat", encoding="ascii") as stream:
        lines = stream.read().splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            group = names.split(":")[0]
            pairs = zip(names.split()[1:], values.split()[1:])
            found.update({f"{group}{name}": int(value) for name, value in pairs if value != "0"})
    with contextlib.suppress(OSError, ValueError, IndexError), open(_ROUTE_COUNTERS, encoding="ascii") as stream:
        found[_MARTIAN_SOURCES] = sum(int(line.split()[7], 16) for line in stream.read().splitlines()[1:])
    return found


def ruleset() -> list[Json]:
    """The rules of the host's nftables (libnftables-json(5)). Empty where nft is not there."""
    if find("nft") is None:
        return []
    try:
        listed = json.loads(run(["nft", "-j", "-n", "list", "ruleset"], check=False, timeout=5).out or "{}")
    except (CommandFailed, ValueError):
        return []
    return list(listed.get("nftables", []))
