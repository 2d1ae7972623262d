# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every role, in all forms in which an inventory and a survey of AWX give it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.linuxnet.macvlan.plugins.filter.option import option
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run import role_options

ROOT = Path(__file__).resolve().parents[5]
#: A value of lists without choices, and of text with a form of its own.
EXAMPLES = {
    "nm_exclusion_devices": ["interface-name:mv*", "lan0"],
    "diagnose_targets": ["192.168.100.129", "2001:db8::1"],
    "diagnose_report_mode": "0640",
    "diagnose_interval": 0.25,
}


def specs() -> Iterator[tuple[str, str, dict]]:
    for role in role_options.ROLES:
        content = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
        merged = {}
        for entry in content["argument_specs"].values():
            merged.update(entry.get("options") or {})
        for name, spec in merged.items():
            yield role, name, spec


def forms(name: str, spec: dict) -> Iterator[tuple[Any, Any]]:
    """A value as it is meant, and as it is given."""
    if role_options.is_listed(name, spec):
        meant = EXAMPLES.get(name) or spec["choices"][:2]
        yield from ((meant, given) for given in (
            meant, [f" {item} " for item in meant], ",".join(meant), " , ".join(meant), "\n".join(meant),
            str(meant), yaml.safe_dump(meant), "[" + ", ".join(f'"{item}"' for item in meant) + "]",
        ))  # fmt: skip
        yield [meant[0]], meant[0]
        yield from (([], given) for given in ([], "[]", "", " "))
    elif spec["type"] == "bool":
        yield from ((True, given) for given in (True, "true", "True", " yes ", "1", 1))
        yield from ((False, given) for given in (False, "false", "no", " False ", "0", 0))
    elif spec["type"] in ("int", "float"):
        yield from ((8, given) for given in (8, "8", " 8 ")) if name not in EXAMPLES else ((0.25, " 0.25 "),)
    elif "choices" in spec:
        yield from ((choice, given) for choice in spec["choices"] for given in (choice, f" {choice} "))
    elif spec["type"] == "str":
        meant = EXAMPLES.get(name, "/srv/reports")
        yield from ((meant, given) for given in (meant, f" {meant} "))


@pytest.mark.parametrize(
    ("role", "name", "spec"), list(specs()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_form_of_an_option_is_what_is_meant(role: str, name: str, spec: dict) -> None:
    (checked,) = [one for one in role_options.options(role) if one.names[0] == name] or [None]
    for meant, given in forms(name, spec):
        problems = Problems("h1")
        role_options.check({name: given}, [role], problems)
        assert not problems, (given, problems.report())
        if role_options.is_listed(name, spec):
            assert option(given, elements=True) == meant, given
        elif checked and spec["type"] != "str":
            result = checked.validator.validate({name: option(given)})
            assert result.validated_parameters[name] == meant, given
        else:
            assert option(given) == meant, given


@pytest.mark.parametrize(
    ("given", "reported"),
    [
        ({"verify_soak_seconds": "-1"}, "this is not from 0 to 86400"),
        ({"verify_soak_seconds": "nan"}, "unable to convert to int"),
        ({"verify_interval": "nan"}, "this is not from 0.1 to 86400"),
        ({"verify_interval": 0.01}, "this is not from 0.1 to 86400"),
        ({"verify_soak_seconds": ""}, "unable to convert to int"),
        ({"diagnose_interval": "5"}, "this is not from 0.2 to 1"),
        ({"diagnose_targets": "gateway, 192.168.100.1"}, "these are no IP addresses: gateway"),
        ({"diagnose_report_mode": "420"}, "these are no permissions"),
        ({"nm_exclusion_devices": "['lan0;eth0']"}, "a comma, semicolon, backslash or control character"),
        ({"prepare_modules": "[macvlan"}, "value of prepare_modules must be one or more of"),
        ({"prepare_modules": "['macvlan', {a: b}]"}, "value of prepare_modules must be one or more of"),
        ({"macvlan_persistence": "systmd"}, "value of diagnose_persistence must be one of"),
        ({"interfaces_confirm_timeout": "-5"}, "this is less than 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_the_plan(given: dict, reported: str) -> None:
    problems = Problems("h1")
    role_options.check(given, role_options.ROLES, problems)
    assert len(problems) == 1, problems.report()
    assert reported in problems.report()


def test_text_that_is_too_long_is_no_list() -> None:
    assert option("[" + "a, " * 50_000 + "]", elements=True) != ["a"] * 50_000
