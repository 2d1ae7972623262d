# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The persistent form of links: read it, plan it, write it, and read back what the host made of it.

`auto` takes the native form of the daemon that owns the parent. `read` and `verify` only read, `plan` is pure, `apply`
and `release` write.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from types import MappingProxyType

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import systemd
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import Access
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import LEASED, DesiredLink

from . import actions, announcer, detect, registry, sysctl, units
from .base import PLAIN_NAME, Action, Changed, HostState, Rendered, lease_remedy, link_of, parent_name


@dataclass(frozen=True)
class Persisted:
    """What is there now. ``files`` holds every text at a path that could be ours, also texts that are not.

    interrupted: an earlier run was killed while it wrote. access: who may use files and directories of ours, by path.
    """

    host: HostState = field(default_factory=HostState)
    files: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, UnitState] = field(default_factory=dict)
    interrupted: bool = False
    access: Mapping[str, Access] = field(default_factory=dict)

    def links(self) -> set[str]:
        """The names of all links that have a file of ours."""
        return {name for name in map(link_of, self.files.values()) if name}

    def unsafe(self) -> list[str]:
        """Directories of ours that others may write to, or that are closed to those who have to read them."""
        return [
            path
            for path, access in self.access.items()
            if access.kind == "directory" and _files.safe_mode(path, access.mode) != access.mode
        ]


@dataclass(frozen=True)
class Choice:
    """The form of one link.

    backend: the name of one, or none. reason: why that, in words. owner, evidence: the parent's.
    """

    link: str
    backend: str
    reason: str
    owner: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Steps:
    """All writes of one run, in order; false where there are none. ``files``: every text that shall then be there.

    before: what goes before the kernel's part. actions: what comes after it.
    """

    before: tuple[Action, ...] = ()
    actions: tuple[Action, ...] = ()
    choices: tuple[Choice, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.actions)

    def released(self) -> list[str]:
        """The links that stay, and that a daemon takes down on the way."""
        return [action.target for action in self.before if actions.releases(action)]

    def choice(self, link: str) -> Choice | None:
        return next((item for item in self.choices if item.link == link), None)


def read(present: Iterable[DesiredLink] = ()) -> Persisted:
    """Everything `plan` needs. Errors: CommandFailed."""
    host = detect.read({parent_name(link) for link in present})
    if host.unfit:
        return Persisted(host, access=_access([_files.RUN]))
    files = read_files()
    names = {*units.names(files)} | {unit for link in present for unit in units.of_link(link.name)}
    ours = [path for path, text in files.items() if link_of(text) is not None]
    directories = [path for path in map(os.path.dirname, ours) if _files.directory_mode(path) is not None]
    access = _access([*_files.DIRECTORIES, *sorted({*directories}), *ours])
    return Persisted(host, files, systemd.unit_states(sorted(names)), actions.interrupted(), access)


def read_files() -> dict[str, str]:
    """All files at the places where ours can be, by path. A dangling link has no text and is not ours either."""
    paths = [path for pattern in registry.patterns() for path in sorted(glob.glob(pattern))]
    return {path: _files.read(path) or "" for path in paths}


def _access(paths: Iterable[str]) -> dict[str, Access]:
    found = {path: _files.access(path) for path in paths}
    return {path: access for path, access in found.items() if access is not None}


