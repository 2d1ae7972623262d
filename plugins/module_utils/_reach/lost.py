# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which targets of a timeline count as broken. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, TypeVar

from .kinds import GATEWAYS

#: A single packet that was lost proves nothing.
LOSSES = 2
#: The method that a router may choose to ignore.
ECHO = "echo"


class Answered(TypedDict):
    """What has to be known of a target."""

    network: str
    kind: str
    target: str
    method: str
    sent: int
    received: int


Target = TypeVar("Target", bound=Answered)


def is_lost(target: Answered) -> bool:
    """Whether a target lost two packets or more, or never answered."""
    lost = target["sent"] - target["received"]
    return bool(target["sent"]) and (lost >= LOSSES or not target["received"])


def broken(targets: Iterable[Target]) -> list[Target]:
    """The lost ones, without the pings of gateways that drop pings: never answered, while ARP was all the time."""
    targets = list(targets)
    answering = {_asked(item) for item in targets if item["method"] != ECHO and item["sent"] and not is_lost(item)}
    return [item for item in targets if is_lost(item) and not (_drops_pings(item) and _asked(item) in answering)]


def _drops_pings(target: Answered) -> bool:
    return target["kind"] in GATEWAYS and target["method"] == ECHO and not target["received"]


def _asked(target: Answered) -> tuple[str, str, str]:
    return target["network"], target["kind"], target["target"]
