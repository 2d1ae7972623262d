# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc/network/interfaces: which files ifupdown reads, and for which interfaces it has stanzas (interfaces(5))."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterator
from dataclasses import field
from typing import Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

MAIN = "/etc/network/interfaces"

#: The names that ``source-directory`` takes (interfaces(5), "INCLUDING OTHER FILES").
DIRECTORY_NAMES = re.compile(r"[A-Za-z0-9_-]+")

#: What begins a stanza (interfaces(5), "FILE FORMAT").
_BEGINS = re.compile(r"iface|mapping|auto|source|source-directory|rename|template|no-auto-down|no-scripts|allow-\S+")


@dataclass(frozen=True)
class Interfaces:
    """texts: every file that ifupdown reads, by path. sources: word (source or source-directory) and its pattern."""

    texts: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()

    def reads(self, path: str) -> bool:
        """Whether ifupdown would read a file of that path. Pure."""
        return any(_takes(word, pattern, path) for word, pattern in self.sources)

    def stanzas(self, interface: str) -> list[str]:
        """The files that configure an interface. Pure."""
        return [
            path
            for path, text in self.texts.items()
            if any(words[:1] == ["iface"] and words[1:2] == [interface] for words in _lines(text))
        ]

    def mapping(self, interface: str) -> str | None:
        """The file with a mapping that ``ifup`` asks for the stanza of an interface. Pure."""
        for path, text in self.texts.items():
            for words in _lines(text):
                if words[0] == "mapping" and any(fnmatch.fnmatchcase(interface, pattern) for pattern in words[1:]):
                    return path
        return None


@dataclass(frozen=True)
class Stanza:
    """A line that begins one, with those that belong to it.

    keyword: iface, auto, source, mapping or allow-…. names: the words after it. first: the index of its first line in
    the file. lines: as they stand there, comments inside and continued lines included.
    """

    keyword: str
    names: tuple[str, ...]
    first: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def stanzas(text: str) -> list[Stanza]:
    """All of a file. Pure."""
    found: list[Stanza] = []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        first = index
        while lines[index].endswith("\\") and index + 1 < len(lines):
            index += 1
        index += 1
        whole = tuple(lines[first:index])
        words = " ".join(line.rstrip("\\") for line in whole).split()
        if words and _BEGINS.fullmatch(words[0]):
            found.append(Stanza(words[0], tuple(words[1:]), first, whole))
        elif found and found[-1].keyword in ("iface", "mapping"):
            last = found[-1]
            found[-1] = Stanza(last.keyword, last.names, last.first, (*last.lines, *whole))
    return [_without_tail(stanza) for stanza in found]


def _without_tail(stanza: Stanza) -> Stanza:
    """Empty lines and comments at its end belong to nothing, or to what comes next."""
    lines = list(stanza.lines)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return Stanza(stanza.keyword, stanza.names, stanza.first, tuple(lines))


def read() -> Interfaces | None:
    """What ifupdown reads here, None where there is no such configuration."""
    texts: dict[str, str] = {}
    sources: list[tuple[str, str]] = []
    waiting = [MAIN]
    while waiting:
        path = waiting.pop(0)
        text = _files.read(path) if path not in texts and not os.path.isdir(path) else None
        if text is None:
            continue
        texts[path] = text
        for word, pattern in includes(text, os.path.dirname(path)):
            sources.append((word, pattern))
            paths = glob.glob(f"{pattern}/*" if word == "source-directory" else pattern)
            waiting += sorted(found for found in paths if _takes(word, pattern, found))
    return Interfaces(texts, tuple(sources)) if MAIN in texts else None


def includes(text: str, directory: str) -> list[tuple[str, str]]:
    """Word and absolute pattern of each line that includes other files. Pure."""
    return [
        (words[0], os.path.normpath(os.path.join(directory, pattern)))
        for words in _lines(text)
        if words[0] in ("source", "source-directory")
        for pattern in words[1:]
    ]


def _lines(text: str) -> Iterator[list[str]]:
    """The words of each line; a backslash at its end continues it, ``#`` at its start makes it a comment."""
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            yield words


def _takes(word: str, pattern: str, path: str) -> bool:
    folder, name = os.path.split(path)
    if word == "source-directory":
        return fnmatch.fnmatchcase(folder, pattern) and DIRECTORY_NAMES.fullmatch(name) is not None
    # As in a shell, a wildcard takes no slash and no leading dot.
    return path.count("/") == pattern.count("/") and not name.startswith(".") and fnmatch.fnmatchcase(path, pattern)
