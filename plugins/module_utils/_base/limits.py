# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what others say is kept, in one table, and the last guard of every module's result. Pure.

Collections that the wire fills are bounded while they are filled: the first so many are kept, the rest is counted, and
the result says so. A bound never makes a verdict better: where it was reached, silence and harmlessness prove nothing.
The last guard cuts what is still larger than `RESULT_MAX`. It shortens only lists that others fill, never one of
`SHORT` elements or fewer (pairs such as a value before and after), so that what remains has the shape that its reader
expects. What the host itself has, such as its links, is not the wire's doing and stays whole: a host of a thousand
containers has a larger result, and half of `RESULT_MAX` for what others say all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Octets of a module's result as JSON.
RESULT_MAX = 256000
#: Different MAC addresses that claim one address; a real conflict has two or three.
MACS_OF_ADDRESS = 8
#: Sightings of all addresses on one parent.
SIGHTINGS_MAX = 20000
#: Addresses that were claimed by one machine with a MAC address of this host.
ADDRESSES_OF_TWIN = 64
#: Frames of this host that are remembered in order to recognise them when they come back.
SENT_MAX = 4096
#: MAC addresses that answered questions for addresses that nobody can have.
PROXIES_MAX = 64
#: DHCP servers of one parent that are kept beside declared ones, and messages of one server. Those that answer the
#: check's own questions and those that were overheard are counted apart.
SERVERS_MAX, MESSAGES_OF_SERVER = 16, 32
#: Neighbour solicitations of servers that are answered on one port of a DHCP check.
ANSWERS_MAX = 64

#: Lists of as many elements or fewer are never cut.
SHORT = 8
#: What a list's elements are grouped by, so that no group displaces another: the first of these keys that they have.
_GROUPS = ("status", "owner", "kind")
#: Lists that others fill, by the last of the keys that lead to them, and those on the first level alone.
_FOREIGN = frozenset(
    ("results", "holders", "duplicate_macs", "proxy_arp", "servers", "findings", "discoveries", "events", "neighbours",
     "lldp", "answered", "answered_by", "macs", "sources", "relays", "routers", "dns_servers", "suspects", "offered")
)  # fmt: skip
_FOREIGN_ON_TOP = frozenset(("addresses",))
#: Room for the sentences that say what was cut.
_ROOM = 8000
#: A text of the result is cut to so many characters where lists alone are not enough.
_TEXT = 2000


def bounded(result: dict[str, Any], say: str = "overrun") -> dict[str, Any]:
    """A result of at most `RESULT_MAX` octets as JSON; the same object where it is small enough.

    say: the key of a list of sentences, to which it adds one for each kind of list that it cut.
    """
    text = json.dumps(result, default=str)
    if len(text) <= RESULT_MAX:
        return result
    result = json.loads(text)
    own = len(text) - sum(_size(items) for dummy, items in _foreign_lists(result))
    limit = max(RESULT_MAX, own + RESULT_MAX // 2) - _ROOM
    cut: dict[str, int] = {}
    excess = len(text) - limit
    while excess > 0 and _shorten(result, excess, cut):
        excess = _size(result) - limit
    if excess > 0:
        result = _shortened_texts(result)
    said = [f"{number} of {path} are left out: the result would have been too large" for path, number in cut.items()]
    if said:
        result[say] = [*result.get(say, []), *said]
    return result


def _size(value: object) -> int:
    return len(json.dumps(value, default=str))


def _foreign_lists(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The outermost lists that others fill, with the names of the keys that lead there."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _foreign_lists(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if path in _FOREIGN_ON_TOP or path.rpartition(".")[2] in _FOREIGN:
            yield path, value
            return
        for item in value:
            yield from _foreign_lists(item, path)


def _shorten(result: dict[str, Any], excess: int, cut: dict[str, int]) -> bool:
    """Shorten the largest list by as much as is needed, at the most to half; whether there was one."""
    found = [(_size(items), path, items) for path, items in _foreign_lists(result) if len(items) > SHORT]
    if not found:
        return _shorten_inside(result, cut)
    size, path, items = max(found, key=lambda entry: entry[0])
    wanted = len(items) - max(1, -(-len(items) * excess // size))
    keep = max(SHORT, wanted, len(items) // 2)
    cut[path] = cut.get(path, 0) + len(items) - keep
    items[:] = _fair(items, keep)
    return True


def _shorten_inside(result: dict[str, Any], cut: dict[str, int]) -> bool:
    """The same for the lists in what remains of the outermost ones."""
    inside = [
        (_size(items), f"{path}.{inner}", items)
        for path, outer in _foreign_lists(result)
        for item in outer
        for inner, items in _foreign_lists(item)
        if len(items) > SHORT
    ]
    if not inside:
        return False
    dummy, path, items = max(inside, key=lambda entry: entry[0])
    cut[path] = cut.get(path, 0) + len(items) - SHORT
    items[:] = _fair(items, SHORT)
    return True


def _fair(items: list[Any], number: int) -> list[Any]:
    """The first of each group in turn, in the order in which they stood."""
    ranks: dict[object, int] = {}
    order = []
    for place, item in enumerate(items):
        group = next((item[key] for key in _GROUPS if key in item), None) if isinstance(item, Mapping) else None
        group = str(group)
        ranks[group] = ranks.get(group, 0) + 1
        order.append((ranks[group], place))
    return [items[place] for place in sorted(place for dummy, place in sorted(order)[:number])]


def _shortened_texts(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _TEXT else value[: _TEXT - 1] + "…"
    if isinstance(value, Mapping):
        return {key: _shortened_texts(item) for key, item in value.items()}
    return [_shortened_texts(item) for item in value] if isinstance(value, list) else value
