# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked, from where, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.model import Check
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.registry import CHECKS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAYS, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import LOSSES
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, Probe, Series, TcpProbe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from .request import TCP, RequestedTarget
from .timeline import FirstBreak, TargetData

#: The kind of those that are requested beside the networks.
TARGET = "target"


@dataclass(frozen=True)
class WatchTarget:
    """namespace: label; link: from where it is asked as far as that is known. probe: None where nothing can be asked,
    for the reason in ``impossible``."""

    id: str
    network: str
    kind: str
    namespace: str
    link: str
    target: str
    method: str = ""
    probe: Probe | None = None
    impossible: str = ""

    def as_data(self, series: Series, end: float, macs: Iterable[str]) -> TargetData:
        """Plain data. end: seconds after the start."""
        rtt = [attempt.rtt * 1000 for attempt in series.attempts if attempt.rtt is not None]
        losses = intervals(series, end)
        return {
            "id": self.id,
            "network": self.network,
            "kind": self.kind,
            "from": {"namespace": self.namespace, "link": self.link},
            "target": self.target,
            "method": self.method,
            "sent": series.sent,
            "received": series.received,
            "rtt_ms": {
                "min": round(min(rtt), 3), "avg": round(sum(rtt) / len(rtt), 3), "max": round(max(rtt), 3)
            } if rtt else None,
            "first_loss": losses[0][0] if losses else None,
            "losses": losses,
            "answered_by": sorted(macs),
            "errors": series.errors,
            "ended": series.ended,
            "impossible": self.impossible,
        }  # fmt: skip


def intervals(series: Series, end: float) -> list[list[float]]:
    """From the sending of the first lost attempt to that of the first that was answered again."""
    found: list[list[float]] = []
    lost = False
    for attempt in series.attempts:
        if attempt.rtt is None and not lost:
            found.append([round(attempt.after, 3), round(end, 3)])
        elif attempt.rtt is not None and lost:
            found[-1][1] = round(attempt.after, 3)
        lost = attempt.rtt is None
    return found


def first_break(targets: Mapping[str, Series]) -> FirstBreak | None:
    """The earliest loss of several packets in a row, of a target that had answered before; None without any."""
    found = [(moment, name) for name, series in targets.items() for moment in [_break(series)] if moment is not None]
    return {"after": round(min(found)[0], 3), "target": min(found)[1]} if found else None


def _break(series: Series) -> float | None:
    run: list[float] = []
    answered = False
    for attempt in series.attempts:
        if attempt.rtt is not None:
            answered, run = True, []
        elif answered:
            run.append(attempt.after)
            if len(run) >= LOSSES:
                return run[0]
    return None


def of_networks(scopes: Iterable[Scope]) -> tuple[list[WatchTarget], list[str]]:
    """The targets of declared networks, and what is not asked and why."""
    targets: list[WatchTarget] = []
    skipped = []
    for scope in scopes:
        for kind in CHECKS.values():
            for check in kind.checks(scope):
                if check.probes:
                    targets += [_of_probe(scope, check, probe) for probe in check.probes]
                elif check.decided == FAIL:
                    reason = "; ".join(item.value for item in check.evidence)
                    link = check.source if check.kind in GATEWAYS else scope.network.link or ""
                    targets.append(
                        WatchTarget(check.id, check.network, check.kind, "", link, check.target, impossible=reason)
                    )
                else:
                    skipped.append(f"not probed: {check.id}: {'; '.join(item.value for item in check.evidence)}")
    return targets, skipped


def _of_probe(scope: Scope, check: Check, probe: Probe) -> WatchTarget:
    namespace, link = "", probe.interface or scope.parent_name
    if probe.namespace:
        container = next((item for item in scope.containers if item.path == probe.namespace), None)
        namespace, link = check.source, container.link.name if container else ""
    elif check.kind == HOST_TO_CONTAINER:
        link = scope.network.link or ""
    name = f"{check.id}/{probe.method}"
    return WatchTarget(name, check.network, check.kind, namespace, link, str(probe.target), probe.method, probe)


def of_requested(
    requested: Sequence[RequestedTarget], namespaces: Iterable[Namespace], links: Iterable[str], problems: Problems
) -> list[WatchTarget]:
    """The targets that are requested beside the networks. links: names in our own namespace."""
    paths = {name: "" if item.path == OWN else item.path for item in namespaces for name in item.names}
    known = set(links)
    result = []
    for item in requested:
        if item.namespace not in paths:
            names = ", ".join(sorted(label for label in paths if label)) or "none but the host's own"
            problems.add(f"{item.key}.namespace", item.namespace, "there is no such namespace", f"there are: {names}")
            continue
        if item.link and item.link not in known:
            problems.add(f"{item.key}.link", item.link, "this host has no such link", "name one that it has")
            continue
        result.append(_of_requested(item, paths[item.namespace]))
    return result


def _of_requested(item: RequestedTarget, path: str) -> WatchTarget:
    port = f":{item.port}" if item.port else ""
    source = item.namespace or item.link or "host"
    name = f"{TARGET}/{source}/{item.target}{port}/{item.method}"
    probe = (
        TcpProbe(TCP, item.target, path, port=item.port)
        if item.method == TCP
        else Probe(item.method, item.target, path, item.link)
    )
    return WatchTarget(name, "", TARGET, item.namespace, item.link, f"{item.target}{port}", item.method, probe)


def addresses(targets: Iterable[WatchTarget]) -> set[Address]:
    return {item.probe.target for item in targets if item.probe}
