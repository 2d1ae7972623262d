# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netplan's YAML that defines the link, by its name or as a profile of NetworkManager that is passed through.

There may be no YAML parser on a host. A name of the link as a key, and NetworkManager's interface-name, are lines of
their own in every style that people and tools write but the one on a single line, which is recognised as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    CONFIGURES,
    MAKES,
    Maker,
    MakerKind,
    read_texts,
    uncommented,
    unhidden,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState

#: In the order in which a file hides one of its name in a later one (netplan-generate(8)).
DIRECTORIES = ("/run/netplan", "/etc/netplan", "/lib/netplan")


class NetplanMakers(MakerKind["Mapping[str, str]"]):
    name = "netplan"

    def read(self, host: HostState, links: Iterable[str]) -> Mapping[str, str]:
        if find("netplan") is None:
            return {}
        return unhidden(read_texts(f"{directory}/*.yaml" for directory in DIRECTORIES), DIRECTORIES)

    def find(self, found: Mapping[str, str], links: Iterable[str]) -> list[Maker]:
        makers = []
        for path in sorted(found, key=os.path.basename):
            text = uncommented(found[path])
            for link in links:
                if _passed_through(link).search(text):
                    makers.append(_maker(path, link, MAKES, f"connection.interface-name: {link}"))
                elif _key(link).search(text) or _set_name(link).search(text):
                    makers.append(_maker(path, link, CONFIGURES, f"a definition of {link}"))
        return makers


KIND = NetplanMakers()


def _key(link: str) -> re.Pattern[str]:
    """The name as a key: at the start of a line, or after a brace or comma; quoted or not."""
    return re.compile(rf"(?:^[ \t]*|[{{,][ \t]*)([\"']?){re.escape(link)}\1[ \t]*:(?=\s|{{|$)", re.MULTILINE)


def _set_name(link: str) -> re.Pattern[str]:
    return re.compile(rf"\bset-name[ \t]*:[ \t]*([\"']?){re.escape(link)}\1(?=[\s,}}]|$)")


def _passed_through(link: str) -> re.Pattern[str]:
    return re.compile(rf"\bconnection\.interface-name[\"']?[ \t]*:[ \t]*([\"']?){re.escape(link)}\1(?=[\s,}}]|$)")


def _maker(path: str, link: str, does: str, said: str) -> Maker:
    return Maker(KIND.name, link, path, "", does, f"netplan's file {path} with {said}", f"take {link} out of {path}")
