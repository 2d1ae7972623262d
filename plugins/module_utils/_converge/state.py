# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as one run of macvlan_link finds it, together with what is declared for it. Reads only."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problem, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import uplink as _uplink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.files import Entry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.uplink import Uplink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import (
    MARK,
    DesiredLink,
    DesiredLinks,
    sysctl_path,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import read as _kernel
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, foreign_children
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import read_sysctls
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import Sysctls, own_sysctls
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import adoption, record
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import registry as _makers
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import MAKES, CannotDisable, Maker
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import Adoption
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import leases
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import sysctl as _settings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted

from . import parent_settings, rivals, siblings
from .parent_settings import Memory
from .rivals import Rival
from .siblings import Sibling

#: Addresses can be added where this is 0: the kernel has IPv6 and nobody switched it off for all interfaces.
NO_IPV6 = "net/ipv6/conf/all/disable_ipv6"


@dataclass(frozen=True)
class ConvergeOptions:
    """The options of macvlan_link, by their names."""

    links: list[dict] = field(default_factory=list)
    purge: bool = False
    persistence: str = "auto"
    recreate: str = "never"
    host_id: str | None = None

    @property
    def host(self) -> str:
        """The inventory name, or what comes closest."""
        return self.host_id or platform.node()


@dataclass(frozen=True)
class GivenBack:
    """What was disabled for a link. now: the files that were edited, by path."""

    adoption: Adoption
    now: Mapping[str, Entry | None]


