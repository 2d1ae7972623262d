# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stanzas of ifupdown for the link, and commands in stanzas of other interfaces that make it (interfaces(5))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    CONFIGURES,
    MAKES,
    Maker,
    MakerKind,
    read_text,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.commands import called, line_that_makes, makes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.ifupdown import IfupdownState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import Stanza, stanzas
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, link_of


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


KIND = IfupdownMakers()


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