def choose(
    link: DesiredLink,
    host: HostState,
    persistence: str,
    problems: Problems,
    files: Mapping[str, str] = MappingProxyType({}),
) -> Choice:
    """The form that a link gets here, and why. Pure. A problem is added where the one asked for cannot work.

    files: those of ours that are there.
    """
    if persistence == "none" or host.unfit:
        return _choose_none(link, host, persistence, problems)
    parent = parent_name(link)
    owner = host.owner(parent)
    for what, name, key in (("link", link.name, "name"), ("parent", parent, "parent")):
        if not PLAIN_NAME.fullmatch(name):
            remedy = "rename it to letters, digits, dots, dashes and underscores, or set persistence: none"
            problem = f"a {what} of this name cannot be written into files of systemd"
            problems.add(f"{link.key}.{key}", name, problem, remedy)
    found = f"{parent} belongs to {owner}" + (f" ({'; '.join(owner.evidence)})" if owner.evidence else "")
    if persistence != "auto":
        refusal = registry.backend(persistence).refuse(link, host)
        if refusal:
            problems.add("persistence", persistence, f"{link.name}: {refusal.reason}", refusal.remedy)
        return Choice(link.name, persistence, f"persistence is {persistence}; {found}", str(owner), owner.evidence)
    if host.stopped and not owner.names:
        units_of = " and ".join(host.stopped)
        problem = f"nothing configures {parent} now, and {units_of} is enabled and does not run, so it may later"
        problems.add("persistence", persistence, f"{link.name}: {problem}", f"start {units_of}, or name a form")
    reasons = [found]
    if not owner.names:
        for backend in registry.BACKENDS:
            if backend.keeps(link, host, files):
                reason = f"{found}, and {link.name} stays with {backend.owner}, which has it configured"
                return Choice(link.name, backend.name, reason, str(owner), owner.evidence)
    for backend in sorted(registry.BACKENDS, key=lambda item: not item.suits(owner)):
        refusal = backend.refuse(link, host)
        if refusal is None:
            return Choice(link.name, backend.name, "; ".join(reasons), str(owner), owner.evidence)
        if backend.suits(owner):
            reasons.append(f"not {backend.name}: {refusal.reason}")
    _refuse_all(link, persistence, reasons, problems)
    return Choice(link.name, "none", "; ".join(reasons), str(owner), owner.evidence)


def _choose_none(link: DesiredLink, host: HostState, persistence: str, problems: Problems) -> Choice:
    why = "persistence is none" if persistence == "none" else host.unfit
    if persistence not in ("auto", "none"):
        problems.add("persistence", persistence, host.unfit, "set persistence: auto or none")
    if link.dhcp:
        _refuse_lease(link, [why], problems)
    return Choice(link.name, "none", why)


def _refuse_all(link: DesiredLink, persistence: str, reasons: list[str], problems: Problems) -> None:
    if link.dhcp:
        _refuse_lease(link, reasons, problems)
    else:
        problems.add("persistence", persistence, f"{link.name}: {'; '.join(reasons)}", "set persistence: none")


def _refuse_lease(link: DesiredLink, reasons: list[str], problems: Problems) -> None:
    problem = f"nobody would keep the lease of {link.name}: {'; '.join(reasons)}"
    problems.add(f"{link.key}.addresses", LEASED, problem, lease_remedy(link))


def _check_overruled(link: DesiredLink, choice: Choice, host: HostState, persistence: str, problems: Problems) -> None:
    """A daemon that would configure the link in spite of its form: found before anything is written."""
    owner = "" if choice.backend == "none" else registry.backend(choice.backend).owner
    for backend in registry.BACKENDS:
        if host.unfit or (owner and backend.owner == owner):
            continue
        refusal = backend.overrules(link, host, excluded=choice.backend != "none")
        if refusal:
            problems.add("persistence", persistence, f"{link.name}: {refusal.reason}", refusal.remedy)


def _check_parent_up(link: DesiredLink, host: HostState, problems: Problems) -> None:
    """A parent that is set up on consent, and taken down again at once: found before anything is written."""
    for backend in () if host.unfit or not link.parent_up else registry.BACKENDS:
        refusal = backend.keeps_down(parent_name(link), host)
        if refusal:
            remedy = f"{refusal.remedy}, or leave parent_up out"
            problems.add(f"{link.key}.parent_up", True, refusal.reason, remedy)


