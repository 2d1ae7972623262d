# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kind of maker consists of: where it is looked for, and what it finds for a link's name."""

from __future__ import annotations

import glob
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, Generic, TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState

from .record import Adoption

#: Files of one kind that are read, and octets of each.
FILES, SIZE = 500, 1 << 16

MAKES, CONFIGURES = "makes", "configures"

Found = TypeVar("Found")


@dataclass(frozen=True)
class Maker:
    """What makes or configures a link, and is not of this collection.

    kind: the name of a `MakerKind`. link: the name of the link. path: a file; empty for a profile that is in memory
    only. name: what else it is known by: a profile's name, a unit. does: ``makes`` or ``configures``. words: what it is
    and what it says, as a subject. remove: how an administrator removes it. starts: by itself, at boot.
    """

    kind: str
    link: str
    path: str
    name: str
    does: str
    words: str
    remove: str
    starts: bool = True

    def __str__(self) -> str:
        return f"{self.words} {self.does} {self.link}"


class CannotDisable(Exception):
    """Why a maker has to be removed by hand; in words."""


class MakerKind(ABC, Generic[Found]):
    """One kind. `read` reads and `find` is pure."""

    name: ClassVar[str]

    @abstractmethod
    def read(self, host: HostState, links: Iterable[str]) -> Found:
        """Everything of this kind on a host. Errors: CommandFailed, OSError."""

    @abstractmethod
    def find(self, found: Found, links: Iterable[str]) -> list[Maker]:
        """The makers of links of these names."""

    def disable(self, maker: Maker, host: HostState) -> Adoption:
        """How one of its makers is disabled in a way that can be undone. Reads only. Errors: CannotDisable, OSError."""
        raise CannotDisable(f"nothing can disable {maker.path} in a way that can be undone")


def read_texts(patterns: Iterable[str]) -> dict[str, str]:
    """The beginnings of all files at these patterns, by path; empty for what cannot be read."""
    return {path: text for path in dict.fromkeys(paths(patterns)[:FILES]) for text in [read_text(path)]}


def paths(patterns: Iterable[str]) -> list[str]:
    """What is at these patterns, in their order."""
    return [path for pattern in patterns for path in sorted(glob.glob(pattern))]


def read_text(path: str) -> str:
    """The beginning of a file, empty where there is none that can be read."""
    return _files.read_start(path, SIZE)


def unhidden(texts: Mapping[str, str], directories: Iterable[str]) -> dict[str, str]:
    """Without files that one of the same name in an earlier directory replaces, and without empty ones.

    An empty file, or a link to /dev/null, masks those of its name (systemd.network(5), nm-settings-keyfile(5)). Pure.
    """
    order = list(directories)
    first: dict[str, str] = {}
    for path in sorted(texts, key=lambda item: order.index(os.path.dirname(item))):
        first.setdefault(os.path.basename(path), path)
    return {path: text for path, text in texts.items() if path in first.values() and text.strip()}


def word(link: str) -> re.Pattern[str]:
    """A link's name as a word of its own in any text."""
    return re.compile(rf"(?<![\w.-]){re.escape(link)}(?![\w-]|\.\d)")


def uncommented(text: str) -> str:
    """Without the lines that are comments, and with continued lines as one."""
    lines = text.replace("\\\n", " ").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("#", ";")))
