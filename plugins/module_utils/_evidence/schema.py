# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one host as plain data: what `macvlan_diagnose` returns, and all that a diagnosis knows of the host.

A part that could not be read is None, and ``problems`` says why. The parts of the watch and of the experiments are in
`timeline` and `results`.
"""

from __future__ import annotations

from typing import Dict, Optional, TypedDict, Union

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import (
    DroppingRule,
    ExperimentData,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.data import PathsData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TimelineData

#: It grows with everything that a reader of the version before would misread: a field that goes, is renamed, changes
#: its type or becomes required, and a new kind of event or experiment. One more optional field leaves it as it is.
#: Evidence without a version is older than version 1.
SCHEMA_VERSION = 1

#: How a parent is declared: an interface name, or a mapping with one of the keys mac, subnet and default_route.
ParentSelector = Union[str, Dict[str, Union[str, bool]]]


class _NetworkMark(TypedDict, total=False):
    of_link: bool
    leased: bool
    announce: bool


class NetworkData(_NetworkMark):
    """One declared network, as the filter `intent` gives it. link: None where the host takes no part in it.

    of_link: whether it stands for a link of ``macvlan_links``, which declares no gateway; missing: it does not.
    leased: whether a server leases the address of the link; missing: not.
    announce: whether a service of the link announces containers that start; missing: not.
    """

    name: str
    parent: ParentSelector
    subnets: list[str]
    gateways: list[str]
    container_ranges: list[str]
    excluded: list[str]
    host_addresses: list[str]
    containers: list[str]
    engine: str
    segment: str
    link: str | None


# ---- a snapshot ------------------------------------------------------------------------------------------------------


class LinkData(TypedDict):
    """One network device. kind: empty for hardware; mode, nopromisc, bcqueuelen: of macvlan links.

    parent_namespace: empty where ``parent`` is in the host's own namespace, ``same`` where it is in the link's,
    ``elsewhere`` where that is not known; None without a parent.
    """

    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    up: bool
    carrier: bool
    arp: bool
    wireless: bool
    promiscuity: int
    master: str | None
    parent: str | None
    parent_namespace: str | None
    alias: str
    mode: str
    nopromisc: bool
    bcqueuelen: int | None
    bond_mode: int | None
    counters: dict[str, int]


class AddressData(TypedDict):
    """address: with prefix length."""

    link: str | None
    address: str
    permanent: bool
    tentative: bool
    dadfailed: bool


class RouteData(TypedDict):
    """prefsrc: the preferred source address. protocol: by its name in rt_protos. scope: a number."""

    destination: str
    link: str | None
    gateway: str | None
    prefsrc: str | None
    metric: int
    table: int
    protocol: str
    scope: int


class PathData(TypedDict):
    """The kernel's route to a target. error: what it said instead of one; local: the target is an own address."""

    target: str
    link: str
    source: str | None
    gateway: str | None
    local: bool
    error: str


class NeighbourData(TypedDict):
    """mac: None where it is not resolved. state: by its name, such as STALE."""

    link: str | None
    address: str
    mac: str | None
    state: str


_RuleSource = TypedDict("_RuleSource", {"from": Optional[str]})


class RuleData(_RuleSource):  # pylint: disable=inherit-non-class  # a TypedDict by call: its key is a keyword
    """One rule of the routing policy beyond the kernel's own three."""

    family: str
    priority: int
    table: int | None
    to: str | None
    iif: str | None
    oif: str | None
    mark: int | None


class FilterRuleData(TypedDict):
    """A rule that drops. place: of nftables with its family first. verdict: drop, reject, or policy of a chain.

    hooks: from which packets get there. packets: None where it does not count. protocols, iif, oif, sources, targets:
    what a packet has to match, all where empty; addresses as ranges FIRST-LAST. partial: it demands more than that.
    """

    tool: str
    place: str
    hooks: list[str]
    handle: int | None
    verdict: str
    packets: int | None
    text: str
    protocols: list[str]
    iif: list[str]
    oif: list[str]
    sources: list[str]
    targets: list[str]
    partial: bool


