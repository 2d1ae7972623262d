# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every persistence back end is made of: what it sees of the host, what it renders, and how it is asked."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import exclusion
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import Merged
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import Interfaces

#: Second line of each file: the link that the file is for. What carries it and `_files.HEADER` belongs to that link.
LINK_LINE = "# Link: "
#: The same in files whose daemon drops comments when it writes them again.
LINK_KEY = "linuxnet-macvlan.link="

#: What unit names, globs, specifiers and shells all take literally. The kernel allows more in a name.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


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


@dataclass(frozen=True)
class NetworkdLink:
    """A device as systemd-networkd sees it. ``state`` is its SetupState (configured, unmanaged, …).

    file: the .network file in use, "" for none. drop_ins: None where this systemd does not tell (before 254).
    """

    index: int
    name: str
    state: str
    file: str = ""
    drop_ins: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Host:
    """What the back ends need to know of a host; read by `detect`, replaced by literals in unit tests.

    unfit: why nothing can be persisted from here at all, "" where it can.
    version: systemd's. networkd: its links by name, None where it does not run. foreign: devices on which networkd
    knows of addresses or routes that it did not make. unmanaged: NetworkManager's list of devices that it leaves alone,
    None where it does not run. exclusion: the text of nm_unmanaged's file, None where there is none. interfaces: what
    ifupdown reads, None where there is none of it. stopped: units of network managers that are enabled and do not run.
    sysctl: the path of systemd-sysctl(8).
    """

    unfit: str = ""
    version: int = 0
    networkd: Mapping[str, NetworkdLink] | None = None
    foreign: frozenset[str] = frozenset()
    unmanaged: Merged | None = None
    exclusion: str | None = None
    interfaces: Interfaces | None = None
    owners: Mapping[str, Owner] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    sysctl: str = "/usr/lib/systemd/systemd-sysctl"

    def owner(self, device: str) -> Owner:
        return self.owners.get(device, Owner())


@dataclass(frozen=True)
class Rendered:
    """What makes one link persistent: texts by path, and the names of the units that shall be enabled and active."""

    files: Mapping[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()

    def plus(self, files: Mapping[str, str]) -> Rendered:
        return Rendered({**files, **self.files}, self.units)


@dataclass(frozen=True)
class Refusal:
    """Why a back end cannot serve a link on this host, and what to do instead."""

    reason: str
    remedy: str


@dataclass(frozen=True)
class Action:
    """One write. ``kind`` names a function of `actions`; target: a path or a unit; text: what a file shall hold."""

    kind: str
    target: str = ""
    text: str = ""


@dataclass(frozen=True)
class Changed:
    """What differs: files to write and to remove, units to bring up and to take away.

    interrupted: an earlier run was killed, so daemons may not know of what it wrote or removed. again: files that are
    right, in that case. remade: files of links that the kernel makes anew. added: files to write that are not there
    yet.
    """

    write: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    remade: tuple[str, ...] = ()
    interrupted: bool = False
    added: frozenset[str] = frozenset()

    def below(self, directory: str) -> Changed:
        """The part that concerns the files of one directory."""
        return Changed(
            {path: text for path, text in self.write.items() if path.startswith(directory)},
            tuple(path for path in self.remove if path.startswith(directory)),
            self.start,
            self.stop,
            tuple(path for path in self.again if path.startswith(directory)),
            tuple(path for path in self.remade if path.startswith(directory)),
            self.interrupted,
            self.added,
        )

    def excluding(self, have: str | None, wanted: str | None, difference: Difference) -> Changed:
        """With what is to become of nm_unmanaged's file."""
        if not difference.compare(f"file {exclusion.PATH}", "", have, wanted):
            return self
        if wanted is None:
            return replace(self, remove=(*self.remove, exclusion.PATH))
        return replace(self, write={**self.write, exclusion.PATH: wanted})

    def file_actions(self) -> list[Action]:
        return [
            *(Action("write", path, text) for path, text in self.write.items()),
            *(Action("remove", path) for path in self.remove),
        ]


class Backend(ABC):
    """One way to make a link survive a reboot. Everything here is pure but `verify`."""

    #: The value of ``persistence`` that chooses it.
    name: str
    #: The daemon that configures links of this form; empty where none does.
    owner: str = ""

    @abstractmethod
    def suits(self, owner: Owner) -> bool:
        """Whether this is the native form for a parent of that owner."""

    @abstractmethod
    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        """Why it cannot work for this link here, None where it can."""

    @abstractmethod
    def render(self, link: DesiredLink, host: Host) -> Rendered:
        """The files and units of a link that is not refused."""

    @abstractmethod
    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        """What the daemon itself says is wrong with a link that was made persistent; it waits for it to settle."""


def head(link: str) -> str:
    """The first two lines of each file."""
    return f"{_files.HEADER}\n{LINK_LINE}{link}\n"


def link_of(text: str) -> str | None:
    """The link that a file is for; None for a file that is not ours."""
    lines = text.splitlines()
    keys = [line[len(LINK_KEY) :].strip() for line in lines if line.startswith(LINK_KEY)]
    if keys:
        return keys[0]
    if not _files.is_owned(text) or len(lines) < 2 or not lines[1].startswith(LINK_LINE):
        return None
    return lines[1][len(LINK_LINE) :].strip()


def parent_name(link: DesiredLink) -> str:
    if link.resolved is None:
        raise ValueError(f"the parent of {link.name} has not been resolved")
    return link.resolved.name
