# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the surveys of the job templates in AWX from the argument specs of the roles: playbooks/awx/vars/surveys.yml.

No question has a default: AWX passes a default as an extra variable, which outranks what the inventory sets. An answer
that is left empty is not passed at all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "playbooks" / "awx" / "vars" / "surveys.yml"
#: The largest number that a survey accepts, in seconds: a day.
DAY = 86400

#: The variables that are worth a question, in this order. The first word of an option of a role is the role.
SURVEYS = {
    "site": (
        "macvlan_canary", "macvlan_serial", "macvlan_max_fail_percentage", "prepare_install_library",
        "interfaces_conflict_check", "interfaces_conflict_fail_on", "interfaces_dhcp_check", "interfaces_recreate",
        "interfaces_purge", "interfaces_confirm_timeout", "interfaces_allow_uplink_change", "verify_soak_seconds",
        "verify_dhcp_check",
    ),
    "verify": (
        "verify_soak_seconds", "verify_interval", "verify_drift", "verify_dhcp_check", "interfaces_conflict_check",
        "macvlan_diagnose", "macvlan_diagnose_seconds",
    ),
    "diagnose": (
        "diagnose_seconds", "diagnose_interval", "diagnose_after_break", "diagnose_targets", "diagnose_active",
        "diagnose_fix",
    ),
    "teardown": ("macvlan_serial", "interfaces_confirm_timeout", "interfaces_allow_uplink_change"),
    "mac_list": ("mac_list_lldp_seconds",),
}  # fmt: skip
#: Options of the playbooks themselves, in the form of an argument spec.
PLAYBOOK_OPTIONS: dict[str, dict[str, Any]] = {
    "macvlan_canary": {
        "type": "str",
        "description": "How many hosts come first, then 10 %, then all. Ends after a batch with a failure.",
    },
    "macvlan_serial": {"type": "str", "description": "How many hosts at a time, a number or a percentage."},
    "macvlan_max_fail_percentage": {
        "type": "float",
        "default": 100,
        "description": "With a number of hosts at a time, start no further batch when more of all hosts have failed.",
    },
    "macvlan_diagnose": {
        "type": "bool", "default": False, "description": "Whether to diagnose all hosts when one is broken.",
    },
    "macvlan_diagnose_seconds": {"type": "float", "default": 15, "description": "Seconds to watch for that diagnosis."},
    "mac_list_lldp_seconds": {
        "type": "int", "default": 35, "description": "Seconds to listen for the switches at most. 0 does not listen.",
    },
}  # fmt: skip
_REFERENCE = re.compile(r",? see [A-Z]+\([^)]*\)")
_MARKUP = re.compile(r"[A-Z]+\(([^)#=]*#[a-z]+:)?([^)]*)\)")


def options() -> dict[str, dict[str, Any]]:
    """All options of the roles' main entry points, and those of the playbooks."""
    found = dict(PLAYBOOK_OPTIONS)
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        found.update(specs["main"]["options"])
    return found


def survey(name: str) -> dict[str, Any]:
    """As AWX's API takes it."""
    known = options()
    questions = [question(variable, known[variable]) for variable in SURVEYS[name]]
    return {"name": "", "description": "", "spec": questions}


def question(variable: str, option: dict[str, Any]) -> dict[str, Any]:
    """One element of a survey's ``spec``."""
    words = variable.split("_")
    return {
        "question_name": " ".join(words).capitalize(),
        "question_description": _description(option),
        "variable": variable,
        "required": False,
        **_answer(option),
    }


def _answer(option: dict[str, Any]) -> dict[str, Any]:
    kind, choices = option["type"], option.get("choices")
    if kind == "bool":
        # AWX has no type for it
        return {"type": "multiplechoice", "choices": ["true", "false"]}
    if choices:
        return {"type": "multiselect" if kind == "list" else "multiplechoice", "choices": list(choices)}
    if kind in ("int", "float"):
        return {"type": {"int": "integer", "float": "float"}[kind], "min": 0, "max": DAY}
    return {"type": "text", "min": 0, "max": 1024}


def _description(option: dict[str, Any]) -> str:
    """The first sentence of the option's description, and its default."""
    lines = option["description"]
    text = _MARKUP.sub(r"\2", _REFERENCE.sub("", lines if isinstance(lines, str) else lines[0]))
    default = option.get("default")
    if default in (None, "", []):
        return text
    shown = ", ".join(default) if isinstance(default, list) else str(default).lower()
    return f"{text} Unless set here or in the inventory: {shown}."


def text() -> str:
    """The whole file."""
    header = "\n".join(Path(__file__).read_text(encoding="utf-8").splitlines()[:3])
    data = {"macvlan_awx_surveys": {name: survey(name) for name in SURVEYS}}
    body = yaml.dump(data, sort_keys=False, width=100, allow_unicode=True, Dumper=_Indented)
    return f"{header}\n---\n# Written by tests/tools/awx_surveys.py from the argument specs of the roles.\n{body}"


class _Indented(yaml.SafeDumper):
    """Indents the elements of lists, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
