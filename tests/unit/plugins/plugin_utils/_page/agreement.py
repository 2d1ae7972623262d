# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold between the parts of one page, whatever the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.model import BAD, HostSection, Page, build


def disagreements(data: Any) -> list[str]:
    """Where drawing, timeline, accounts and cards of a report contradict each other, in words."""
    page = build(data)
    sections = {host.name: host for host in page.hosts}
    found = list(_without_card(page))
    for source in data["hosts"]:
        section = sections.get(source["host"])
        if section is not None and section.timeline is not None:
            found += _of_host(source, section)
    return found


def _without_card(page: Page) -> Iterator[str]:
    """A broken or blind host that no card names."""
    named = {host.name for card in (*page.causes, *page.losses) for host in card.hosts}
    named |= {host.name for card in page.causes for host in card.felt}
    named |= {host.name for host in page.blind.hosts} if page.blind else set()
    for host in page.hosts:
        if host.state in ("broken", "blind") and host.name not in named and not page.losses_left_out:
            yield f"{host.name} is {host.state}, and no card is about it"
        if host.state in BAD and not host.brief:
            yield f"{host.name} is {host.state}, and its line does not say why"


def _of_host(source: Any, section: HostSection) -> Iterator[str]:
    assert section.timeline is not None
    bars = {target: lane.state for lane in section.timeline.lanes for target in lane.targets}
    lost = {target for target, state in bars.items() if state == "broken"}
    accounts = {item["target_id"] for item in source["accounts"]}
    if not section.timeline.lanes_left_out and lost != accounts:
        yield f"{section.name}: the timeline has lost {lost}, and there are accounts of {accounts}"
    if section.timeline.break_text and not accounts:
        yield f"{section.name}: it says when the first loss was, and nothing is lost"
    edges = [edge for link in source["links"] for edge in link["edges"]]
    for edge in edges:
        if bars.get(edge["target_id"], edge["state"]) != edge["state"]:
            yield f"{section.name}: {edge['target_id']} is {bars[edge['target_id']]} and its edge {edge['state']}"
    lines = [line for drawing in section.drawings for line in drawing.lines]
    for line in lines:
        if line.state == "broken" and not lost & set(line.targets) and " vanish " not in line.title:
            yield f"{section.name}: {line.title} is drawn as lost, and none of {line.targets} is"
        if line.state != "broken" and lost & set(line.targets):
            yield f"{section.name}: {line.title} is not drawn as lost, and {lost & set(line.targets)} is"
    drawn = {target for line in lines for target in line.targets}
    hidden = any(drawing.hidden for drawing in section.drawings) or section.drawings_left_out
    missing = {edge["target_id"] for edge in edges if edge["state"] == "broken"} - drawn
    if missing and not hidden:
        yield f"{section.name}: no line is drawn for the lost {missing}"
