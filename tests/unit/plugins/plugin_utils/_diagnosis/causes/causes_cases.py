# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence for tests of causes: that of a healthy fleet, as two hosts really gave it, to be made sick."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.judge import judge
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

FIXTURE = Path(__file__).parent / "fixtures" / "healthy_fleet.json"
#: Hosts web1 (link lan0 192.168.100.3, parent eth0 192.168.100.11, containers .129 and .130) and web2 (.4, .12, .145).
NETWORK = "lan0"


@functools.cache
def _healthy() -> dict[str, Any]:
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


def healthy() -> dict[str, Any]:
    """A copy of it: host -> evidence."""
    return copy.deepcopy(_healthy())


def verdict(fleet: dict[str, Any], cause: str, host: str = "web1") -> CauseVerdict:
    """What one cause says of one host, after the other causes had their say too."""
    return next(item for item in judge(fleet) if (item.host, item.cause) == (host, cause))


def confirmed(fleet: dict[str, Any]) -> set[tuple[str, str]]:
    """Hosts and causes."""
    return {(item.host, item.cause) for item in judge(fleet) if item.status == "confirmed"}


def lose(fleet: dict[str, Any], kind: str, host: str = "web1", at: float = 1.0) -> list[dict[str, Any]]:
    """Break all targets of a kind from a moment on; the targets."""
    watch = fleet[host]["watch"]
    targets = [item for item in watch["targets"] if item["kind"] == kind]
    for target in targets:
        target["received"] = target["sent"] // 2 if at else 0
        target["first_loss"] = at
        target["losses"] = [[at, watch["duration"]]]
    return targets


def event(fleet: dict[str, Any], host: str = "web1", **fields: Any) -> dict[str, Any]:
    """Add an event to a host's timeline."""
    made = {
        "after": 1.0, "kind": "link", "action": "change", "namespace": "", "link": "lan0", "what": "", "data": {},
        "process": None, "process_unknown": "", **fields,
    }  # fmt: skip
    fleet[host]["watch"]["events"].append(made)
    return made


def own_link(fleet: dict[str, Any], name: str, host: str = "web1", moment: str = "after") -> dict[str, Any]:
    """A link of the host's own namespace in a snapshot."""
    links = fleet[host][moment]["namespaces"][0]["links"]
    return next(link for link in links if link["name"] == name)
