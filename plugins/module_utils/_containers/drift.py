# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an engine's networks is not as declared, attribute by attribute, and what changes that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import Attachment, EngineNetwork

from . import connected

STATE, PRESENT, ABSENT = "state", "present", "absent"


@dataclass(frozen=True)
class NetworkDrift:
    """One attribute of one network. declared, found: plain data, None for nothing."""

    engine: str
    name: str
    attribute: str
    declared: object
    found: object
    remedy: str

    def __str__(self) -> str:
        values = f"declared {_plain(self.declared)}, found {_plain(self.found)}"
        return f"{self.engine} network {self.name}: {self.attribute}: {values}. Remedy: {self.remedy}."

    def as_data(self) -> dict:
        return {**vars(self), "text": str(self)}


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def absent(engine: str, name: str) -> NetworkDrift:
    return NetworkDrift(engine, name, STATE, PRESENT, ABSENT, "run site.yml, which creates it")


def undeclared(engine: str, found: EngineNetwork, endpoints: Sequence[Attachment]) -> NetworkDrift:
    """A network of this collection that nobody declares any more."""
    remedy = "run site.yml, which removes it"
    if endpoints:
        remedy = f"disconnect {connected.names(endpoints)}, and {remedy}"
    return NetworkDrift(engine, found.name, STATE, ABSENT, PRESENT, remedy)


def several(engine: str, same: Sequence[EngineNetwork]) -> NetworkDrift:
    remedy = f"remove all but one, by its ID: {same[0].id[:12]}"
    return NetworkDrift(engine, same[0].name, "number of networks of this name", 1, len(same), remedy)


def foreign(engine: str, found: EngineNetwork) -> NetworkDrift:
    remedy = "choose another name, or remove that network"
    return NetworkDrift(engine, found.name, "driver", "macvlan", found.driver, remedy)


def unfinished(engine: str, name: str, containers: Iterable[str]) -> NetworkDrift:
    """A run that replaced the network was killed."""
    found = f"a run that was killed has left {', '.join(containers) or 'it'}"
    return NetworkDrift(engine, name, "replacement", "complete", found, "run site.yml, which completes it")


def differing(
    engine: str, found: EngineNetwork, endpoints: Sequence[Attachment], difference: Difference
) -> Iterator[NetworkDrift]:
    """Each attribute that `difference` lists, and whose network it is."""
    remedy = _remedy(engine, found, endpoints)
    for change in difference:
        yield NetworkDrift(engine, found.name, change.attribute, change.after, change.before, remedy)


def _remedy(engine: str, found: EngineNetwork, endpoints: Sequence[Attachment]) -> str:
    consent = [] if found.owned else ["container_network_adopt: true"]
    consent += ["container_network_recreate: true"] if endpoints else []
    how = f" with {' and '.join(consent)}" if consent else ""
    return f"run site.yml{how}, which creates it again{connected.effect(engine, endpoints, during=True)}"
