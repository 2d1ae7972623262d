# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one namespace has, kept up to date by its notifications, and what each of them changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.decode import (
    ADDRESS,
    IDENTITY,
    LINK,
    NEIGHBOUR,
    ROUTE,
    RULE,
    Fields,
    Message,
)

NEW, CHANGE, DELETE = "new", "change", "delete"

#: What of a link counts as a change. Its counters move all the time.
_OF_LINK = (
    "name", "mac", "mtu", "up", "carrier", "arp", "operstate", "promiscuity", "master", "parent", "mode", "bcqueuelen",
)  # fmt: skip
_OF_ADDRESS = ("permanent", "tentative", "dadfailed", "valid_seconds")
#: Between these a neighbour entry goes to and fro as long as all is well (net/core/neighbour.c).
_WELL = frozenset(("REACHABLE", "STALE", "DELAY"))
#: linux/rtnetlink.h RT_TABLE_LOCAL: the kernel's own routes, which follow from the addresses.
_TABLE_LOCAL = 255
#: More routes than this are not remembered: a full routing table is none of our business.
ROUTES_MAX = 5000

Identity = Tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """One thing that changed. link: its name, empty where there is none. what: one line for people.

    data: as the module's documentation gives it. port: netlink port id of who asked.
    """

    kind: str
    action: str
    link: str
    what: str
    data: Fields
    port: int


