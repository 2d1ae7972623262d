# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A survey: the reads that take milliseconds first, then everything that waits for answers at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import Any, Dict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending

from .names import CONFLICTS, CONTAINERS, DHCP, EXCLUSION, KERNEL, LINKS, REACHABILITY
from .parts import PARTS

#: What a part returns: the result of its module.
PartResult = Dict[str, Any]
#: Of a part that was not asked for, or that what was found before makes pointless.
SKIPPED: PartResult = {"changed": False, "skipped": True}


def _as_given(_argument_spec: dict, given: dict) -> tuple[dict, str]:
    return given, ""


@dataclass(frozen=True)
class SurveyRequest:
    """options: of the parts that are asked for, by name. complete: validates those of a part by its argument spec and
    adds defaults; returns them, and why they are not valid, or an empty text.

    thorough: whether reachability counts also where something differs. dhcp_in_service: whether DHCP servers are asked
    also where the host has all its addresses. check: whether Ansible only predicts, so that no reachability is probed.
    """

    options: Mapping[str, dict] = field(default_factory=dict)
    complete: Callable[[dict, dict], tuple[dict, str]] = _as_given
    thorough: bool = True
    dhcp_in_service: bool = True
    check: bool = False


def survey(request: SurveyRequest) -> dict:
    """What the module returns: the result of each part by its name, ``as_declared`` and ``settled``.

    Never fails: a part that does says so in its result. Changes nothing.
    """
    looked = _Survey(request)
    looked.run()
    return looked.result()


class _Survey:
    def __init__(self, request: SurveyRequest) -> None:
        self._request = request
        self._found: dict[str, PartResult] = {}
        self._as_declared = False

    def run(self) -> None:
        self._read(KERNEL)
        if self._differs(KERNEL):
            # Nothing else can be said of links that the kernel cannot make, and asking would load the module.
            return
        self._read(EXCLUSION)
        self._read(LINKS)
        self._read(CONTAINERS)
        # A run would write nothing, and nothing of an earlier one waits for it.
        self._as_declared = not self._differs(EXCLUSION, LINKS, CONTAINERS) and not pending.remains()
        asks = self._as_declared or (self._request.thorough and not self._of(LINKS).get("failed"))
        # Two threads that import the same would wait for each other.
        for name in (CONFLICTS, REACHABILITY) if asks else (CONFLICTS,):
            self._load(name)
        with ThreadPoolExecutor(max_workers=2) as executor:
            others = executor.submit(self._look_for_others)
            if asks:
                self._read(REACHABILITY)
            others.result()

    def _load(self, name: str) -> None:
        if name in self._request.options:
            PARTS[name].load()

    def _look_for_others(self) -> None:
        """One after the other: what a DHCP server asks for an address is not to be taken for someone who wants it."""
        self._read(CONFLICTS)
        if self._request.dhcp_in_service or not in_service(self._of(CONFLICTS)):
            self._read(DHCP)

    def result(self) -> dict:
        parts = {name: dict(self._of(name)) for name in PARTS}
        warnings = list(dict.fromkeys(text for part in parts.values() for text in part.pop("warnings", ())))
        answered = parts[REACHABILITY].get("passed", True)
        settled = self._as_declared and answered and not any(part.get("failed") for part in parts.values())
        return {"changed": False, "as_declared": self._as_declared, "settled": settled, **parts, "warnings": warnings}

    def _read(self, name: str) -> None:
        if name in self._request.options:
            self._found[name] = _result(name, self._request)

    def _of(self, name: str) -> PartResult:
        return self._found.get(name, SKIPPED)

    def _differs(self, *names: str) -> bool:
        found = [self._of(name) for name in names]
        return any(part.get("failed") or part.get("changed") or part.get("drift") for part in found)


def _result(name: str, request: SurveyRequest) -> PartResult:
    try:
        task = PARTS[name].load()
        options, refused = request.complete(task.argument_spec(), request.options[name])
        return failure(refused) if refused else PARTS[name].run(task, options, request.check)
    except Exception as error:  # noqa: BLE001  (a module would end with a traceback; the other parts have their say)
        return failure(f"{PARTS[name].module} failed: {type(error).__name__}: {error}")


def in_service(conflicts: Mapping[str, list]) -> bool:
    """Whether the host has all addresses that were asked for one by one, and at least one."""
    asked = conflicts.get("results") or []
    return bool(asked) and all(item["status"] == "own" for item in asked)
