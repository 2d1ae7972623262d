# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a persistence back end consists of: its files, its actions, its daemon, and the form that it gives to a link."""

from __future__ import annotations

import fnmatch
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from typing import Callable, ClassVar, TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink

#: Second line of each file: the link that the file is for. What carries it and `_files.HEADER` belongs to that link.
LINK_LINE = "# Link: "
#: The same in files whose daemon drops comments when it writes them again.
LINK_KEY = "linuxnet-macvlan.link"

#: The metric of the route to the subnet of a leased address: above all that managers give to a parent's own (0, 100,
#: 600, 1024, and 20000 more in NetworkManager), so that the parent stays the way to the subnet.
LEASE_METRIC = 32768

#: What unit names, globs, specifiers and shells all take literally. The kernel allows more in a name.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

DaemonState = TypeVar("DaemonState")


@dataclass(frozen=True)
class Owner:
    """Which daemons configure a device. Empty names: none does.

    names: as their units are called, such as systemd-networkd.
    evidence: what was read where, one sentence for each daemon.
    """

    names: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " and ".join(self.names) or "no daemon"

    def configures(self, device: str) -> str:
        """In words, with what was read where."""
        why = f" ({'; '.join(self.evidence)})" if self.evidence else ""
        return f"{self} configures {device}{why}"

    def plus(self, other: Owner) -> Owner:
        return Owner(self.names + other.names, self.evidence + other.evidence)


@dataclass(frozen=True)
class HostState:
    """What the back ends need to know of a host; read by `detect`, replaced by literals in unit tests.

    unfit: why nothing can be persisted from here at all, "" where it can.
    version: systemd's. daemons: what back ends have read of theirs, each a value of a type of its own.
    owners: who configures each parent. stopped: units of daemons that are enabled and do not run.
    sysctl, python: the paths of systemd-sysctl(8), and of the Python that services run.
    """

    unfit: str = ""
    version: int = 0
    daemons: tuple[object, ...] = ()
    owners: Mapping[str, Owner] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    sysctl: str = "/usr/lib/systemd/systemd-sysctl"
    python: str = "/usr/bin/python3"

    def owner(self, device: str) -> Owner:
        return self.owners.get(device, Owner())

    def daemon(self, kind: type[DaemonState]) -> DaemonState:
        """The state of one daemon; the default of that type, a daemon that does not run, where none was read."""
        return next((item for item in self.daemons if isinstance(item, kind)), kind())


@dataclass(frozen=True)
class Rendered:
    """What makes one link persistent: texts by path, and the names of the units that shall be enabled and active."""

    files: Mapping[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()

    def plus(self, files: Mapping[str, str]) -> Rendered:
        return Rendered({**files, **self.files}, self.units)

    def also(self, other: Rendered) -> Rendered:
        return Rendered({**self.files, **other.files}, (*self.units, *other.units))


@dataclass(frozen=True)
class Refusal:
    """Why a back end cannot serve a link on this host, and what to do instead."""

    reason: str
    remedy: str


@dataclass(frozen=True)
class Action:
    """One write. ``kind``: write or remove, of files, repair, of a directory's mode, or a verb of a `Part`.

    target: a path, a unit or a device.

    text, mode: of a file that is written. prune: the directory below which those go that a removal leaves empty.
    """

    kind: str
    target: str = ""
    text: str = ""
    mode: int = _files.FILE_MODE
    prune: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.target}".strip()


@dataclass(frozen=True)
class Verb:
    """How one kind of action is made. Only `actions` calls it.

    releases: it takes addresses, routes or the MAC of its target, a link that stays, for a moment.
    """

    kind: str
    make: Callable[[Action], object]
    releases: bool = False


@dataclass(frozen=True)
class Changed:
    """What differs: files to write and to remove, units to bring up and to take away.

    interrupted: an earlier run was killed, so daemons may not know of what it wrote or removed. again: files that are
    right, in that case. deleted: links that the kernel's part deletes or makes; remade: their files. added: files to
    write that are not there yet.
    """

    write: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    remade: tuple[str, ...] = ()
    interrupted: bool = False
    added: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()

    def of(self, patterns: Collection[str]) -> Changed:
        """The part that concerns the files at certain paths."""
        return replace(
            self,
            write={path: text for path, text in self.write.items() if matches(path, patterns)},
            remove=tuple(path for path in self.remove if matches(path, patterns)),
            again=tuple(path for path in self.again if matches(path, patterns)),
            remade=tuple(path for path in self.remade if matches(path, patterns)),
        )

    def sharing(
        self, have: Mapping[str, str | None], wanted: Mapping[str, str | None], difference: Difference
    ) -> Changed:
        """With what is to become of files that links share with others; None: of one that is not there."""
        changed = self
        for path, text in wanted.items():
            if not difference.compare(f"file {path}", "", have.get(path), text):
                continue
            if text is None:
                changed = replace(changed, remove=(*changed.remove, path))
            else:
                changed = replace(changed, write={**changed.write, path: text})
        return changed

    def file_actions(self, mode: int = _files.FILE_MODE, prune: str | None = None) -> list[Action]:
        return [
            *(Action("write", path, text, mode=mode) for path, text in self.write.items()),
            *(Action("remove", path, prune=prune) for path in self.remove),
        ]


