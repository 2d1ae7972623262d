# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stanzas of ifupdown for the link, and commands in stanzas of other interfaces that make it (interfaces(5))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    CONFIGURES,
    MAKES,
    CannotDisable,
    Maker,
    MakerKind,
    read_text,
    word,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.commands import called, line_that_makes, makes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import COMMENTED, Adoption, Edit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.ifupdown import IfupdownState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import Stanza, stanzas
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Action, HostState, link_of

#: In the place of a line that is written again without the link.
INSTEAD = "instead:"


@dataclass(frozen=True)
class Stanzas:
    """texts: the files that ifupdown reads. called: those that commands in them name; both by path."""

    texts: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)


class IfupdownMakers(MakerKind["Stanzas"]):
    name = "ifupdown"

    def read(self, host: HostState, links: Iterable[str]) -> Stanzas:
        configuration = host.daemon(IfupdownState).configuration
        if configuration is None or find("ifup") is None:
            return Stanzas()
        texts = {path: text for path, text in configuration.texts.items() if link_of(text) is None}
        return Stanzas(texts, {path: read_text(path) for text in texts.values() for path in called(text)})

    def find(self, found: Stanzas, links: Iterable[str]) -> list[Maker]:
        makers = [
            maker
            for link in links
            for path, text in found.texts.items()
            for stanza in stanzas(text)
            for maker in _makers(path, stanza, link, found)
        ]
        # An interface can have a stanza for each family.
        return list(dict.fromkeys(makers))

    def disable(self, maker: Maker, host: HostState) -> Adoption:
        """What names the link becomes a comment, and ifupdown forgets that the link is up without taking it down."""
        text = _files.read(maker.path, newline="") or ""
        rest = [stanza.text for stanza in stanzas(comment(text, maker.link)) if stanza.keyword == "iface"]
        if any(makes([item, *map(read_text, called(item))], maker.link) for item in rest):
            raise CannotDisable(f"a script that {maker.path} calls makes the link")
        up = maker.link in host.daemon(IfupdownState).up
        return Adoption(
            maker.link,
            (Edit(maker.path, COMMENTED),),
            (Action("ifupdown forget", maker.link),) if up else (),
            (),
            (Action("ifup", maker.link),) if up else (),
            (Action("ifupdown remember", maker.link),) if up else (),
        )


KIND = IfupdownMakers()


def comment(text: str, link: str) -> str:
    """A file without what concerns a link: stanzas of it, and lines that name it in stanzas of others. Pure.

    A line for several interfaces is followed by one without the link. Lines that follow what has gone may belong to the
    stanza before it now.
    """
    after = _comment(text, link)
    while after != text:
        text, after = after, _comment(after, link)
    return after


def _comment(text: str, link: str) -> str:
    lines = text.split("\n")
    for stanza in reversed(stanzas(text)):
        inside = range(stanza.first, stanza.first + len(stanza.lines))
        whole = stanza.keyword in ("iface", "mapping") and link in stanza.names[:1]
        if whole or (stanza.keyword != "iface" and stanza.names == (link,)):
            for index in inside:
                lines[index] = f"{_mark(link)}{lines[index]}"
        elif stanza.keyword == "iface":
            for index in _naming(lines, inside, link):
                lines[index] = f"{_mark(link)}{lines[index]}"
        elif link in stanza.names and stanza.keyword not in ("source", "source-directory"):
            others = " ".join(name for name in stanza.names if name != link)
            for index in inside:
                lines[index] = f"{_mark(link)}{lines[index]}"
            lines.insert(inside[-1] + 1, f"{stanza.keyword} {others}")
            lines.insert(inside[-1] + 1, f"{_mark(link)}{INSTEAD}")
    return "\n".join(lines)


def _naming(lines: list[str], inside: range, link: str) -> Iterator[int]:
    """The lines of another interface's stanza that name the link, with those that continue them."""
    continued = False
    for index in inside[1:]:
        continued = continued or word(link).search(lines[index]) is not None
        if continued and not lines[index].lstrip().startswith("#"):
            yield index
        continued = continued and lines[index].endswith("\\")


def uncomment(text: str, link: str) -> str:
    """Undo `comment`. Pure."""
    mark = _mark(link)
    found: list[str] = []
    instead = False
    for line in text.split("\n"):
        if line.startswith(mark):
            instead = line == f"{mark}{INSTEAD}"
            found += [] if instead else [line[len(mark) :]]
        elif instead:
            instead = False
        else:
            found.append(line)
    return "\n".join(found)


def _mark(link: str) -> str:
    return f"#linuxnet.macvlan {link}# "


def _makers(path: str, stanza: Stanza, link: str, found: Stanzas) -> Iterator[Maker]:
    if stanza.keyword != "iface":
        return
    texts = [stanza.text, *(found.called.get(item, "") for item in called(stanza.text))]
    command = line_that_makes(texts)
    if link in stanza.names:
        said = f"the stanza iface {link}" + (f" and `{command}`" if command else "")
        yield _maker(path, link, MAKES if command else CONFIGURES, said)
    elif any(makes([line, *(found.called.get(item, "") for item in called(line))], link) for line in stanza.lines):
        yield _maker(path, link, MAKES, f"the stanza iface {stanza.names[0]} and `{command}`")


def _maker(path: str, link: str, does: str, said: str) -> Maker:
    return Maker(KIND.name, link, path, "", does, f"ifupdown's file {path} with {said}", f"take that out of {path}")
