# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a network before it is replaced: one file for each, so that the next run completes a killed one."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Mapping, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker, podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import (
    Attachment,
    EngineNetwork,
    addresses,
)

from .plan import EngineState, NetworkAction

DIRECTORY = f"{_files.STATE}/container-networks"
MODE = 0o600
#: Below it, directories that a removal leaves empty go.
PRUNE = "/var/lib"


@dataclass(frozen=True)
class Kept:
    """One container. settings: what the engine needs to connect it again."""

    container: str
    name: str
    running: bool
    settings: Mapping[str, object] | None
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class ReplaceRecord:
    """A network before it is replaced, and its containers in the order in which they are connected again."""

    engine: str
    name: str
    raw: dict[str, object]
    containers: tuple[Kept, ...]

    @property
    def path(self) -> str:
        return f"{DIRECTORY}/{self.engine}-{self.name}.json"

    def write(self) -> None:
        """Errors: OSError."""
        data = {
            "engine": self.engine, "name": self.name, "raw": self.raw,
            "containers": [{**vars(one), "settings": one.settings and dict(one.settings)} for one in self.containers],
        }  # fmt: skip
        _files.write(self.path, json.dumps(data, indent=1, sort_keys=True) + "\n", MODE)

    def remove(self) -> None:
        """Errors: OSError."""
        _files.remove(self.path, prune=PRUNE)

    @property
    def network(self) -> EngineNetwork:
        return docker.network(self.raw) if self.engine == docker.NAME else podman.network(self.raw)


def of(action: NetworkAction) -> ReplaceRecord:
    """Those with fixed addresses come first, as nobody else shall get theirs; the others in the order of theirs."""
    ordered = sorted(action.endpoints, key=lambda one: (not one.fixed, not one.running, *map(int, one.addresses[:1])))
    kept = (Kept(one.container, one.name, one.running, one.settings, tuple(map(str, one.addresses))) for one in ordered)
    return ReplaceRecord(action.engine, action.name, dict(cast(EngineNetwork, action.found).raw), tuple(kept))


def read() -> list[ReplaceRecord]:
    """Those that killed runs have left. Errors: OSError."""
    found = (_parsed(_files.read(path) or "") for path in sorted(glob.glob(f"{DIRECTORY}/*.json")))
    return [record for record in found if record is not None]


def _parsed(text: str) -> ReplaceRecord | None:
    """None for what no run has written: a file is written in one step."""
    try:
        data = json.loads(text)
        containers = tuple(
            Kept(one["container"], one["name"], one["running"], one["settings"], tuple(one["addresses"]))
            for one in data["containers"]
        )
        record = ReplaceRecord(data["engine"], data["name"], data["raw"], containers)
        return record if record.network.name == record.name else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def completed(engine: EngineState, records: Iterable[ReplaceRecord]) -> EngineState:
    """What an engine will have when the containers of killed runs are connected again. Pure."""
    for record in records:
        if record.engine != engine.name:
            continue
        there = next((one for one in engine.networks if one.name == record.name), None)
        network = record.network if there is None else there
        networks = engine.networks if there is not None else (*engine.networks, network)
        connected = {one.container: one for one in engine.of(network)}
        for one in record.containers:
            connected.setdefault(one.container, _endpoint(one))
        engine = replace(
            engine, networks=networks, endpoints={**engine.endpoints, network.id: tuple(connected.values())}
        )
    return engine


def _endpoint(kept: Kept) -> Attachment:
    ipam = (kept.settings or {}).get("IPAMConfig")
    fixed = addresses(*(ipam.values() if isinstance(ipam, dict) else ()))
    return Attachment(
        kept.container, kept.name, kept.running, addresses(*kept.addresses), fixed, settings=kept.settings
    )
