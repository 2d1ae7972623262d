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

from . import limits
from .given import listed, unpadded

#: A list whose type in the argument_specs is raw, as it may be text with commas.
TARGETS = "diagnose_targets"
_DIRECTORY = Path(__file__).resolve().parents[3] / "roles"
#: All roles of the collection.
ROLES = tuple(sorted(path.name for path in _DIRECTORY.glob("*") if (path / "meta" / "argument_specs.yml").exists()))
#: Where a default is a variable that several roles share, such as macvlan_purge.
_SHARED = re.compile(r"^\{\{ (macvlan_\w+) \|")


@dataclass(frozen=True)
class RoleOption:
    """names: of the option, and of the variable that it takes its default from, if there is one."""

    role: str
    names: tuple[str, ...]
    validator: ArgumentSpecValidator
    elements: bool = False

    def faults(self, value: object) -> list[str]:
        """What is wrong with a value as it was given: typed, or as text from a survey."""
        name = self.names[0]
        given = listed(value) if self.elements else unpadded(value)
        if value is None:
            return []
        result = self.validator.validate({name: given})
        found: list[str] = list(result.error_messages)
        limit = "" if found else limits.fault(name, result.validated_parameters[name])
        return found or ([limit] if limit else [])


@functools.cache
def options(role: str) -> tuple[RoleOption, ...]:
    """Those of all entry points of a role of this collection. Errors: AnsibleError where there is none."""
    specs = _load(role, "meta/argument_specs.yml")["argument_specs"]
    defaults = _load(role, "defaults/main.yml")
    merged = {name: spec for entry in specs.values() for name, spec in (entry.get("options") or {}).items()}
    return tuple(
        RoleOption(role, tuple(_names(name, defaults)), _validator(name, spec), is_listed(name, spec))
        for name, spec in merged.items()
        if _restricts(name, spec)
    )


def names(role: str) -> list[str]:
    """The names of all options of a role."""
    return list(_load(role, "defaults/main.yml"))


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


def is_listed(name: str, spec: dict) -> bool:
    """Whether an option is a list. One that is documented as raw also accepts text with commas."""
    return spec["type"] == "list" or name == TARGETS


def _restricts(name: str, spec: dict) -> bool:
    """Whether some values are refused. The others are not templated, as declarations are long."""
    return spec["type"] not in ("raw", "str") or "choices" in spec or name in limits.LIMITS


def _load(role: str, path: str) -> dict:
    try:
        text = (_DIRECTORY / role / path).read_text(encoding="utf-8")
    except OSError as error:
        raise AnsibleError(f"there is no role linuxnet.macvlan.{role}: {error}") from error
    # the parser in C, where PyYAML has it, is ten times as fast
    content: dict = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content


def _names(name: str, defaults: dict) -> Iterator[str]:
    yield name
    shared = _SHARED.match(str(defaults.get(name, "")))
    if shared:
        yield shared[1]


def _validator(name: str, spec: dict) -> ArgumentSpecValidator:
    # what only documents an option is none of the validator's business
    known = ("type", "elements", "choices", "required", "options")
    kept = {key: spec[key] for key in known if key in spec}
    return ArgumentSpecValidator({name: {**kept, "type": "list"} if is_listed(name, spec) else kept})