def plan(
    state: Persisted,
    present: Iterable[DesiredLink],
    removed: Iterable[str],
    persistence: str,
    difference: Difference,
    problems: Problems,
    deleted: frozenset[str] = frozenset(),
) -> Steps:
    """Note differences (targets ``file PATH`` and ``unit NAME``) and problems; links in neither list stay. Pure.

    present: links with their parent resolved. deleted: names that the kernel's part deletes or makes.
    """
    present = list(present)
    before = len(problems)
    choices = tuple(choose(link, state.host, persistence, problems, state.files) for link in present)
    for link, choice in zip(present, choices):
        _check_overruled(link, choice, state.host, persistence, problems)
        _check_parent_up(link, state.host, problems)
    _check_directories(state, problems)
    if len(problems) > before:
        return Steps(choices=choices)
    repairs = _repairs(state, difference)
    if state.host.unfit:
        return Steps(actions=repairs, choices=choices)
    rendered = [_render(link, choice, state.host) for link, choice in zip(present, choices)]
    wanted = {path: text for item in rendered for path, text in item.files.items()}
    for link, item in zip(present, rendered):
        for path in item.files:
            _check_ours(path, link.key, state, problems)
    if len(problems) > before:
        return Steps(choices=choices)
    ours = {link.name for link in present} | set(removed)
    wanted_units = {unit: UnitState(enabled=True, active=True) for item in rendered for unit in item.units}
    changed = compare(state, wanted, wanted_units, ours, deleted, difference)
    changed = changed.sharing(shared(state.host), shared(state.host, choices), difference)
    if state.interrupted and difference.compare("persistence", "run", "interrupted", "complete"):
        changed = replace(changed, again=tuple(wanted), start=tuple(wanted_units), interrupted=True)
    first, last = before_kernel(changed, state.files, state.host), after_kernel(changed, state.host)
    return Steps(tuple(first), (*repairs, *last), choices, wanted)


def shared(host: HostState, choices: Iterable[Choice] = ()) -> dict[str, str | None]:
    """The files that links share with others, once these links have the forms that were chosen. Pure."""
    choices = list(choices)
    files: dict[str, str | None] = {}
    for backend in registry.BACKENDS:
        files.update(backend.share(host, [choice.link for choice in choices if choice.backend == backend.name]))
    return files


def before_kernel(changed: Changed, have: Mapping[str, str], host: HostState) -> list[Action]:
    """Everything that goes before the kernel's part; keepers stop before a daemon releases a link. Pure.

    have: the files as they are.
    """
    parts = sorted(registry.parts(), key=lambda part: part is not units.PART)
    return [action for part in parts for action in part.before_kernel(changed, have, host)]


def after_kernel(changed: Changed, host: HostState) -> list[Action]:
    """Everything that makes a change real, in order. Pure."""
    return [action for part in registry.parts() for action in part.after_kernel(changed, host)]


def _render(link: DesiredLink, choice: Choice, host: HostState) -> Rendered:
    """With what every form has in common: settings, and files that keep other daemons away from the link."""
    if choice.backend == "none":
        return Rendered()
    chosen = registry.backend(choice.backend)
    settings = sysctl.render(link)
    files = {sysctl.path(link.name): settings} if settings else {}
    for other in registry.BACKENDS:
        if other.owner != chosen.owner:
            files.update(other.exclude(link, host))
    return chosen.render(link, host).plus(files).also(announcer.render(link, host))


def _check_directories(state: Persisted, problems: Problems) -> None:
    """One of another user's is not repaired: what is in it may be that user's, too."""
    for path in state.access:
        if path in _files.DIRECTORIES or state.access[path].kind == "directory":
            why = _files.untrusted(state.access[path])
            if why:
                problems.add("persistence", path, why, _files.NOT_TRUSTED)


def _repairs(state: Persisted, difference: Difference) -> tuple[Action, ...]:
    """Of the modes of directories; before anything is written there."""
    unsafe = state.unsafe()
    for path in unsafe:
        mode = state.access[path].mode
        difference.compare(f"directory {path}", "mode", f"{mode:04o}", f"{_files.safe_mode(path, mode):04o}")
    return tuple(Action("repair", path) for path in unsafe)


def _check_ours(path: str, key: str, state: Persisted, problems: Problems) -> None:
    text = state.files.get(path)
    if text is not None and link_of(text) is None:
        problems.add(key, path, "a file that is not ours is in the way", "move it away, or give the link another name")


