# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what others say is kept, in one table, and the last guard of every module's result. Pure.

Collections that the wire fills are bounded while they are filled: the first so many are kept, the rest is counted, and
the result says so. A bound never makes a verdict better: where it was reached, silence and harmlessness prove nothing.
The last guard cuts what is still larger than `RESULT_MAX`. It shortens lists alone, never a list of `SHORT` elements or
fewer (pairs such as a value before and after), so that what remains has the shape that its reader expects.
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
#: Lists that others fill. They are cut first; what the host itself has (its links and addresses) only where that is
#: not enough.
_FOREIGN = frozenset(
    ("results", "holders", "ranges", "duplicate_macs", "proxy_arp", "servers", "addresses", "findings", "discoveries",
     "events", "counters", "neighbours", "lldp", "answered", "answered_by", "macs", "sources", "relays", "routers",
     "dns_servers", "unseen_namespaces", "suspects", "offered", "not_asked_for")
)  # fmt: skip
#: Room for the sentences that say what was cut.
_ROOM = 8000
#: A text of the result is cut to so many characters where lists alone are not enough.
_TEXT = 2000


def bounded(result: dict[str, Any], say: str = "overrun", limit: int = RESULT_MAX) -> dict[str, Any]:
    """A result of at most ``limit`` octets as JSON; the same object where it is small enough.

    say: the key of a list of sentences, to which it adds one for each kind of list that it cut.
    """
    if _size(result) <= limit:
        return result
    result = json.loads(json.dumps(result, default=str))
    cut: dict[str, int] = {}
    for foreign in (True, False):
        while _size(result) > limit - _ROOM and _shorten(result, foreign, _size(result) - (limit - _ROOM), cut):
            pass
    if _size(result) > limit - _ROOM:
        result = _shortened_texts(result)
    said = [f"{number} of {path} are left out: the result would have been too large" for path, number in cut.items()]
    result[say] = [*result.get(say, []), *said[:SHORT]]
    return result


def _size(value: object) -> int:
    return len(json.dumps(value, default=str))


def _lists(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """All lists that can be cut, with the names of the keys that lead there."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _lists(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if len(value) > SHORT:
            yield path, value
        for item in value:
            yield from _lists(item, path)


def _shorten(result: dict[str, Any], foreign: bool, excess: int, cut: dict[str, int]) -> bool:
    """Shorten the largest list by as much as is needed, at the most to half; whether there was one."""
    found = [(_size(item), path, item) for path, item in _lists(result)]
    found = [entry for entry in found if not foreign or entry[1].rpartition(".")[2] in _FOREIGN]
    if not found:
        return False
    size, path, items = max(found, key=lambda entry: entry[0])
    wanted = len(items) - max(1, -(-len(items) * excess // max(size, 1)))
    keep = max(SHORT, wanted, len(items) // 2)
    cut[path] = cut.get(path, 0) + len(items) - keep
    items[:] = _fair(items, keep)
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
