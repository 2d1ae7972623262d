# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one namespace has, kept up to date by its notifications, and what each of them changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.decode import (
    ADDRESS,
    IDENTITY,
    LINK,
    NEIGHBOUR,
    ROUTE,
    RULE,
    Fields,
    Notification,
)

from .timeline import AddressChange, Changed, LinkChange, NeighbourChange, RouteChange, RuleChange, Value

NEW, CHANGE, DELETE = "new", "change", "delete"

#: What of a link counts as a change. Its counters move all the time.
_OF_LINK = (
    "name", "mac", "mtu", "up", "carrier", "arp", "operstate", "promiscuity", "master", "parent", "mode", "bcqueuelen",
)  # fmt: skip
_OF_ADDRESS = ("permanent", "tentative", "dadfailed", "valid_seconds")
#: Between these a neighbour entry moves as long as the neighbour answers (net/core/neighbour.c).
_WELL = frozenset(("REACHABLE", "STALE", "DELAY"))
#: linux/rtnetlink.h RT_TABLE_LOCAL: the kernel's own routes, which follow from the addresses.
_TABLE_LOCAL = 255
#: More routes than this are not remembered: a full routing table is none of our business.
ROUTES_MAX = 5000

Identity = Tuple[object, ...]


@dataclass(frozen=True)
class NamespaceChange:
    """One thing that changed. link: its name, empty where there is none. what: one line for people.

    port: netlink port id of the process that asked for it.
    """

    kind: Literal["link", "address", "route", "neighbour", "rule"]
    action: str
    link: str
    what: str
    data: LinkChange | AddressChange | RouteChange | NeighbourChange | RuleChange
    port: int