class Part:
    """What keeps files for links: a back end, or something that several of them use. Pure but for its verbs."""

    #: Every path that can be its own, as glob patterns.
    patterns: ClassVar[tuple[str, ...]] = ()
    #: The mode of each of its files.
    mode: ClassVar[int] = _files.FILE_MODE
    #: What it does besides writing and removing files.
    verbs: ClassVar[tuple[Verb, ...]] = ()

    def own(self, changed: Changed) -> Changed:
        return changed.of(self.patterns)

    def before_kernel(self, changed: Changed, have: Mapping[str, str], host: HostState) -> list[Action]:
        """What goes before the kernel's part, where a daemon would put back what that takes away, or be faster.

        have: the files as they are, those of other parts too.
        """
        return []

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        """What makes a change of its files real, in order, once the links are as declared."""
        return self.own(changed).file_actions()


class Backend(Part, ABC):
    """One form of a persistent link: files and actions as in `Part`, and all there is to know of its daemon.

    All of it is pure but `read` and `verify`, which only read.
    """

    #: The value of ``persistence`` that chooses it.
    name: ClassVar[str]
    #: The daemon that configures links of this form, as `devices` calls it; empty where none does.
    owner: ClassVar[str] = ""
    #: That daemon's unit, where it takes over devices as soon as it runs.
    service: ClassVar[str] = ""

    def read(self) -> object | None:
        """The state of its daemon on this host, for `HostState.daemon`. Errors: CommandFailed."""
        return None

    def devices(self, host: HostState) -> Mapping[str, Owner]:
        """The devices that its daemon configures, and what says so."""
        return {}

    @abstractmethod
    def suits(self, owner: Owner) -> bool:
        """Whether this is the native form for a parent of that owner."""

    @abstractmethod
    def refuse(self, link: DesiredLink, host: HostState) -> Refusal | None:
        """Why it cannot work for this link here, None where it can."""

    @abstractmethod
    def render(self, link: DesiredLink, host: HostState) -> Rendered:
        """The files and units of a link that is not refused."""

    def exclude(self, link: DesiredLink, host: HostState) -> Mapping[str, str]:
        """Files that keep its daemon away from a link that another daemon, or none, configures."""
        return {}

    def keeps(self, link: DesiredLink, host: HostState, files: Mapping[str, str]) -> bool:
        """Whether a link of its form stays with it although its daemon does not configure the parent just now.

        files: those of ours that are there.
        """
        return False

    def overrules(self, link: DesiredLink, host: HostState, excluded: bool) -> Refusal | None:
        """What makes its daemon configure a link of another form. excluded: in spite of the files of `exclude`."""
        return None

    def keeps_down(self, parent: str, host: HostState) -> Refusal | None:
        """What makes its daemon take a parent down whenever somebody sets it up."""
        return None

    def share(self, host: HostState, links: Collection[str]) -> Mapping[str, str | None]:
        """Files that its links share with others: what they hold once these links have its form, None for no file."""
        return {}

    def verify(self, link: DesiredLink, host: HostState) -> list[str]:
        """What its daemon says is wrong with a link that was made persistent; it waits for the daemon to settle."""
        return []


def one_line(value: object) -> str:
    """A value as it stands in a file of lines. Errors: ValueError for one that would be more than a part of a line."""
    text = str(value)
    if not text.isprintable():
        raise ValueError(f"{text!r} is not one line of printable characters")
    return text


def section(name: str, lines: Iterable[tuple[str, object]]) -> str:
    """One section of a file of key=value lines, as systemd and NetworkManager read them."""
    return f"\n[{name}]\n" + "".join(f"{key}={one_line(value)}\n" for key, value in lines)


def keys(link: DesiredLink, form: str) -> dict[str, list[tuple[str, object]]]:
    """The declared attributes in a form of configuration: keys and values by section."""
    found: dict[str, list[tuple[str, object]]] = {}
    for row, value in link.declared():
        if form in row.keys:
            key = row.keys[form]
            found.setdefault(key.section, []).append((key.name, key.write(value)))
    return found


def inexpressible(link: DesiredLink, form: str, daemon: str, version: int = 0) -> str | None:
    """Why a declared attribute cannot be configured in that form, None where all can. version: systemd's."""
    for row, _value in link.declared():
        key = row.keys.get(form)
        if key is None and not row.harmless:
            return f"{daemon} has no key for {row.name}"
        if key is not None and version < key.since:
            return f"{row.name} needs systemd {key.since}, this is {version}"
    return None


def leaseless(link: DesiredLink, form: str) -> Refusal | None:
    """Why a form without a DHCP client cannot serve a link, None where it can."""
    if not link.dhcp:
        return None
    return Refusal(f"{form}, which could keep the lease of {link.name}", lease_remedy(link))


def lease_remedy(link: DesiredLink) -> str:
    parent = parent_name(link)
    return (
        f"give {link.name} a fixed address, or have systemd-networkd or NetworkManager configure {parent} and set"
        " persistence: auto"
    )


def matches(path: str, patterns: Collection[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def head(link: str) -> str:
    """The first two lines of each file."""
    return f"{_files.HEADER}\n{LINK_LINE}{one_line(link)}\n"


def link_of(text: str) -> str | None:
    """The link that a file is for; None for a file that is not ours."""
    lines = text.splitlines()
    named = [line.partition("=")[2].strip() for line in lines if line.startswith(f"{LINK_KEY}=")]
    if named:
        return named[0]
    if not _files.is_owned(text) or len(lines) < 2 or not lines[1].startswith(LINK_LINE):
        return None
    return lines[1][len(LINK_LINE) :].strip()


def parent_name(link: DesiredLink) -> str:
    if link.resolved is None:
        raise ValueError(f"the parent of {link.name} has not been resolved")
    return link.resolved.name
