# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts of an administrator that run at boot or when an interface comes up, and make a link of the name.

A script that is not executable makes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    FILES,
    MAKES,
    Maker,
    MakerKind,
    paths,
    read_text,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.commands import (
    line_that_makes,
    makes,
    with_called,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, link_of

SCRIPTS = (
    "/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/*", "/etc/local.d/*.start",
    "/etc/network/if-pre-up.d/*", "/etc/network/if-up.d/*",
    "/etc/NetworkManager/dispatcher.d/*", "/etc/NetworkManager/dispatcher.d/pre-up.d/*",
    "/etc/networkd-dispatcher/*.d/*", "/etc/dhcp/dhclient-enter-hooks.d/*", "/etc/dhcp/dhclient-exit-hooks.d/*",
)  # fmt: skip
#: Tables of cron, and configuration of other tools that make links: read whoever may execute them.
TABLES = (
    "/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/*", "/var/spool/cron/crontabs/*",
    "/etc/sysconfig/network-scripts/ifcfg-*", "/etc/sysconfig/network/ifcfg-*", "/etc/conf.d/net", "/etc/netctl/*",
)  # fmt: skip


class ScriptMakers(MakerKind["Mapping[str, tuple[str, ...]]"]):
    name = "script"

    def read(self, host: HostState, links: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Texts by path, each with those of the files that it calls."""
        found = [path for path in paths(SCRIPTS) if os.access(path, os.X_OK)] + paths(TABLES)
        return {path: tuple(with_called(read_text(path))) for path in found[:FILES] if os.path.isfile(path)}

    def find(self, found: Mapping[str, tuple[str, ...]], links: Iterable[str]) -> list[Maker]:
        return [
            _maker(path, texts, link)
            for link in links
            for path, texts in found.items()
            if link_of(texts[0]) is None and makes(_naming(path, texts), link)
        ]


KIND = ScriptMakers()


def _naming(path: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The name of such a file names the link."""
    return (*texts, os.path.basename(path)[len("ifcfg-") :]) if os.path.basename(path).startswith("ifcfg-") else texts


def _maker(path: str, texts: tuple[str, ...], link: str) -> Maker:
    words = f"the script {path} with `{line_that_makes(texts)}`"
    return Maker(KIND.name, link, path, "", MAKES, words, f"take that out of {path}")
