# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what a module is given stands in the declaration, so that its messages name the keys of the operator. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import NETWORKS, Problems

#: The key of an item that is derived, under which it has its place in the declaration.
KEY = "key"

LINKS = "macvlan_links"
_PLACE = re.compile(rf"(?:{NETWORKS}|{LINKS})\[[0-9]{{1,9}}\]")


def place(item: Mapping[str, object], here: str, problems: Problems) -> str:
    """The key of an item in messages: its place in the declaration where it has one, else `here`."""
    given = item.get(KEY)
    if given is None:
        return here
    if isinstance(given, str) and _PLACE.fullmatch(given):
        return given
    problems.add(f"{here}.{KEY}", given, "this is no place in a declaration", f"leave it out, or write {LINKS}[0]")
    return here


def member(key: str, name: str) -> str:
    """The key of a list in an item; of a network the network itself, several of whose keys went into the list."""
    return key if key.startswith(NETWORKS) else f"{key}.{name}"
