# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the gateway answer each container?

An echo from inside the namespace of each container found, to the gateway that the network declares for the subnet of
the container's address, whatever the container's own default route says. Of a gateway that answers nobody's pings on
this host, its ARP answers to the container count. With many containers only some of them ask: routers limit how many
pings they answer, and a fleet of healthy hosts would look lossy. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, declined, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, PASS, SKIPPED, Probe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Container, Scope

from . import proof
from .host_to_container import DOWN
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.CONTAINER_TO_GATEWAY
SOURCE = "containers"
#: Containers of one network that ask, on each host. All are asked by the host, and ask it.
ASKING_MAX = 8


def checks(scope: Scope) -> list[Check]:
    name = scope.network.name
    if not scope.network.gateways:
        return [proof.no_gateway(scope, KIND, SOURCE)]
    if scope.parent is None:
        return [proof.no_parent(scope, KIND, SOURCE, "gateway")]
    asking = list(dict.fromkeys(item.path for item in scope.containers))[:ASKING_MAX]
    rest = len({item.path for item in scope.containers}.difference(asking))
    made = {
        check.id: check
        for container in scope.containers
        if container.path in asking
        for check in _of_container(scope, container)
    }
    if made and rest:
        reason = f"{ASKING_MAX} containers ask it already; diagnose_targets asks from others"
        left_out = proof.skipped(name, KIND, f"{rest} more containers", "gateway", reason)
        made[left_out.id] = left_out
    reason = (
        "no container that was found has an address in the subnet of a gateway"
        if scope.containers
        else "no container was found on this host"
    )
    return list(made.values()) or [proof.skipped(name, KIND, SOURCE, "gateway", reason)]


def _of_container(scope: Scope, container: Container) -> Iterator[Check]:
    # What is a gateway itself does not ask itself, at whichever of its addresses.
    own = {item.address for item in (*scope.containers, *scope.strays) if item.path == container.path}
    for gateway in scope.network.gateways:
        if gateway in own or not _inside(scope, container.address, gateway):
            continue
        if scope.own(gateway):
            reason = "this host is the gateway itself"
            yield proof.skipped(scope.network.name, KIND, container.label, str(gateway), reason)
            continue
        yield Check(scope.network.name, KIND, container.label, str(gateway), (Probe(ECHO, gateway, container.path),))


def _inside(scope: Scope, address: Address, gateway: Address) -> bool:
    """Whether a subnet of the network has both."""
    return any(within(address, subnet) and within(gateway, subnet) for subnet in scope.network.subnets)


def verdict(check: Check, findings: Findings) -> CheckResult:
    probe = check.probes[0]
    series = proof.series_of(findings, probe)
    if series.ended:
        return CheckResult(check, SKIPPED, series, (CheckFact("reason", series.ended),))
    if series.status == PASS:
        return proof.passed(check, series)
    path = findings.paths.get((probe.namespace, probe.target), Path())
    chosen = declined.by_gateway(probe, series, path, findings.series)
    if chosen:
        return CheckResult(check, PASS, series, (CheckFact("method", chosen),))
    evidence = [*proof.answers(series), *proof.links(findings.after)]
    if path != Path():
        evidence += [proof.route(probe.target, path), *([] if path.error else [proof.neighbour(probe.target, path)])]
    before = next(item for item in findings.before.containers if item.path == probe.namespace)
    evidence += proof.holder(before.address, findings)
    cause, remedy = _cause(probe, path, findings)
    return CheckResult(check, FAIL, series, (*evidence, *cause), remedy)


def _cause(probe: Probe, path: Path, findings: Findings) -> tuple[list[CheckFact], str]:
    """What explains the loss, and the remedy; the first that fits."""
    now = next((item for item in findings.after.containers if item.path == probe.namespace), None)
    if now is None:
        return [], "put the address back on the container's link"
    if not now.link.up:
        return [], DOWN
    if path.error or (path.interface and path.interface != now.link.name):
        return [], "restart the container, so that its engine adds the route to the network's subnet again"
    if not declined.answers_pings(probe, findings.series):
        return [], f"repair the path from the host to {probe.target} first"
    if path.mac and declined.confirmed(path):
        return [], (
            f"ask whoever runs {probe.target}: it answers ARP or neighbour discovery of the container, and no pings;"
            f" does a filter there drop them, or has its neighbour table another MAC address than {now.link.mac} for"
            f" {now.address}; and check the firewall in the container"
        )
    return [proof.suspect(causes.MAC_FILTERING_UPSTREAM, causes.MAC_LIMIT_AFTER_AGEING)], (
        f"allow the container's MAC address {now.link.mac} on the switch port (port security, 802.1X, MAC limit) or in"
        " the hypervisor; and check the firewall in the container"
    )
