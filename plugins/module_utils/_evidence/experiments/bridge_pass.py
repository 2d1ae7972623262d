# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do containers' packets get across a bridge of this host? They ping the gateway while dropping rules are counted.

Whether a container's packets pass a rule of the host depends on how they get to the bridge. With the bridge itself as
parent, they pass the hook prerouting of the IP families only, where bridge-nf-call-iptables is 1 (what is seen at the
hook forward are copies: the bridge floods frames for a macvlan link, as it has not learnt its MAC address on any port).
With a veth link as parent whose other end is a port, they pass prerouting, forward and postrouting.
"""

from __future__ import annotations

import contextlib
import select
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence import snapshot
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.filters import dropping, uncounted
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.pinger import open_pinger

from .model import Context, Experiment
from .results import BridgePassResult, DroppedRule, PingCount

#: Echo requests to each gateway, and seconds between two.
PINGS, GAP = 3, 0.1
CONTAINERS_MAX = 4
#: How the parent reaches the bridge: it is the bridge, or a veth link whose other end is a port.
ITSELF, BY_PORT = "itself", "port"


def bridge_of(parent: Link, facts: Facts) -> tuple[Link, str] | None:
    """The bridge of this host that a parent's frames pass, and how they get there; None without one."""
    if parent.kind == "bridge":
        return parent, ITSELF
    other = facts.by_index(parent.parent) if parent.kind == "veth" and parent.parent_nsid is None else None
    bridge = facts.by_index(other.master) if other is not None else None
    return (bridge, BY_PORT) if bridge is not None and bridge.kind == "bridge" else None


def _why_not(context: Context) -> str:
    return "" if context.scope.parent is not None else context.scope.parent_problem


def _run(context: Context) -> BridgePassResult:
    scope = context.scope
    found = bridge_of(scope.parent, scope.facts) if scope.parent is not None else None
    if found is None:
        return {"bridge": None}
    bridge, how = found
    before = {(rule["place"], rule["handle"]): rule["packets"] for rule in dropping(snapshot.ruleset())}
    paths = {item.label: item.path for item in scope.containers if item.path and item.link.up}
    pings: list[PingCount] = []
    for label, path in list(paths.items())[:CONTAINERS_MAX]:
        try:
            pings += _ping(label, path, list(context.network.gateways), context.noise.patience)
        except (NamespaceGone, OSError):
            continue
    rules = snapshot.ruleset()
    drops: list[DroppedRule] = [
        {**rule, "dropped": rule["packets"] - before.get((rule["place"], rule["handle"]), rule["packets"])}
        for rule in dropping(rules)
    ]
    return {
        "bridge": bridge.name,
        "how": how,
        "pings": pings,
        "drops": [rule for rule in drops if rule["dropped"] > 0],
        "uncounted": uncounted(rules),
        "legacy": _legacy(),
    }


def _legacy() -> list[str]:
    """Tables of the older kernel interface (iptables-legacy), which nft does not show."""
    found: list[str] = []
    for name in ("ip_tables_names", "ip6_tables_names"):
        with contextlib.suppress(OSError), open(f"/proc/thread-self/net/{name}", encoding="ascii") as stream:
            found += stream.read().split()
    return sorted(set(found))


def _ping(label: str, path: str, gateways: list[Address], patience: float) -> list[PingCount]:
    """Every gateway from one namespace. patience: seconds that the last answers are waited for.

    Errors: OSError, NamespaceGone.
    """
    pinger = open_pinger(path, {item.version for item in gateways})
    answered: dict[Address, set[int]] = {gateway: set() for gateway in gateways}
    try:
        for number in range(PINGS):
            for gateway in gateways:
                pinger.send(gateway, number)
            end = time.monotonic() + (patience if number == PINGS - 1 else GAP)
            while time.monotonic() < end and select.select(pinger.sockets, [], [], max(end - time.monotonic(), 0))[0]:
                for target, sequence in pinger.receive():
                    if target in answered and sequence is not None:
                        answered[target].add(sequence)
                if all(len(numbers) > number for numbers in answered.values()):
                    break
    finally:
        pinger.close()
    return [
        {"namespace": label, "target": str(gateway), "sent": PINGS, "received": len(numbers)}
        for gateway, numbers in answered.items()
    ]


EXPERIMENT = Experiment(
    id="bridge_pass",
    sends=f"where the parent is a bridge or connected to one on this host, {PINGS} ICMP echo requests to each gateway"
    f" from up to {CONTAINERS_MAX} containers",
    run=_run,
    why_not=_why_not,
)