class NamespaceInside(TypedDict, total=False):
    """What is read inside the namespace itself; all of it is missing where that had gone. rules: of the routing policy;
    filters: what drops packets there.

    settings: by link (also ``all`` and ``default``) and name, below net/FAMILY/conf. netstat: counters that are not 0.
    """

    paths: list[PathData]
    neighbours: list[NeighbourData]
    rules: list[RuleData]
    settings: dict[str, dict[str, int]]
    netstat: dict[str, int]
    filters: list[FilterRuleData]
    gone: bool


class NamespaceData(NamespaceInside):
    """One network namespace. label: empty for the host's own. routes: in the kernel's order."""

    label: str
    path: str
    inode: int
    links: list[LinkData]
    addresses: list[AddressData]
    routes: list[RouteData]


class ContainerData(TypedDict):
    """One address (without prefix length) of a container."""

    namespace: str
    link: str
    mac: str
    mode: str
    up: bool
    address: str
    dadfailed: bool


class ScopeData(TypedDict):
    """One declared network as it is on the host. parent, link: None where they are not there.

    strays: addresses in its subnets that lie in no network's container range.
    """

    parent: str | None
    parent_problem: str
    link: str | None
    link_problem: str
    containers: list[ContainerData]
    strays: list[ContainerData]


class SnapshotData(TypedDict):
    """The network of a host at one moment. at: ISO 8601. namespaces: the host's own first. networks: by their names.

    bridge: settings of br_netfilter. filters: the rules of nftables that drop and count.
    """

    at: str
    namespaces: list[NamespaceData]
    other_namespaces: int
    unseen_namespaces: list[str]
    networks: dict[str, ScopeData]
    bridge: dict[str, int]
    filters: list[DroppingRule]


# ---- the system ------------------------------------------------------------------------------------------------------


class KnownBadData(TypedDict):
    fixed_in: str
    problem: str
    source: str


class KindData(TypedDict):
    """What the kernel can do about one kind of link. works: None where it was not tried."""

    name: str
    module: str
    status: str
    works: bool | None
    evidence: list[str]
    known_bad: KnownBadData | None


class KernelData(TypedDict):
    release: str
    module_tree: bool
    macvlan: KindData


class ContributionData(TypedDict):
    """One line of a file that has a part in NetworkManager's list of unmanaged devices."""

    path: str
    operation: str
    specs: list[str]


class DeviceData(TypedDict):
    managed: bool
    state: str
    kind: str


class NetworkManagerData(TypedDict):
    """unmanaged: its list as it is in force. devices: by name. connections: the profile that is up, by device."""

    installed: bool
    running: bool
    version: str | None
    why_not: str
    unmanaged: list[str]
    contributions: list[ContributionData]
    devices: dict[str, DeviceData]
    connections: dict[str, str]


class NetworkdLinkData(TypedDict):
    """file: the .network file in use, empty for none."""

    state: str
    file: str
    drop_ins: list[str]


class NetworkdData(TypedDict):
    """foreign: links with addresses or routes that neither systemd-networkd nor the kernel made."""

    version: int
    links: dict[str, NetworkdLinkData]
    foreign: list[str]


class OwnerData(TypedDict):
    """Which daemons configure a link, and what says so."""

    names: list[str]
    evidence: list[str]


class UnitData(TypedDict):
    enabled: bool
    active: bool


class PersistedData(TypedDict):
    """The files and units of this collection for one link."""

    files: list[str]
    units: dict[str, UnitData]


class JournalLine(TypedDict):
    """at: seconds after the start of systemd."""

    at: float | None
    text: str


class BootUnitData(TypedDict):
    """A unit of the administrator that names links. started: seconds after the start of systemd."""

    links: list[str]
    path: str
    result: str
    status: int
    after: list[str]
    started: float | None
    said: list[JournalLine]


