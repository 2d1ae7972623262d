# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of what modules return on the hosts, as far as the fleet is compared by it. Their documentation says the rest.

A task that was skipped, or failed before it had a result, has none of these keys: all of them are optional at the top.
"""

from __future__ import annotations

from typing import TypedDict


class TaskResult(TypedDict, total=False):
    """What every task may return."""

    changed: bool
    failed: bool
    msg: str
    skipped: bool
    unreachable: bool


# ---- arp_conflict_check ----------------------------------------------------------------------------------------------


class LinkName(TypedDict):
    """A link of the host that was asked."""

    namespace: str
    link: str


class HolderResult(TypedDict):
    """Somebody who has an address."""

    mac: str
    vantage: str
    kind: str
    owner: str
    first_seen: str
    where: LinkName | None


class AddressResult(TypedDict):
    """What was found about one address."""

    address: str
    parent: str
    status: str
    reason: str
    holders: list[HolderResult]


class VantageResult(TypedDict):
    """From where was asked, and what kept it from hearing everything."""

    parent: str
    vantage: str
    asked: bool
    reason: str
    lost: int


class DuplicateMac(TypedDict):
    """A MAC address of the host that came in from the wire."""

    parent: str
    mac: str
    first_seen: str


class ParentResult(TypedDict):
    name: str
    mac: str
    addresses: list[str]


class NamespaceLink(TypedDict):
    """A link in one of the host's network namespaces, its own among them."""

    namespace: str
    name: str
    mac: str
    addresses: list[str]


class ProbedHost(TypedDict):
    machine_id: str | None
    parents: list[ParentResult]
    links: list[NamespaceLink]


class ConflictCheck(TaskResult, total=False):
    """Of arp_conflict_check."""

    started: str
    results: list[AddressResult]
    vantages: list[VantageResult]
    duplicate_macs: list[DuplicateMac]
    unseen_namespaces: list[str]
    host: ProbedHost


# ---- macvlan_link ----------------------------------------------------------------------------------------------------


class LinkResult(TypedDict):
    """A link as it is now."""

    name: str
    parent: str
    mac: str
    addresses: list[str]
    persistence: str


class Links(TaskResult, total=False):
    """Of macvlan_link."""

    links: list[LinkResult]
    removed: list[str]
    messages: list[str]


# ---- container_network -----------------------------------------------------------------------------------------------


class NetworkDriftResult(TypedDict):
    """One attribute of an engine's network that is not as declared."""

    engine: str
    name: str
    text: str


class EngineNetworkResult(TypedDict):
    """A network as an engine has it."""

    engine: str
    name: str


class ContainerNetworks(TaskResult, total=False):
    """Of container_network. networks: missing where nothing could be compared, or where that was refused."""

    networks: list[EngineNetworkResult]
    drift: list[NetworkDriftResult]


# ---- macvlan_verify --------------------------------------------------------------------------------------------------


class FirstFailure(TypedDict):
    after_seconds: float


class CheckEvidence(TypedDict):
    what: str
    value: str


#: ``from`` is a keyword.
CheckResult = TypedDict(
    "CheckResult",
    {
        "network": str,
        "kind": str,
        "from": str,
        "target": str,
        "status": str,
        "sent": int,
        "received": int,
        "first_failure": FirstFailure | None,
        "evidence": list[CheckEvidence],
        "remedy": str,
    },
)


class Verification(TaskResult, total=False):
    """Of macvlan_verify."""

    checks: list[CheckResult]


# ---- macvlan_info ----------------------------------------------------------------------------------------------------


class SwitchPort(TypedDict):
    """What a switch announced (LLDP)."""

    chassis_id: str | None
    port_id: str | None
    system_name: str | None
    port_description: str | None


class InventoryParent(ParentResult, total=False):
    lldp: list[SwitchPort]


class InventoryLink(NamespaceLink):
    parent: str
    parent_namespace: str
    mode: str


class ResolvedParent(TypedDict):
    """A parent as it was declared, and its name on the host."""

    given: object
    name: str


class InfoResult(TaskResult, total=False):
    """Of macvlan_info."""

    links: list[InventoryLink]
    parents: list[InventoryParent]
    resolved: list[ResolvedParent]


# ---- what the playbooks remember -------------------------------------------------------------------------------------


class Failure(TypedDict, total=False):
    """The task that failed on a host."""

    task: str
    msg: str
