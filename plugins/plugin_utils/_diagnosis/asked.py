# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the experiment gateway_ask says of MAC addresses beside the parent's. Pure."""

from __future__ import annotations

from .case import Case
from .verdict import EvidenceItem


def only_the_parent(case: Case) -> list[EvidenceItem]:
    """The proof that the parent is answered and a new MAC address on it is not; empty where that is not so."""
    made = case.experiment("gateway_ask") or {"asked": []}
    asked = {item["vantage"]: item for item in made["asked"] if item["sent"]}
    if "parent" not in asked or "child" not in asked:
        return []
    if not asked["parent"]["answered"] or asked["child"]["answered"]:
        return []
    return [
        case.item(
            "experiment",
            f"{made['gateway']} answers the parent's MAC {asked['parent']['mac']}, and not {asked['child']['mac']}",
            asked["parent"]["link"],
        )
    ]


def refusals(case: Case) -> list[EvidenceItem]:
    """Why macvlan_link refuses the declared parent."""
    found = (case.evidence.get("drift") or {}).get("refusals", [])
    return [
        case.item("refusal", f"{item['key']}: {item['problem']}") for item in found if item["key"].endswith("parent")
    ]
