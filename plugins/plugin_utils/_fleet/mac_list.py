# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MAC addresses that macvlan brings to each switch port, for port security. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import NO_MAC

from .csv_cell import cell
from .plan import HostPlan
from .results import InfoResult, SwitchPort

#: What a MAC address is for, in the order of the list. A declared one belongs to a link that does not exist yet.
ROLES = ("parent", "link", "container", "declared")

#: What marks a file as such a list.
_CONTENT = "linuxnet.macvlan mac_list"


@dataclass(frozen=True)
class Row:
    """One MAC address on one parent. The columns of the switch are empty where no LLDP frame was received."""

    host: str
    parent: str
    mac: str
    role: str
    link: str = ""
    namespace: str = ""
    mode: str = ""
    addresses: str = ""
    switch: str = ""
    switch_id: str = ""
    switch_port: str = ""
    switch_port_description: str = ""


COLUMNS = tuple(field.name for field in fields(Row))


def rows(plan: HostPlan, info: InfoResult) -> list[Row]:
    """The rows of one host. info: what macvlan_info returned, empty where it did not run."""
    parents = {parent["name"]: parent for parent in info.get("parents") or []}
    found = [*_there(plan.host, info), *_declared(plan, info)]
    used = dict.fromkeys(row.parent for row in found)
    there = [
        Row(plan.host, name, parents[name]["mac"], "parent", name, addresses=" ".join(parents[name]["addresses"]))
        for name in used
        if name in parents
    ]
    unique: dict[tuple[str, str], Row] = {}
    for row in (*there, *found):
        # a link in passthru mode has the MAC address of its parent
        if row.mac != NO_MAC:
            unique.setdefault((row.parent, row.mac), row)
    heard = {name: _switch(parent.get("lldp") or []) for name, parent in parents.items()}
    return sorted((replace(row, **heard.get(row.parent, {})) for row in unique.values()), key=_position)


def _position(row: Row) -> tuple:
    return row.host, row.parent, ROLES.index(row.role), row.mac


def _there(host: str, info: InfoResult) -> Iterator[Row]:
    for link in info.get("links") or []:
        # a parent in a container is behind that container's own link
        if link["parent"] and not link["parent_namespace"]:
            role = "container" if link["namespace"] else "link"
            addresses = " ".join(link["addresses"])
            yield Row(host, link["parent"], link["mac"], role, link["name"], link["namespace"], link["mode"], addresses)


def _declared(plan: HostPlan, info: InfoResult) -> Iterator[Row]:
    """Links that do not exist, or have another MAC address."""
    there = {(link["name"], link["mac"]) for link in info.get("links") or [] if not link["namespace"]}
    resolved = info.get("resolved") or []
    for link in plan.desired.present:
        if link.mac and link.mode != "passthru" and (link.name, link.mac) not in there:
            parent = next((item["name"] for item in resolved if item["given"] == link.parent), _text(link.parent))
            addresses = " ".join(str(interface) for interface in link.addresses or ())
            yield Row(plan.host, parent, parse_mac(link.mac) or "", "declared", link.name, "", link.mode, addresses)


def _text(selector: object) -> str:
    if isinstance(selector, Mapping):
        return ", ".join(f"{key}: {str(value).lower()}" for key, value in selector.items())
    return str(selector)


def _switch(neighbours: Sequence[SwitchPort]) -> dict[str, str]:
    """The columns of the switch; a bond leads to several ports."""

    def joined(values: Iterable[str | None]) -> str:
        return "; ".join(value for value in values if value)

    return {
        "switch": joined(one["system_name"] for one in neighbours),
        "switch_id": joined(one["chassis_id"] for one in neighbours),
        "switch_port": joined(one["port_id"] for one in neighbours),
        "switch_port_description": joined(one["port_description"] for one in neighbours),
    }


def ports(listed: Iterable[Row]) -> list[dict[str, object]]:
    """How many MAC addresses each parent brings to its switch port, for limits there."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for row in listed:
        key = (row.host, row.parent, row.switch, row.switch_port)
        counts[key] = counts.get(key, 0) + 1
    names = ("host", "parent", "switch", "switch_port")
    return [{**dict(zip(names, key, strict=True)), "macs": count} for key, count in counts.items()]


def as_csv(listed: Iterable[Row]) -> str:
    """A header and one line per row (RFC 4180), without anything that a spreadsheet would calculate."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in listed:
        writer.writerow([cell(value) for value in asdict(row).values()])
    return buffer.getvalue()


def as_json(listed: Sequence[Row], unseen: Mapping[str, str]) -> str:
    """``rows``, ``ports`` and ``unseen`` (host -> why it was not asked), the same for the same list."""
    content = {
        "content": _CONTENT,
        "rows": [asdict(row) for row in listed],
        "ports": ports(listed),
        "unseen": dict(unseen),
    }
    return json.dumps(content, indent=2) + "\n"


def is_ours(text: str) -> bool:
    """Whether a file holds such a list, so that it may be replaced by a newer one."""
    return text.startswith(",".join(COLUMNS)) or _CONTENT in text[:100]
