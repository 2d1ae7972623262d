# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network as an option of the modules that ask (argument_spec); the filter `intent` makes it."""

from __future__ import annotations

_WORDS = ("name", "link", "engine", "segment")
_LISTS = ("subnets", "gateways", "container_ranges", "excluded", "host_addresses", "containers", "checks")

NETWORK: dict[str, dict[str, object]] = {
    **{name: {"type": "str"} for name in _WORDS},
    **{name: {"type": "list", "elements": "str"} for name in _LISTS},
    "parent": {"type": "raw"},
    "of_link": {"type": "bool"},
    "announce": {"type": "bool"},
    "leased": {"type": "bool"},
    "key": {"type": "str", "no_log": False},
}
