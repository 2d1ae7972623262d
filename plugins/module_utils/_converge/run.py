# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of macvlan_link: read everything, plan everything, then write, then read back."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending as place
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import uplink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.guard import guarded
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import NO_REQUEST, Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Undo
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import links as _links
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, Desired, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, foreign_children
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read, read_all
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import read_sysctls
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import apply as _link_apply
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import plan as _link_plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.apply import ApplyFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import Step
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence

from . import checks as _link_checks
from . import lockout
from . import parent_settings as _parent_settings
from .undo import LinkSnapshot

#: Seconds in which kernel and daemons have to have arrived at what was asked of them.
SETTLE_TIMEOUT = 10.0
SETTLE_INTERVAL = 0.2


@dataclass(frozen=True)
class Options:
    """The options of macvlan_link, by their names."""

    links: list[dict] = field(default_factory=list)
    purge: bool = False
    persistence: str = "auto"
    recreate: str = "never"
    host_id: str | None = None


@dataclass
class _Planned:
    """Everything that one look at the host leads to."""

    difference: Difference
    links: list[Step]
    memory: dict
    steps: _persistence.Steps

    @property
    def choices(self) -> dict[str, _persistence.Choice]:
        return {choice.link: choice for choice in self.steps.choices}


class _Run:
    def __init__(self, options: Options, request: Request) -> None:
        self.options = options
        self.request = request
        self.uplink: uplink.Uplink | None = None
        self.problems = Problems(options.host_id or platform.node())
        self.memory_path = _parent_settings.memory_path()
        self.facts = Facts()
        self.persisted = _persistence.Persisted()
        self.present: list[DesiredLink] = []
        self.removed: list[str] = []

    def require(self) -> None:
        """Errors: InvalidInput as soon as there is any problem; all that are known are told."""
        if self.problems:
            raise InvalidInput(self.problems)

    def prepare(self) -> None:
        """Read the input and the host and check the one against the other."""
        check_pyroute2(self.problems)
        check_capabilities(self.problems, CAP_NET_ADMIN)
        self.request.check(self.problems)
        self.require()
        self.uplink = uplink.find()
        desired = _links.parse(self.options.links, self.problems.host, self.problems)
        self.facts = read()
        self.present = _link_checks.resolve(desired, self.facts, self.problems)
        self.persisted = _persistence.read(self.present)
        self.removed = self._removed(desired)
        _link_checks.check(
            self.present,
            self.removed,
            self.facts,
            self._elsewhere(),
            has_ipv6(),
            self.options.recreate == "when_needed",
            self.problems,
        )
        _parent_settings.check(self.present, self.problems)

    def _removed(self, desired: Desired) -> list[str]:
        """Names that shall not be there: declared absent, or ours and not declared at all."""
        declared = {link.name for link in desired.present}
        owned = {link.name for link in self.facts.links if link.alias == MARK}
        owned |= self.persisted.links()
        purged = sorted(owned - declared - set(desired.absent)) if self.options.purge else []
        for name in desired.absent:
            link = self.facts.link(name)
            if link is not None and link.kind != "macvlan":
                what = f"this is a {link.kind or 'hardware'} interface and no macvlan link"
                self.problems.add("links", name, what, "take it off the list: only macvlan links are removed")
        return [*desired.absent, *purged]

    def _elsewhere(self) -> list[tuple[Namespace, Link, Facts]]:
        """Children of the parents in other namespaces; a look is worth its time only where a collision can be new."""
        news = []
        for link in self.present:
            current = self.facts.link(link.name)
            if current is None or current.mac != link.mac or link.mode == "passthru":
                news.append(link.lower)
        if not news:
            return []
        everywhere = read_all()
        return [child for parent in set(news) for child in foreign_children(everywhere, parent)]

    def plan(self) -> _Planned:
        """Pure but for reading settings and files. Errors: InvalidInput."""
        memory = _parent_settings.load(self.memory_path, self.facts)
        paths = _parent_settings.paths(self.present, memory)
        paths += [path for link in self.present for path, _name, _value in _link_plan.own_sysctls(link)]
        sysctls = read_sysctls(paths)
        files = Difference()
        steps = _persistence.plan(
            self.persisted,
            self.present,
            self.removed,
            self.options.persistence,
            files,
            self.problems,
            self._deleted(),
        )
        self.require()
        # A file says whose a link is; where there is none, the link itself has to.
        marked = {choice.link for choice in steps.choices if choice.backend == "none"}
        difference = Difference()
        links = _link_plan.plan(self.present, self.removed, self.facts, sysctls, marked, difference)
        parents = _parent_settings.plan(self.present, self.removed, memory, sysctls, difference)
        difference.extend(files)
        if not difference and parents.memory != memory:
            # An earlier run was killed just before its end.
            difference.compare("settings of parents", "memory", "outdated", "current")
        return _Planned(difference, [*parents.before, *links, *parents.after], parents.memory, steps)

    def _deleted(self) -> frozenset[str]:
        """Names of links that the kernel's part deletes or makes: nobody else may do that at the same time."""
        found = ((link, self.facts.link(link.name)) for link in self.present)
        made = {link.name for link, now in found if not now or _link_plan.needs_recreation(link, now, self.facts)}
        return frozenset({*made, *(name for name in self.removed if self.facts.link(name))})

    def check_writable(self, planned: _Planned) -> None:
        """Errors: InvalidInput where files could not be written."""
        _persistence.check_writable(planned.steps, self.problems)
        self.require()

    def check_uplink(self, planned: _Planned) -> None:
        """Errors: InvalidInput where the controller would be cut off."""
        steps, released = planned.links, planned.steps.released()
        lockout.check(self.uplink, self.facts, steps, released, self.present, self.request, self.problems)
        self.require()

    def snapshot(self, planned: _Planned) -> Undo:
        """Read everything that `apply` could touch; the result puts it back. Errors: OSError."""
        carriers = self.uplink.carriers if self.uplink else ()
        return LinkSnapshot(
            self.present, self.removed, carriers, self.persisted, planned.steps, self.memory_path, self.facts
        ).undo

    def apply(self, planned: _Planned) -> list[str]:
        """Write: the kernel first, as the persistent form adopts the links that it finds."""
        before = _parent_settings.load(self.memory_path, self.facts)
        _parent_settings.save(self.memory_path, _parent_settings.merged(before, planned.memory), self.facts)
        actions, links = [], planned.links
        if planned.steps.before:
            actions = _persistence.release(planned.steps)
            # A daemon that lets go of a link takes some of what it had set.
            self.facts = read()
            links = self.plan().links
        _link_apply.apply(links)
        actions += _persistence.apply(planned.steps)
        _parent_settings.save(self.memory_path, planned.memory, self.facts)
        return actions

    def settle(self) -> None:
        """Read back until nothing differs. Errors: ApplyFailed with what still does."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while True:
            self.facts, self.persisted = read(), _persistence.read(self.present)
            self.present = [link.on(self.facts.link(link.lower.name) or link.lower) for link in self.present]
            planned = self.plan()
            remaining = planned.difference.messages()
            if not remaining:
                remaining = _persistence.verify(self.persisted, self.present, planned.steps)
            if not remaining:
                return
            if time.monotonic() > deadline:
                raise ApplyFailed("everything was accepted, and this still differs: " + "; ".join(remaining))
            time.sleep(SETTLE_INTERVAL)


def has_ipv6() -> bool:
    """Whether addresses can be added: the kernel has IPv6 and nobody switched it off for all interfaces."""
    path = "net/ipv6/conf/all/disable_ipv6"
    return read_sysctls([path])[path] == 0


def converge(options: Options, check_mode: bool = False, request: Request = NO_REQUEST) -> dict[str, object]:
    """What the module returns.

    Errors: Busy, InvalidInput and GuardFailed before the first write; ApplyFailed and PersistFailed after it, or
    ChangeUndone where the change is guarded.
    """
    if not check_mode:
        place.wait_until_free()
    run = _Run(options, request)
    warning = place.leftover(run.problems.host, keep=check_mode)
    run.prepare()
    planned = run.plan()
    run.check_writable(planned)
    run.check_uplink(planned)
    result = _result(run, planned)
    result["warnings"] = [warning] if warning else []
    if planned.difference and not check_mode:
        with guarded(request, planned.difference.messages(), lambda: run.snapshot(planned)) as guard:
            actions = run.apply(planned)
            run.settle()
            result = {**result, **_result(run, planned), "actions": actions}
            if guard is not None:
                guard.complete(result)
    return result


def _result(run: _Run, planned: _Planned) -> dict[str, object]:
    return {
        "changed": bool(planned.difference),
        "diff": planned.difference.ansible_diff(),
        "messages": planned.difference.messages(),
        "actions": [],
        "removed": [name for name in run.removed if planned.difference.of(_link_plan.target(name))],
        "links": [_as_data(link, planned.choices[link.name]) for link in run.present],
        "uplink": run.uplink.as_data() if run.uplink else None,
    }


def _as_data(link: DesiredLink, choice: _persistence.Choice) -> dict[str, object]:
    intended = _link_plan.intended(link)
    return {
        "name": link.name,
        **{name: intended.get(name) for name in ("parent", "mode", "mac", "mtu", "addresses", "routes")},
        "persistence": choice.backend,
        "reason": choice.reason,
    }
