# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a declared network and the engine's: every attribute, also those not declared any more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import (
    OWNED,
    OWNER_LABEL,
    EngineNetwork,
    NetworkSpec,
    Pool,
    Range,
    cidr,
)

from .desired import DesiredNetwork

#: Labels that engines and their programs set for themselves.
_FOREIGN = ("com.docker.", "io.podman.")


def spec(desired: DesiredNetwork, parent: str) -> NetworkSpec:
    """The network to create. parent: the interface's name."""
    labels = {**desired.labels, OWNER_LABEL: OWNED}
    return NetworkSpec(
        desired.name, parent, desired.mode, desired.internal, _sorted(_pools(desired)), labels, desired.options
    )


def _pools(desired: DesiredNetwork) -> Iterable[Pool]:
    """Podman has nothing that keeps an address of the subnet from the containers."""
    for pool in desired.pools:
        yield Pool(pool.subnet, pool.gateway, pool.assigned, pool.reserved if desired.engine == "docker" else ())


def _sorted(pools: Iterable[Pool]) -> tuple[Pool, ...]:
    return tuple(sorted(pools, key=lambda pool: (pool.subnet.version, int(pool.subnet.network_address))))


def compare(target: str, found: EngineNetwork, wanted: NetworkSpec) -> Difference:
    """Attribute by attribute; of a network that is not ours, labels that nobody declares do not count."""
    difference = Difference()
    difference.compare(target, "parent", found.parent or None, wanted.parent)
    difference.compare(target, "mode", found.mode, wanted.mode)
    before, after = {_key(pool): pool for pool in found.pools}, {_key(pool): pool for pool in wanted.pools}
    difference.compare(target, "subnet", sorted(before), sorted(after))
    for subnet in sorted(set(before) & set(after)):
        _compare_pool(target, before[subnet], after[subnet], wanted.internal, difference)
    difference.compare(target, "ipv6", found.ipv6, wanted.ipv6)
    difference.compare(target, "internal", found.internal, wanted.internal)
    difference.compare(target, "driver options", _pairs(found.options), _pairs(wanted.options))
    difference.compare(target, "labels", _pairs(_labels(found, wanted)), _pairs(_wanted_labels(found, wanted)))
    return difference


def _key(pool: Pool) -> str:
    return str(pool.subnet)


def _compare_pool(target: str, found: Pool, wanted: Pool, internal: bool, difference: Difference) -> None:
    where = f"of {wanted.subnet}"
    if not _same_gateway(found, wanted, internal):
        difference.compare(target, f"gateway {where}", _text(found.gateway), _text(wanted.gateway))
    if not _same_range(found.assigned, wanted.assigned):
        difference.compare(target, f"container range {where}", span(found.assigned), span(wanted.assigned))
    difference.compare(target, f"reserved addresses {where}", [*map(str, found.reserved)], [*map(str, wanted.reserved)])


def _same_gateway(found: Pool, wanted: Pool, internal: bool) -> bool:
    """Where none is declared, engines choose the first address; an internal network of podman has none."""
    if found.gateway == wanted.gateway or (internal and found.gateway is None):
        return True
    if wanted.gateway is not None:
        return False
    chosen = {found.subnet[1] if found.subnet.num_addresses > 1 else found.subnet[0]}
    chosen |= {end for assigned in (wanted.assigned,) if assigned for end in (assigned[0], assigned[0] + 1)}
    return found.gateway in chosen


def _same_range(found: Range | None, wanted: Range | None) -> bool:
    """``podman network create --ip-range`` leaves out the first address of the range."""
    if found is None or wanted is None:
        return found == wanted
    return found[1] == wanted[1] and found[0] in (wanted[0], wanted[0] + 1)


def span(assigned: Range | None) -> str | None:
    if assigned is None:
        return None
    network = cidr(assigned)
    return f"{assigned[0]}-{assigned[1]}" if network is None else str(network)


def _text(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(values.items())]


def _labels(found: EngineNetwork, wanted: NetworkSpec) -> dict[str, str]:
    if found.owned:
        return {key: value for key, value in found.labels.items() if not key.startswith(_FOREIGN)}
    return {key: value for key, value in found.labels.items() if key in wanted.labels}


def _wanted_labels(found: EngineNetwork, wanted: NetworkSpec) -> dict[str, str]:
    """Ownership is no attribute: a label cannot be added to a network that exists."""
    return {key: value for key, value in wanted.labels.items() if found.owned or key != OWNER_LABEL}