class State:
    """The links, addresses, routes, neighbours and rules of one namespace."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Identity, Fields]] = {kind: {} for kind in IDENTITY}

    def load(self, messages: Iterable[Message]) -> None:
        """Learn without telling."""
        for message in messages:
            self._learn(message)

    def reconcile(self, messages: Iterable[Message], kinds: Iterable[str] = tuple(IDENTITY)) -> list[Change]:
        """What a fresh dump of some kinds shows that notifications did not: some were lost, or there were none."""
        changes = []
        present: dict[str, set] = {kind: set() for kind in kinds}
        for message in messages:
            present[message.kind].add(_identity(message))
            known = _identity(message) in self._known[message.kind]
            if not (known and message.kind in (ROUTE, RULE)):
                changes += self.take(message)
        if self.many_routes:
            return [change for change in changes if change.kind != ROUTE]
        for kind, seen in present.items():
            gone = [fields for identity, fields in self._known[kind].items() if identity not in seen]
            for fields in gone:
                changes += self.take(Message(kind, False, 0, fields))
        return changes

    def take(self, message: Message) -> list[Change]:
        """What this message changes; nothing where it tells nothing new."""
        before = self._known[message.kind].get(_identity(message))
        change = _CHANGES[message.kind](self, message, before)
        self._learn(message)
        return [change] if change else []

    @property
    def many_routes(self) -> bool:
        """Whether there are more routes than are remembered."""
        return len(self._known[ROUTE]) >= ROUTES_MAX

    def links(self) -> list[Fields]:
        return list(self._known[LINK].values())

    def name(self, index: int | None) -> str:
        """The name of a link, empty without an index."""
        if not index:
            return ""
        link = self._known[LINK].get((index,))
        return str(link["name"]) if link else f"interface {index}"

    def _learn(self, message: Message) -> None:
        known = self._known[message.kind]
        identity = _identity(message)
        if not message.new:
            known.pop(identity, None)
        elif message.kind != ROUTE or (len(known) < ROUTES_MAX and message.fields["table"] != _TABLE_LOCAL):
            # A link's answer without some attribute, as in a notification of its own, does not take it away.
            known[identity] = message.fields

    def _link(self, message: Message, before: Fields | None) -> Change | None:
        fields = message.fields
        name = fields["name"] or self.name(fields["index"])
        data = {key: fields[key] for key in (*_OF_LINK, "kind")}
        data["master"] = self.name(fields["master"]) or None
        data["parent"] = self._parent(fields)
        if not message.new:
            return Change(LINK, DELETE, name, f"{name} disappeared", data, message.port)
        if before is None:
            kind = f"{data['kind'] or 'device'}{' on ' + data['parent'] if data['parent'] else ''}"
            return Change(LINK, NEW, name, f"{name} appeared ({kind}, {data['mac']})", data, message.port)
        changed = {key: [before[key], fields[key]] for key in _OF_LINK if before[key] != fields[key]}
        for key in ("master", "parent"):
            if key in changed:
                changed[key] = [self.name(index) or None for index in changed[key]]
        if not changed:
            return None
        data["changed"] = changed
        return Change(LINK, CHANGE, name, f"{name}: {_told(changed)}", data, message.port)

    def _parent(self, fields: Fields) -> str | None:
        if not fields["parent"]:
            return None
        if fields["parent_namespace_id"] is not None:
            return f"interface {fields['parent']} of another namespace"
        return self.name(fields["parent"])

    def _address(self, message: Message, before: Fields | None) -> Change | None:
        fields = message.fields
        link = self.name(fields["index"])
        data = {key: fields[key] for key in ("address", "scope", *_OF_ADDRESS)}
        text = f"address {fields['address']}"
        if not message.new:
            return Change(ADDRESS, DELETE, link, f"{text} removed from {link}", data, message.port)
        if before is None:
            tentative = " (tentative)" if fields["tentative"] else ""
            return Change(ADDRESS, NEW, link, f"{text} added to {link}{tentative}", data, message.port)
        changed = {key: [before[key], fields[key]] for key in _OF_ADDRESS if before[key] != fields[key]}
        if not changed:
            return None
        data["changed"] = changed
        if fields["dadfailed"] and not before["dadfailed"]:
            what = f"{text} on {link} failed duplicate address detection"
        else:
            what = f"{text} on {link}: {_told(changed)}"
        return Change(ADDRESS, CHANGE, link, what, data, message.port)

    def _route(self, message: Message, dummy: Fields | None) -> Change | None:
        fields = message.fields
        if fields["table"] == _TABLE_LOCAL or fields["destination"] == "ff00::/8":
            return None
        link = self.name(fields["index"])
        data = {key: value for key, value in fields.items() if key != "index"}
        target = "default route" if fields["destination"] in ("0.0.0.0/0", "::/0") else f"route {fields['destination']}"
        gateway = f" via {fields['gateway']}" if fields["gateway"] else ""
        place = f" dev {link}" if link else f" ({fields['type']})"
        verb = "added" if message.new else "removed"
        what = f"{target}{gateway}{place} metric {fields['metric']} {verb}"
        return Change(ROUTE, NEW if message.new else DELETE, link, what, data, message.port)

    def _neighbour(self, message: Message, before: Fields | None) -> Change | None:
        fields = message.fields
        if fields["state"] == "NOARP" or not fields["address"]:
            return None  # multicast and broadcast, which nobody resolves
        link = self.name(fields["index"])
        data = {key: fields[key] for key in ("address", "mac", "state", "router")}
        if not message.new:
            if before is None:
                return None
            what = f"neighbour {fields['address']} on {link} removed"
            return Change(NEIGHBOUR, DELETE, link, what, data, message.port)
        here = f"neighbour {fields['address']} on {link}"
        if before is None:
            what = f"{here} is {fields['mac'] or 'unresolved'} ({fields['state']})"
            return Change(NEIGHBOUR, NEW, link, what, data, message.port)
        changed = {key: [before[key], fields[key]] for key in ("mac", "state") if before[key] != fields[key]}
        if "mac" not in changed and {before["state"], fields["state"]} <= _WELL:
            return None
        if not changed:
            return None
        data["changed"] = changed
        return Change(NEIGHBOUR, CHANGE, link, f"{here}: {_told(changed)}", data, message.port)

    def _rule(self, message: Message, dummy: Fields | None) -> Change:
        fields = message.fields
        parts = [f"{key} {fields[key]}" for key in ("from", "to", "iif", "oif", "mark") if fields[key] is not None]
        verb = "added" if message.new else "removed"
        what = f"rule {fields['priority']}: {' '.join(parts) or 'all'} lookup {fields['table']} {verb}"
        return Change(RULE, NEW if message.new else DELETE, "", what, dict(fields), message.port)


_CHANGES: dict[str, Any] = {
    LINK: State._link,
    ADDRESS: State._address,
    ROUTE: State._route,
    NEIGHBOUR: State._neighbour,
    RULE: State._rule,
}


def _identity(message: Message) -> Identity:
    return tuple(message.fields[key] for key in IDENTITY[message.kind])


def _told(changed: dict[str, list]) -> str:
    """``up: yes -> no, mac: … -> …``."""
    return ", ".join(f"{key}: {_word(before)} -> {_word(after)}" for key, (before, after) in changed.items())


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
