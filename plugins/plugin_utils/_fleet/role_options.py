# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of roles, validated for all hosts at once, instead of by one task for each role and host."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Variables

_ROLES = Path(__file__).resolve().parents[3] / "roles"
#: Where a default is a variable that several roles share, such as macvlan_purge.
_SHARED = re.compile(r"^\{\{ (macvlan_\w+) \|")


@dataclass(frozen=True)
class RoleOption:
    """names: of the option, and of the variable that it takes its default from, if there is one."""

    role: str
    names: tuple[str, ...]
    validator: ArgumentSpecValidator

    def faults(self, value: object) -> list[str]:
        found: list[str] = self.validator.validate({self.names[0]: value}).error_messages
        return found


@functools.cache
def options(role: str) -> tuple[RoleOption, ...]:
    """Those of all entry points of a role of this collection. Errors: AnsibleError where there is none."""
    specs = _load(role, "meta/argument_specs.yml")["argument_specs"]
    defaults = _load(role, "defaults/main.yml")
    merged = {name: spec for entry in specs.values() for name, spec in (entry.get("options") or {}).items()}
    return tuple(
        RoleOption(role, tuple(_names(name, defaults)), _validator(name, spec))
        for name, spec in merged.items()
        if _restricts(spec)
    )


def check(variables: Variables, roles: Iterable[str], problems: Problems) -> None:
    """Add a problem for each variable of a host that a role would refuse. Errors: AnsibleError for an unknown role."""
    faulty = set()
    for option in (option for role in roles for option in options(role)):
        name = next((name for name in option.names if name in variables), None)
        if name is None or name in faulty:
            continue
        try:
            value = variables[name]
            faults = option.faults(value)
        except AnsibleError as error:
            value, reason = None, str(error).strip().split("\n", maxsplit=1)[0]
            faults = [f"this cannot be templated: {reason}"]
        for fault in faults:
            faulty.add(name)
            problems.add(name, value, f"the role {option.role} refuses it: {fault}", _remedy(option.role))


def _remedy(role: str) -> str:
    return f"see ansible-doc -t role linuxnet.macvlan.{role}"


def _restricts(spec: dict) -> bool:
    """Whether some values are refused. The others are not templated, as declarations are long."""
    return spec["type"] not in ("raw", "str") or "choices" in spec


def _load(role: str, path: str) -> dict:
    try:
        content: dict = yaml.safe_load((_ROLES / role / path).read_text(encoding="utf-8"))
    except OSError as error:
        raise AnsibleError(f"there is no role linuxnet.macvlan.{role}: {error}") from error
    return content


def _names(name: str, defaults: dict) -> Iterator[str]:
    yield name
    shared = _SHARED.match(str(defaults.get(name, "")))
    if shared:
        yield shared[1]


def _validator(name: str, spec: dict) -> ArgumentSpecValidator:
    # what only documents an option is none of the validator's business
    known = ("type", "elements", "choices", "required", "options")
    return ArgumentSpecValidator({name: {key: spec[key] for key in known if key in spec}})