class BootParentData(TypedDict):
    """When a parent was there and when it was ready, in seconds after the start of systemd."""

    there: float | None
    ready: float | None
    said: list[JournalLine]


class BootData(TypedDict):
    """By name."""

    units: dict[str, BootUnitData]
    parents: dict[str, BootParentData]


class EnginePoolData(TypedDict):
    """One subnet of an engine's network. assigned: first and last address that it assigns, None for all."""

    subnet: str
    assigned: list[str] | None


class EngineNetworkData(TypedDict):
    """A macvlan or ipvlan network. user: who runs the engine, empty for root. dhcp: addresses are leased."""

    name: str
    driver: str
    parent: str
    user: str
    dhcp: bool
    pools: list[EnginePoolData]


class StoppedContainerData(TypedDict):
    """A container that does not run. addresses: chosen for it. error: why it did not start, by the engine."""

    name: str
    addresses: list[str]
    networks: list[str]
    error: str
    exit_code: int
    out_of_memory: bool


class EngineData(TypedDict):
    """A container engine. problem, remedy: why it cannot be used, empty where it can.

    networks: None where they could not be read. proxy: whether Podman's DHCP proxy listens.
    """

    problem: str
    remedy: str
    networks: list[EngineNetworkData] | None
    stopped: list[StoppedContainerData]
    proxy: bool


class _Later(TypedDict, total=False):
    """What earlier releases do not look for.

    makers: what else makes or configures a link, one sentence each, by link.
    engines: the container engines that are declared or there, by name.
    """

    makers: dict[str, list[str]] | None
    engines: dict[str, EngineData] | None


class SystemData(_Later):
    """What a host is, and who configures it. init: ``systemd``, or why it is not. owners: by parent.

    persisted: by link; None where nothing can be persisted.
    """

    kernel: KernelData | None
    dmi: dict[str, str] | None
    machine_id: str | None
    init: str | None
    networkmanager: NetworkManagerData | None
    networkd: NetworkdData | None
    owners: dict[str, OwnerData] | None
    persisted: dict[str, PersistedData] | None
    boot: BootData | None


# ---- all of it -------------------------------------------------------------------------------------------------------


class ProblemData(TypedDict):
    """One thing that is wrong with the input. value: as given."""

    key: str
    value: object
    problem: str
    remedy: str
    host: str


class DeclaredLinkData(TypedDict):
    """A declared link as it shall be; None for what is not managed. persistence: the form, and ``reason`` why that."""

    name: str
    parent: str | None
    mode: str | None
    mac: str | None
    mtu: int | None
    addresses: list[str] | None
    routes: list[str] | None
    persistence: str
    reason: str


class DriftData(TypedDict):
    """What `macvlan_link` would change, and why it would refuse to."""

    messages: list[str]
    refusals: list[ProblemData]
    links: list[DeclaredLinkData]


class _Followed(TypedDict, total=False):
    paths: PathsData
    container_drift: list[str]


class HostEvidence(_Followed):
    """schema: `SCHEMA_VERSION`. host: its inventory name. started, ended: seconds since the epoch by the host's clock.

    before, after: the network before the watch, and after it before the experiments. paths: of the lost probes of the
    watch, and what was seen of other hosts' probes; missing where there was no watch. container_drift: what of the
    engines' networks is not as declared, as sentences; missing where they could not be compared.
    """

    schema: int
    host: str
    started: float
    ended: float
    networks: list[NetworkData]
    system: SystemData
    before: SnapshotData | None
    watch: TimelineData | None
    after: SnapshotData | None
    drift: DriftData | None
    experiments: list[ExperimentData]
    problems: list[str]


class ClockData(TypedDict):
    """The host's clock minus the controller's, and how far off that may be."""

    offset_seconds: float
    uncertainty_seconds: float
