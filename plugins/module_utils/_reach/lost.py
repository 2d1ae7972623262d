# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which targets of a timeline count as broken. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: A single packet that was lost proves nothing.
LOSSES = 2
#: The kinds whose targets are routers, and the method that a router may choose to ignore.
GATEWAYS, ECHO = ("gateway_from_parent", "gateway_from_link"), "echo"


def is_lost(target: Mapping[str, Any]) -> bool:
    """Whether a target lost two packets or more, or never answered."""
    lost = int(target["sent"]) - int(target["received"])
    return bool(target["sent"]) and (lost >= LOSSES or not target["received"])


def broken(targets: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lost ones, without the pings of gateways that drop pings: never answered, while ARP was all the time."""
    targets = list(targets)
    answering = {_place(item) for item in targets if item["method"] != ECHO and item["sent"] and not is_lost(item)}
    return [item for item in targets if is_lost(item) and not (_drops_pings(item) and _place(item) in answering)]


def _drops_pings(target: Mapping[str, Any]) -> bool:
    return target["kind"] in GATEWAYS and target["method"] == ECHO and not target["received"]


def _place(target: Mapping[str, Any]) -> tuple[str, str, str]:
    return target["network"], target["kind"], target["target"]