@dataclass(frozen=True)
class ConvergeState:
    """Everything that a plan is made from.

    present: the declared links with their parent. removed: names that shall not be there. problems: of the declaration
    itself, and of parents that cannot be found. elsewhere: macvlan children of the parents in other network namespaces.
    memory: what parents' settings were before, as the file at memory_path has it. sysctls: the values of all settings
    that links and parents need. ipv6: whether the host has IPv6. uplink: what carries the controller's
    connection. rivals: other links in the subnet of a parent. siblings: others on it that answer ARP for it.
    makers: what else makes or configures a link of one of the names. adoptions: by link that is declared so, how those
    are disabled, or why they cannot be. given_back: what was disabled for links that shall not be there, and the files
    as they are now.
    """

    options: ConvergeOptions
    present: list[DesiredLink] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    facts: Facts = field(default_factory=Facts)
    elsewhere: list[tuple[Namespace, Link, Facts]] = field(default_factory=list)
    persisted: Persisted = field(default_factory=Persisted)
    memory: Memory = field(default_factory=dict)
    memory_path: str = ""
    sysctls: Sysctls = field(default_factory=dict)
    ipv6: bool = True
    uplink: Uplink | None = None
    rivals: tuple[Rival, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    makers: tuple[Maker, ...] = ()
    adoptions: Mapping[str, Adoption | str] = field(default_factory=dict)
    given_back: Mapping[str, GivenBack] = field(default_factory=dict)

    def deleted(self) -> list[str]:
        """The links that are removed from the kernel: what somebody else makes is left to that."""
        foreign = {maker.link for maker in self.makers}
        return [name for name in self.removed if name not in foreign]


def read(options: ConvergeOptions) -> ConvergeState:
    """Errors: CommandFailed, OSError."""
    problems = Problems(options.host)
    uplink = _uplink.find()
    desired = link_parser.parse(options.links, options.host, problems)
    facts = _kernel.read()
    present = _resolve(desired, facts, problems)
    present, facts, persisted = _with_files(present, facts)
    records = _records(persisted)
    removed = _removed(options, desired, facts, persisted.links() | records.keys(), problems)
    makers = _find_makers(present, removed, persisted)
    path = parent_settings.memory_path()
    memory = parent_settings.load(path, facts)
    return ConvergeState(
        options,
        present,
        removed,
        tuple(problems.items),
        facts,
        _elsewhere(present, facts),
        persisted,
        memory,
        path,
        _sysctls(present, memory),
        read_sysctls([NO_IPV6])[NO_IPV6] == 0,
        uplink,
        tuple(rivals.find(present, removed, facts)),
        siblings.find(present, removed, facts),
        makers,
        _adoptions(present, makers, persisted.host),
        _given_back(removed, records),
    )


def read_again(state: ConvergeState, at_work: bool = False) -> ConvergeState:
    """The same declaration, with the same parents, on the host as it is now. Errors: CommandFailed, OSError.

    at_work: this run has begun to write, so that the marker of an unfinished run is its own.
    """
    facts = _kernel.read()
    present = [link.on(facts.link(link.lower.name) or link.lower) for link in state.present]
    present, facts, persisted = _with_files(present, facts)
    if at_work:
        persisted = replace(persisted, interrupted=state.persisted.interrupted)
    memory = parent_settings.load(state.memory_path, facts)
    makers = _find_makers(present, state.removed, persisted)
    return replace(
        state,
        present=present,
        facts=facts,
        persisted=persisted,
        memory=memory,
        sysctls=_sysctls(present, memory),
        makers=makers,
        adoptions=_adoptions(present, makers, persisted.host),
        given_back=_given_back(state.removed, _records(persisted)),
    )


def _resolve(desired: DesiredLinks, facts: Facts, problems: Problems) -> list[DesiredLink]:
    """The links with their parents; a problem for each parent that is not there or cannot carry macvlan links."""
    resolved = []
    for link in desired.present:
        before = len(problems)
        parent = _parents.resolve(link.parent, facts, f"{link.key}.parent", problems)
        if parent is not None:
            _parents.check_capable(parent, facts, f"{link.key}.parent", link.parent, problems)
        if parent is not None and len(problems) == before:
            resolved.append(link.on(parent))
    return resolved


def _with_files(present: list[DesiredLink], facts: Facts) -> tuple[list[DesiredLink], Facts, Persisted]:
    """What the files of an earlier run say of links and addresses, and the files. Errors: CommandFailed, OSError."""
    persisted = _persistence.read(present)
    present = [_resetting(link, persisted) for link in present]
    return present, leases.marked(facts, present, persisted.files), persisted


def _resetting(link: DesiredLink, persisted: Persisted) -> DesiredLink:
    """With the settings that its file has from an earlier declaration."""
    names = _settings.written(link.name, persisted.files.get(_settings.path(link.name), ""))
    defaults = {name: sysctl_path("default", name) for name in names if name not in dict(link.sysctl)}
    values = read_sysctls(list(defaults.values()))
    found = [(name, values[path]) for name, path in defaults.items()]
    return replace(link, reset=tuple((name, value) for name, value in found if value is not None))


def _removed(
    options: ConvergeOptions, desired: DesiredLinks, facts: Facts, known: set[str], problems: Problems
) -> list[str]:
    """Names that shall not be there: declared absent, or ours and not declared at all.

    known: names of links that have files of ours.
    """
    declared = {link.name for link in desired.present}
    owned = {link.name for link in facts.links if link.alias == MARK} | known
    purged = sorted(owned - declared - set(desired.absent)) if options.purge else []
    for name, place in zip(desired.absent, desired.places):
        link = facts.link(name)
        if link is not None and link.kind != "macvlan":
            what = f"this is a {link.kind or 'hardware'} interface and no macvlan link"
            problems.add(place, name, what, "take it off the list: only macvlan links are removed")
    return [*desired.absent, *purged]


def _find_makers(present: Iterable[DesiredLink], removed: Iterable[str], persisted: Persisted) -> tuple[Maker, ...]:
    """What only configures a link, or does not start by itself (a profile without autoconnect), makes none of ours."""
    found = _makers.find([*(link.name for link in present), *removed], persisted.host)
    ours = persisted.links()
    return tuple(maker for maker in found if maker.link not in ours or (maker.starts and maker.does == MAKES))


def _records(persisted: Persisted) -> dict[str, Adoption]:
    """In a network namespace of its own, what was disabled belongs to the machine around it."""
    return {} if persisted.host.unfit else record.read()


def _given_back(removed: Iterable[str], records: Mapping[str, Adoption]) -> dict[str, GivenBack]:
    known = {link: records[link] for link in removed if link in records}
    return {link: GivenBack(item, adoption.entries(item)) for link, item in known.items()}


def _adoptions(present: Iterable[DesiredLink], makers: Iterable[Maker], host: HostState) -> dict[str, Adoption | str]:
    found: dict[str, Adoption | str] = {}
    for link in present:
        own = [maker for maker in makers if maker.link == link.name]
        if link.adopt and own:
            try:
                found[link.name] = adoption.read(own, host)
            except CannotDisable as error:
                found[link.name] = str(error)
    return found


def _elsewhere(present: Iterable[DesiredLink], facts: Facts) -> list[tuple[Namespace, Link, Facts]]:
    """Reading other namespaces takes time: it is done only for links with which a collision can be new."""
    parents = set()
    for link in present:
        current = facts.link(link.name)
        if current is None or current.mac != link.mac or link.mode == "passthru":
            parents.add(link.lower)
    everywhere = _kernel.read_all(routes=False) if parents else []
    return [child for parent in parents for child in foreign_children(everywhere, parent)]


def _sysctls(present: Iterable[DesiredLink], memory: Memory) -> Sysctls:
    own = [path for link in present for path, _name, _value in own_sysctls(link)]
    return read_sysctls([*parent_settings.paths(list(present), memory), *own])
