# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of scripts: whether they make a macvlan link of a name, and which other files they call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .base import read_text, uncommented, word

#: Programs of the distribution, which name no link, and what is no script.
PROGRAMS = ("/bin/", "/sbin/", "/lib/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/dev/", "/proc/", "/sys/", "/run/")
#: Files that a unit or script calls and that are read as well.
CALLED = 10
#: Characters of a command in a message.
LINE_MAX = 120
#: Every way to make one with ip(8) or nmcli(1) names the type; files of key=value lines have their own words for it.
TYPE = re.compile(
    r"\btype\s+macv(?:lan|tap)\b|^\s*(?:TYPE|DEVICETYPE|Kind)=[\"']?macv(?:lan|tap)|^\s*MACVLAN_(?:DEVICE|PARENT)=",
    re.MULTILINE | re.IGNORECASE,
)


def makes(texts: Iterable[str], link: str) -> bool:
    """Whether a script, with what it calls, names a link and has a command that makes macvlan links. Pure."""
    text = "\n".join(map(uncommented, texts))
    return TYPE.search(text) is not None and word(link).search(text) is not None


def line_that_makes(texts: Iterable[str]) -> str:
    """The first command that makes a macvlan link, empty where there is none. Pure."""
    lines = (line.strip()[:LINE_MAX] for text in texts for line in uncommented(text).splitlines())
    return next((line for line in lines if TYPE.search(line)), "")


def called(text: str) -> list[str]:
    """Paths that a text names and that are no programs of the distribution. Pure."""
    paths = dict.fromkeys(re.findall(r"(?<![\w.-])/[\w./+@-]+", uncommented(text)))
    return [path for path in paths if not path.startswith(PROGRAMS)][:CALLED]


def with_called(text: str, commands: str | None = None) -> Iterator[str]:
    """A text, and those of the files that it, or its part `commands`, calls."""
    yield text
    yield from map(read_text, called(text if commands is None else commands))
