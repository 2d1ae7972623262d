# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX passes for a survey in which somebody has answered every question with the default of the role."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import awx_surveys

#: Shorter than an operator would choose, and with time for a controller on a busy machine to confirm. Numbers are
#: numbers, as a survey returns them.
QUICK: dict[str, dict[str, Any]] = {
    "site": {"verify_soak_seconds": 0, "interfaces_confirm_timeout": 300},
    "verify": {"verify_soak_seconds": 1, "macvlan_diagnose_seconds": 4.0},
    "diagnose": {"diagnose_seconds": 4.0, "diagnose_after_break": 1.0},
    "teardown": {"interfaces_confirm_timeout": 300},
    "mac_list": {"mac_list_lldp_seconds": 0},
}


def defaults(name: str) -> dict[str, Any]:
    """Of a survey, by variable; a question without a default of its role stays without an answer."""
    known = awx_surveys.options()
    answers = {
        question["variable"]: answer(question["type"], known[question["variable"]]["default"])
        for question in awx_surveys.survey(name)["spec"]
        if known[question["variable"]].get("default") not in (None, "", [])
    }
    return {**answers, **QUICK[name]}


def answer(kind: str, value: Any) -> Any:
    """A value as a question of this type gives it: numbers and lists as such, all else as text."""
    if kind in ("integer", "float", "multiselect"):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)