def compare(
    state: Persisted,
    files: Mapping[str, str],
    unit_states: Mapping[str, UnitState],
    ours: Collection[str],
    deleted: frozenset[str],
    difference: Difference,
) -> Changed:
    """Compare files and units as they are with what they shall be; only files of links in `ours` may be removed. Pure.

    A unit without a file is off; one that is to be on starts again with each change of its link.
    """
    unsafe = state.unsafe()
    # What is in a directory that was writable is written again, and what was unreadable is to be read now.
    write = {
        path: text
        for path, text in files.items()
        if _files.compare(path, state.files.get(path), text, state.access.get(path), difference, registry.mode(path))
        or os.path.dirname(path) in unsafe
    }
    remove = tuple(path for path, text in state.files.items() if path not in files and link_of(text) in ours)
    for path in remove:
        difference.compare(f"file {path}", "", state.files[path], None)
    without = units.names(remove)
    touched = {link_of(text) for text in [*write.values(), *(state.files[path] for path in remove)]} | deleted
    restarted = {unit for link in touched if link for unit in units.of_link(link)}
    start, stop = [], []
    for unit, wanted in {**dict.fromkeys(without, UnitState()), **unit_states}.items():
        differs = _compare_unit(unit, state, wanted, difference)
        if wanted.enabled or wanted.active:
            start += [unit] if differs or unit in restarted else []
        else:
            stop += [unit] if differs or unit in without else []
    remade = tuple(path for path, text in files.items() if link_of(text) in deleted)
    added = frozenset({*write} - {*state.files})
    return Changed(write, remove, tuple(start), tuple(stop), remade=remade, added=added, deleted=deleted)


def _compare_unit(unit: str, state: Persisted, wanted: UnitState, difference: Difference) -> bool:
    have = state.units.get(unit, UnitState())
    enabled = difference.compare(f"unit {unit}", "enabled", have.enabled, wanted.enabled)
    return difference.compare(f"unit {unit}", "active", have.active, wanted.active) or enabled


def check_writable(steps: Steps, problems: Problems) -> None:
    """A file that can be neither written nor removed is a problem before anything is changed."""
    for action in steps.actions:
        if action.kind in ("write", "repair", "remove") and _files.unwritable(action.target):
            what = "its directory cannot be written to: a read-only file system, or no permission"
            problems.add("persistence", action.target, what, "make it writable, or set persistence: none")


def release(steps: Steps) -> list[str]:
    """Make the steps that go before all of the kernel's; what was done, in words. Errors: PersistFailed."""
    return actions.begin(steps.before) if steps.before else []


def apply(steps: Steps) -> list[str]:
    """Make the steps, after all of the kernel's; what was done, in words. Errors: PersistFailed."""
    return actions.apply(steps.actions)


def verify(state: Persisted, present: Iterable[DesiredLink], steps: Steps) -> list[str]:
    """Where files, systemd and daemons are not as planned, in words. Waits for them to settle."""
    present = list(present)
    files = steps.files.items()
    wrong = [f"{path} does not hold what was written" for path, text in files if _files.read(path) != text]
    removed = {action.target for action in steps.actions if action.kind == "remove"} - {*steps.files}
    wrong += [f"{path} is still there" for path in sorted(removed) if os.path.lexists(path)]
    chosen = [(link, steps.choice(link.name)) for link in present]
    kept = [(link, registry.backend(choice.backend)) for link, choice in chosen if choice and choice.backend != "none"]
    for link, backend in kept:
        wrong += backend.verify(link, state.host)
        rendered = backend.render(link, state.host).also(announcer.render(link, state.host))
        wrong += systemd.check_units(list(rendered.units))
    owners = detect.owners([link.name for link, _backend in kept]) if kept else {}
    for link, backend in kept:
        owner = owners[link.name]
        if owner.names != tuple(filter(None, [backend.owner])):
            evidence = "; ".join(owner.evidence) or "none knows it"
            wrong.append(f"{link.name} shall belong to {backend.owner or 'no daemon'}: {owner} ({evidence})")
    return wrong
