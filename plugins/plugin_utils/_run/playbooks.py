# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks: their own variables and the steps that tags select. Pure, except for Ansible's validator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems

from . import limits
from .given import listed, unpadded

PLAN, PREPARE, PROBE, EXCLUSION, LINKS, CONTAINERS, VERIFY, REPORT = STEPS = (
    "plan", "prepare", "probe", "exclusion", "links", "containers", "verify", "report",
)  # fmt: skip

_HOSTS = {"macvlan_hosts": {"type": "str"}}
_STRATEGY = {"macvlan_strategy": {"type": "str"}}
_BATCHES = {"macvlan_serial": {"type": "raw"}, "macvlan_throttle": {"type": "int"}}
_BYTECODE = {"macvlan_bytecode": {"type": "bool"}}
_REPORT = {"macvlan_report_hosts": {"type": "int"}, "macvlan_survey": {"type": "bool"}}


@dataclass(frozen=True)
class Playbook:
    """steps: those that tags select, in their order. options: an argument_spec of the variables that are no role's.

    together: whether its tasks need all hosts at the same point, as they compare what these saw.
    """

    steps: tuple[str, ...]
    options: Mapping[str, dict] = field(default_factory=dict)
    together: bool = False


PLAYBOOKS = {
    "site": Playbook(
        (PLAN, PREPARE, PROBE, EXCLUSION, LINKS, CONTAINERS, VERIFY, REPORT),
        {
            **_HOSTS, **_STRATEGY, **_BATCHES, **_REPORT, **_BYTECODE,
            "macvlan_canary": {"type": "raw"},
            "macvlan_max_fail_percentage": {"type": "float"},
        },
        together=True,
    ),
    "verify": Playbook(
        (PLAN, PROBE, CONTAINERS, VERIFY, REPORT),
        {
            **_HOSTS, **_STRATEGY, **_REPORT, **_BYTECODE,
            "macvlan_diagnose": {"type": "bool"},
            "macvlan_diagnose_seconds": {"type": "float"},
        },
        together=True,
    ),
    "diagnose": Playbook((PLAN,), {**_HOSTS, **_BYTECODE}, together=True),
    "teardown": Playbook((PLAN, PREPARE, EXCLUSION, LINKS, CONTAINERS), {**_HOSTS, **_STRATEGY, **_BATCHES}),
    "import": Playbook((PLAN,), {**_HOSTS, **_STRATEGY}),
    "mac_list": Playbook(
        (PLAN,),
        {
            **_HOSTS, **_STRATEGY,
            "mac_list_dir": {"type": "str", "required": True},
            "mac_list_mode": {"type": "str"},
            "mac_list_lldp_seconds": {"type": "int"},
        },
    ),
}  # fmt: skip

#: Variables whose values are lists or text with commas.
_LISTED = ("macvlan_serial", "macvlan_canary")


def check(playbook: str, variables: Mapping[str, object], problems: Problems) -> None:
    """Add a problem for each variable of a playbook that has a value which it cannot use.

    variables: those of PLAYBOOKS that are defined, templated.
    """
    for name, spec in PLAYBOOKS[playbook].options.items():
        if name not in variables:
            if spec.get("required"):
                problems.add(name, None, "this is required", f"set it: --extra-vars {name}=DIRECTORY")
            continue
        value = variables[name]
        for fault in _faults(name, spec, value):
            problems.add(name, value, fault, "see docs/reference.md of this collection for its values")


def _faults(name: str, spec: dict, value: object) -> list[str]:
    given = listed(value) if name in _LISTED else unpadded(value)
    result = ArgumentSpecValidator({name: spec}).validate({name: given})
    if result.error_messages:
        return list(result.error_messages)
    fault = limits.fault(name, result.validated_parameters[name])
    return [fault] if fault else []