class NamespaceState:
    """The links, addresses, routes, neighbours and rules of one namespace."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Identity, Fields]] = {kind: {} for kind in IDENTITY}

    def load(self, messages: Iterable[Notification]) -> None:
        """Take in what is there, without reporting it."""
        for message in messages:
            self._learn(message)

    def reconcile(
        self, messages: Iterable[Notification], kinds: Iterable[str] = tuple(IDENTITY)
    ) -> list[NamespaceChange]:
        """What a new dump of some kinds shows and notifications did not: some were lost, or there were none."""
        changes = []
        present: dict[str, set[Identity]] = {kind: set() for kind in kinds}
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
                changes += self.take(Notification(kind, False, 0, fields))
        return changes

    def take(self, message: Notification) -> list[NamespaceChange]:
        """What this message changes; nothing where it brings nothing new."""
        before = self._known[message.kind].get(_identity(message))
        change = _CHANGES[message.kind](self, message, before)
        self._learn(message)
        return [change] if change else []

    def end(self, indexes: Iterable[int]) -> list[NamespaceChange]:
        """The links that go with their namespace, as far as they are still there."""
        ending = [self._known[LINK][index,] for index in indexes if (index,) in self._known[LINK]]
        return [change for fields in ending for change in self.take(Notification(LINK, False, 0, fields))]

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

    def _learn(self, message: Notification) -> None:
        known = self._known[message.kind]
        identity = _identity(message)
        if not message.new:
            known.pop(identity, None)
        elif message.kind != ROUTE or (len(known) < ROUTES_MAX and message.fields["table"] != _TABLE_LOCAL):
            # A link's answer without some attribute, as in a notification of its own, does not take it away.
            known[identity] = message.fields

    def _link(self, message: Notification, before: Fields | None) -> NamespaceChange | None:
        fields = message.fields
        name = fields["name"] or self.name(fields["index"])
        data = self._link_data(fields)
        if not message.new:
            return NamespaceChange("link", DELETE, name, f"{name} disappeared", data, message.port)
        if before is None:
            kind = f"{data['kind'] or 'device'}{' on ' + data['parent'] if data['parent'] else ''}"
            what = f"{name} appeared ({kind}, {data['mac']})"
            return NamespaceChange("link", NEW, name, what, data, message.port)
        changed = _changed(_OF_LINK, before, fields)
        for key in ("master", "parent"):
            if key in changed:
                changed[key] = [self.name(moment[key]) or None for moment in (before, fields)]
        if not changed:
            return None
        data["changed"] = changed
        return NamespaceChange("link", CHANGE, name, f"{name}: {_in_words(changed)}", data, message.port)

    def _link_data(self, fields: Fields) -> LinkChange:
        return {
            "name": fields["name"],
            "kind": fields["kind"],
            "mac": fields["mac"],
            "mtu": fields["mtu"],
            "up": fields["up"],
            "carrier": fields["carrier"],
            "arp": fields["arp"],
            "operstate": fields["operstate"],
            "promiscuity": fields["promiscuity"],
            "master": self.name(fields["master"]) or None,
            "parent": self._parent(fields),
            "mode": fields["mode"],
            "bcqueuelen": fields["bcqueuelen"],
        }

    def _parent(self, fields: Fields) -> str | None:
        if not fields["parent"]:
            return None
        if fields["parent_namespace_id"] is not None:
            return f"interface {fields['parent']} of another namespace"
        return self.name(fields["parent"])

    def _address(self, message: Notification, before: Fields | None) -> NamespaceChange | None:
        fields = message.fields
        link = self.name(fields["index"])
        data: AddressChange = {
            "address": fields["address"],
            "scope": fields["scope"],
            "permanent": fields["permanent"],
            "tentative": fields["tentative"],
            "dadfailed": fields["dadfailed"],
            "valid_seconds": fields["valid_seconds"],
        }
        text = f"address {fields['address']}"
        if not message.new:
            return NamespaceChange("address", DELETE, link, f"{text} removed from {link}", data, message.port)
        if before is None:
            tentative = " (tentative)" if fields["tentative"] else ""
            return NamespaceChange("address", NEW, link, f"{text} added to {link}{tentative}", data, message.port)
        changed = _changed(_OF_ADDRESS, before, fields)
        if not changed:
            return None
        data["changed"] = changed
        if fields["dadfailed"] and not before["dadfailed"]:
            what = f"{text} on {link} failed duplicate address detection"
        else:
            what = f"{text} on {link}: {_in_words(changed)}"
        return NamespaceChange("address", CHANGE, link, what, data, message.port)

    def _route(self, message: Notification, dummy: Fields | None) -> NamespaceChange | None:
        fields = message.fields
        if fields["table"] == _TABLE_LOCAL or fields["destination"] == "ff00::/8":
            return None
        link = self.name(fields["index"])
        data: RouteChange = {
            "destination": fields["destination"],
            "table": fields["table"],
            "type": fields["type"],
            "protocol": fields["protocol"],
            "scope": fields["scope"],
            "metric": fields["metric"],
            "gateway": fields["gateway"],
            "source": fields["source"],
        }
        target = "default route" if fields["destination"] in ("0.0.0.0/0", "::/0") else f"route {fields['destination']}"
        gateway = f" via {fields['gateway']}" if fields["gateway"] else ""
        device = f" dev {link}" if link else f" ({fields['type']})"
        verb = "added" if message.new else "removed"
        what = f"{target}{gateway}{device} metric {fields['metric']} {verb}"
        return NamespaceChange("route", NEW if message.new else DELETE, link, what, data, message.port)

    def _neighbour(self, message: Notification, before: Fields | None) -> NamespaceChange | None:
        fields = message.fields
        if fields["state"] == "NOARP" or not fields["address"]:
            return None  # multicast and broadcast, which nobody resolves
        link = self.name(fields["index"])
        data: NeighbourChange = {
            "address": fields["address"],
            "mac": fields["mac"],
            "state": fields["state"],
            "router": fields["router"],
        }
        if not message.new:
            if before is None:
                return None
            what = f"neighbour {fields['address']} on {link} removed"
            return NamespaceChange("neighbour", DELETE, link, what, data, message.port)
        here = f"neighbour {fields['address']} on {link}"
        if before is None:
            what = f"{here} is {fields['mac'] or 'unresolved'} ({fields['state']})"
            return NamespaceChange("neighbour", NEW, link, what, data, message.port)
        changed = _changed(("mac", "state"), before, fields)
        if "mac" not in changed and {before["state"], fields["state"]} <= _WELL:
            return None
        if not changed:
            return None
        data["changed"] = changed
        return NamespaceChange("neighbour", CHANGE, link, f"{here}: {_in_words(changed)}", data, message.port)

    def _rule(self, message: Notification, dummy: Fields | None) -> NamespaceChange:
        fields = message.fields
        data: RuleChange = {
            "family": fields["family"],
            "priority": fields["priority"],
            "from": fields["from"],
            "to": fields["to"],
            "iif": fields["iif"],
            "oif": fields["oif"],
            "mark": fields["mark"],
            "table": fields["table"],
            "action": fields["action"],
        }
        parts = [f"{key} {fields[key]}" for key in ("from", "to", "iif", "oif", "mark") if fields[key] is not None]
        verb = "added" if message.new else "removed"
        what = f"rule {fields['priority']}: {' '.join(parts) or 'all'} lookup {fields['table']} {verb}"
        return NamespaceChange("rule", NEW if message.new else DELETE, "", what, data, message.port)


_CHANGES: dict[str, Callable[[NamespaceState, Notification, Fields | None], NamespaceChange | None]] = {
    LINK: NamespaceState._link,
    ADDRESS: NamespaceState._address,
    ROUTE: NamespaceState._route,
    NEIGHBOUR: NamespaceState._neighbour,
    RULE: NamespaceState._rule,
}


def _identity(message: Notification) -> Identity:
    return tuple(message.fields[key] for key in IDENTITY[message.kind])


def _changed(keys: Iterable[str], before: Fields, after: Fields) -> Changed:
    return {key: [before[key], after[key]] for key in keys if before[key] != after[key]}


def _in_words(changed: Changed) -> str:
    """``up: yes -> no, mac: … -> …``."""
    return ", ".join(f"{key}: {_word(before)} -> {_word(after)}" for key, (before, after) in changed.items())


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
