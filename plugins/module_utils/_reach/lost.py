# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a target counts as lost: the one decision of verification, watch, diagnosis and reports. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, TypeVar

from .kinds import ECHO, GATEWAYS

#: A single lost packet that is followed by answers proves nothing; a loss that comes again does.
LOSSES = 2

#: What is known of a target: it is lost, it answered, or neither: it was not asked, or it drops pings.
BROKEN, OK, UNKNOWN = "broken", "ok", "unknown"


class Answered(TypedDict):
    """What has to be known of a target."""

    network: str
    kind: str
    target: str
    method: str
    sent: int
    received: int


class Declining(Answered, total=False):
    """declined: why a target that answers no pings is fine, in words; empty or absent where it is not."""

    declined: str


class Identified(Declining):
    """id: its name in a timeline."""

    id: str


Target = TypeVar("Target", bound=Declining)


def fails(sent: int, received: int) -> bool:
    """Whether so many lost packets are a failure: a loss that came again, or no answer at all."""
    return sent - received >= LOSSES or not received


def is_lost(target: Answered) -> bool:
    """Whether a target that was asked fails; of one that was not, nothing is known."""
    return bool(target["sent"]) and fails(target["sent"], target["received"])


def broken(targets: Iterable[Target]) -> list[Target]:
    """The lost ones, without the pings of gateways that drop pings: never answered, while ARP was all the time; and
    without those of containers that do (`declined`)."""
    targets = list(targets)
    answering = {_asked(item) for item in targets if item["method"] != ECHO and item["sent"] and not is_lost(item)}
    return [
        item
        for item in targets
        if is_lost(item) and not item.get("declined") and not (_drops_pings(item) and _asked(item) in answering)
    ]


def states(targets: Iterable[Identified]) -> dict[str, str]:
    """By id what is known of each target: of a lane of the timeline and of a line of the drawing alike."""
    targets = list(targets)
    lost = {item["id"] for item in broken(targets)}
    return {item["id"]: BROKEN if item["id"] in lost else OK if item["received"] else UNKNOWN for item in targets}


def _drops_pings(target: Answered) -> bool:
    return target["kind"] in GATEWAYS and target["method"] == ECHO and not target["received"]


def _asked(target: Answered) -> tuple[str, str, str]:
    return target["network"], target["kind"], target["target"]
