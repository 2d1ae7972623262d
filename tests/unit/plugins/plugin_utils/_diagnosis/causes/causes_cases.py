# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence for tests of causes: that of a healthy fleet, as two hosts really gave it, into which tests put faults."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.judge import judge, understood
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

FIXTURE = Path(__file__).parent / "fixtures" / "healthy_fleet.json"
#: Hosts web1 (link lan0 192.168.100.3, parent eth0 192.168.100.11, containers .129 and .130) and web2 (.4, .12, .145).
NETWORK = "lan0"
#: The data of an event of each kind, where a test does not say otherwise.
DATA: dict[str, dict[str, Any]] = {
    "link": {
        "name": "lan0", "kind": "macvlan", "mac": "02:00:5e:10:00:aa", "mtu": 1500, "up": True, "carrier": True,
        "arp": True, "operstate": "up", "promiscuity": 0, "master": None, "parent": "eth0", "mode": "bridge",
        "bcqueuelen": 1000,
    },
    "address": {
        "address": "192.168.100.3/32", "scope": 0, "permanent": True, "tentative": False, "dadfailed": False,
        "valid_seconds": None,
    },
    "route": {
        "destination": "192.168.100.128/28", "gateway": None, "source": None, "metric": 0, "table": 254,
        "protocol": "boot", "type": "unicast", "scope": 253,
    },
    "rule": {
        "family": "ipv4", "priority": 32765, "from": None, "to": None, "iif": None, "oif": None, "mark": None,
        "table": 0, "action": 8,
    },
    "neighbour": {"address": "192.168.100.1", "mac": "", "state": "FAILED", "router": False},
    "arp": {
        "what": "request", "address": "192.168.100.1", "mac": "02:00:5e:10:00:aa", "asked": None, "incoming": True,
        "own_mac": False, "count": 1, "last": 1.0,
    },
    "counter": {"name": "rx_dropped", "before": 0, "after": 1, "until": 1.0},
    "manager": {"manager": "NetworkManager", "state": None},
    "process": {},
}  # fmt: skip
DATA["nd"] = DATA["arp"]


@functools.cache
def _healthy() -> dict[str, Any]:
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


def healthy() -> dict[str, Any]:
    """A copy of it: host -> evidence."""
    return copy.deepcopy(_healthy())


def verdict(fleet: dict[str, Any], cause: str, host: str = "web1") -> CauseVerdict:
    """What one cause says of one host, after the other causes were judged too."""
    return next(item for item in judged(fleet) if (item.host, item.cause) == (host, cause))


def confirmed(fleet: dict[str, Any]) -> set[tuple[str, str]]:
    """Hosts and causes."""
    return {(item.host, item.cause) for item in judged(fleet) if item.status == "confirmed"}


def judged(fleet: dict[str, Any]) -> list[CauseVerdict]:
    """All verdicts. Evidence that no host could have given would prove nothing."""
    return judge({host: understood(evidence) for host, evidence in fleet.items()})


def lose(fleet: dict[str, Any], kind: str, host: str = "web1", at: float = 1.0) -> list[dict[str, Any]]:
    """Break all targets of a kind from a moment on; the targets."""
    watch = fleet[host]["watch"]
    targets = [item for item in watch["targets"] if item["kind"] == kind]
    for target in targets:
        target["received"] = target["sent"] // 2 if at else 0
        target["first_loss"] = at
        target["losses"] = [[at, watch["duration"]]]
    return targets


def ask_from_containers(fleet: dict[str, Any], host: str = "web1") -> list[dict[str, Any]]:
    """Have the containers of a host ask the gateway as well, which answers all of them; the targets."""
    targets = fleet[host]["watch"]["targets"]
    made = {}
    for item in targets:
        if item["kind"] == "container_to_host":
            space = item["from"]["namespace"]
            made[space] = {
                **item, "id": f"{NETWORK}/container_to_gateway/{space}/192.168.100.1/echo",
                "kind": "container_to_gateway", "target": "192.168.100.1",
            }  # fmt: skip
    targets += made.values()
    return list(made.values())


def event(fleet: dict[str, Any], host: str = "web1", kind: str = "link", **fields: Any) -> dict[str, Any]:
    """Add an event to a host's timeline. data: what matters; the rest is as on a quiet host."""
    made = {
        "after": 1.0, "action": "change", "namespace": "", "link": "lan0", "what": "", "process": None,
        "process_unknown": "", **fields, "kind": kind, "data": {**DATA[kind], **fields.get("data", {})},
    }  # fmt: skip
    fleet[host]["watch"]["events"].append(made)
    return made


def process(name: str, pid: int = 812, unit: str | None = None, **more: Any) -> dict[str, Any]:
    """The process of an event."""
    made = {
        "pid": pid,
        "name": name,
        "unit": unit,
        "command": name,
        "known_by": "port id",
        "parents": [],
        "self": False,
    }
    return {**made, **more}


def experiment(fleet: dict[str, Any], name: str, result: dict[str, Any], host: str = "web1") -> None:
    """Add an experiment that was made."""
    fleet[host]["experiments"].append(
        {"id": name, "network": NETWORK, "at": None, "ran": True, "sent": "", "why_not": None, "result": result}
    )


def holder(mac: str, **fields: Any) -> dict[str, Any]:
    """A machine that answered a probe, as arp_conflict_check returns it."""
    made = {
        "mac": mac, "vantage": "parent", "kind": "reply", "count": 1, "first_seen": "", "first_seen_seconds": 0.0,
        "last_seen_seconds": 0.0, "own": False, "owner": "foreign", "where": None,
    }  # fmt: skip
    return {**made, **fields}


def own_link(fleet: dict[str, Any], name: str, host: str = "web1", moment: str = "after") -> dict[str, Any]:
    """A link of the host's own namespace in a snapshot."""
    links = fleet[host][moment]["namespaces"][0]["links"]
    return next(link for link in links if link["name"] == name)
