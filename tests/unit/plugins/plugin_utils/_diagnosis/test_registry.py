# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever names a cause names one of the registry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from ansible_collections.linuxnet.macvlan.plugins.modules import fleet_verdict, macvlan_verify
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import BY_ID, CAUSES
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import verdict as _fleet_verdict

CHECKS = Path(__file__).resolve().parents[5] / "plugins" / "module_utils" / "_reach" / "checks"
#: At the beginning of a text: ``host_isolation: eth0 is the parent``, ``stale_neighbour or duplicate_ip: …``.
NAMED = re.compile(r"([a-z0-9]+(?:_[a-z0-9]+)*)(?: or ([a-z0-9]+(?:_[a-z0-9]+)*))?(?::|$)")


def suspected(function: ast.FunctionDef) -> Iterator[str]:
    """The texts of ``Evidence(CAUSE, text)``, also where a text has a name or is one of two."""
    assigned = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and len(node.args) == 2
            and ast.unparse(node.args[0]).rsplit(".", maxsplit=1)[-1] == "CAUSE"
        ):
            yield from texts(node.args[1], assigned)


def texts(node: ast.AST, assigned: dict[str, ast.AST]) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in assigned:
        yield from texts(assigned[node.id], assigned)
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body, assigned), *texts(node.orelse, assigned))
    elif isinstance(node, ast.JoinedStr):
        yield from texts(node.values[0], assigned)
    else:
        assert isinstance(node, ast.Constant), ast.unparse(node)
        yield node.value


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(CAUSES)


def test_checks_suspect_causes_of_the_registry() -> None:
    found = []
    for path in CHECKS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found += list(suspected(node)) if isinstance(node, ast.FunctionDef) else []
    names = set()
    for text in found:
        match = NAMED.match(text)
        assert match, text
        names |= {name for name in match.groups() if name}
    assert {"host_isolation", "mac_filtering_upstream", "mac_limit_after_ageing", "stale_neighbour"} <= names
    assert names <= set(BY_ID)


def test_conflicts_of_the_fleet_prove_causes_of_the_registry() -> None:
    for cause in (_fleet_verdict.DUPLICATE_IP, _fleet_verdict.IP_IN_FLEET, _fleet_verdict.MAC_IN_FLEET):
        conflict = _fleet_verdict.Conflict(_fleet_verdict.DUPLICATE, cause, "192.168.100.3")
        assert conflict.title == BY_ID[cause].title
    assert _fleet_verdict.Conflict(_fleet_verdict.CLONED_MACHINE, "", "").title == ""


def test_documentation_names_causes_of_the_registry() -> None:
    conflict = yaml.safe_load(fleet_verdict.RETURN)["conflicts"]["contains"]
    check = yaml.safe_load(macvlan_verify.RETURN)["checks"]["contains"]["evidence"]["contains"]["what"]
    causes = " ".join(conflict["cause"]["description"])
    suspicion = next(text for text in check["description"] if "suspected_cause" in text)
    names = set(re.findall(r"V\((\w+)\)", causes + suspicion)) - {"suspected_cause"}
    assert len(names) == 5
    assert names <= set(BY_ID)
