# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of container engines and who is connected to them, in the same form for all engines. Pure."""

from __future__ import annotations

from typing import Mapping, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    parse_address,
    parse_network,
    parse_range,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Drivers that take a parent for themselves.
MACVLAN = "macvlan"
ON_PARENT = (MACVLAN, "ipvlan")
#: The label of networks that this collection created, and its value. Nothing else is removed.
OWNER_LABEL, OWNED = "linuxnet.macvlan", "managed"
#: How Compose labels a container (compose's pkg/api/labels.go), and which files it came from.
COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_FILES = f"{COMPOSE_PROJECT}.config_files"

#: First and last address.
Range = Tuple[Address, Address]


@dataclass(frozen=True)
class Pool:
    """One subnet of a network. assigned: the first and the last address that the engine assigns, None for all.

    reserved: addresses that the engine does not assign (docker: ``--aux-address``), sorted.
    """

    subnet: Network
    gateway: Address | None = None
    assigned: Range | None = None
    reserved: tuple[Address, ...] = ()


@dataclass(frozen=True)
class EngineNetwork:
    """A network as the engine has it. raw: what the engine said, to create the same again."""

    name: str
    id: str
    driver: str
    parent: str
    mode: str
    internal: bool
    ipv6: bool
    pools: tuple[Pool, ...]
    labels: Mapping[str, str]
    options: Mapping[str, str]
    raw: Mapping[str, object]

    @property
    def owned(self) -> bool:
        return self.labels.get(OWNER_LABEL) == OWNED


@dataclass(frozen=True)
class Attachment:
    """A container that is connected to a network, or will be when it starts.

    addresses: that it has now, none while it is stopped. fixed: those that somebody chose for it; None where the engine
    does not say. mac: one that somebody chose for it. by_id: whether the container names the network by its ID, so
    that it cannot be connected to another one. removed_at_stop: whether the engine deletes it when it stops.
    mac_kept: whether the engine gives it that MAC address again.
    unit, pod: what else would start or stop it. settings: what the engine needs to connect it as it is now.
    """

    container: str
    name: str
    running: bool
    addresses: tuple[Address, ...] = ()
    fixed: tuple[Address, ...] | None = ()
    mac: str = ""
    mac_kept: bool = True
    by_id: bool = False
    removed_at_stop: bool = False
    unit: str = ""
    pod: str = ""
    project: str = ""
    compose: tuple[str, ...] = ()
    settings: Mapping[str, object] | None = None

    def as_data(self) -> dict:
        return {
            "name": self.name, "id": self.container[:12], "running": self.running, "mac": self.mac or None,
            "addresses": [str(item) for item in self.addresses],
            "fixed": None if self.fixed is None else [str(item) for item in self.fixed],
            "project": self.project or None,
        }  # fmt: skip


def addresses(*texts: object) -> tuple[Address, ...]:
    """Those texts that are addresses."""
    return tuple(found for found in map(parse_address, texts) if found is not None)


def network_of(text: object) -> Network | None:
    return parse_network(text, strict=False)


def size(span: Range) -> int:
    return int(span[1]) - int(span[0]) + 1


def inside(address: Address, span: Range) -> bool:
    return address.version == span[0].version and int(span[0]) <= int(address) <= int(span[1])


def cidr(span: Range) -> Network | None:
    """The network that has exactly these addresses, None where there is none."""
    blocks = parse_range(f"{span[0]}-{span[1]}") or ()
    return blocks[0] if len(blocks) == 1 else None


@dataclass(frozen=True)
class NetworkSpec:
    """A macvlan network to be created."""

    name: str
    parent: str
    mode: str
    internal: bool
    pools: tuple[Pool, ...]
    labels: Mapping[str, str]
    options: Mapping[str, str]

    @property
    def ipv6(self) -> bool:
        return any(pool.subnet.version == 6 for pool in self.pools)
