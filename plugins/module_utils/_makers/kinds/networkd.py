# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of systemd-networkd that name the link: .netdev files, and .network files that make it or match it by its name.

A file in an earlier directory replaces one of its name in a later one; drop-ins add to it (systemd.netdev(5)). The
files count while systemd-networkd runs or is enabled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    CONFIGURES,
    MAKES,
    Maker,
    MakerKind,
    read_texts,
    unhidden,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import AWAY, MASKED, Adoption, Edit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import network_files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkd import (
    NETPLAN_FILES,
    Networkd,
    NetworkdState,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Action, HostState, link_of

DIRECTORIES = (*network_files.DIRECTORIES, "/lib/systemd/network")
SUFFIXES = (".netdev", ".network")
STACKED = ("MACVLAN", "MACVTAP", "IPVLAN", "IPVTAP", "VLAN", "VXLAN", "Tunnel", "MACsec", "Xfrm")


class NetworkdMakers(MakerKind["Mapping[str, str]"]):
    name = "systemd-networkd"

    def read(self, host: HostState, links: Iterable[str]) -> Mapping[str, str]:
        """Texts by path, each with its drop-ins at its end."""
        if not host.daemon(NetworkdState).running and Networkd.service not in host.stopped:
            return {}
        directories = [path for path in DIRECTORIES if os.path.realpath(path) == path]
        found = read_texts(f"{directory}/*{suffix}" for directory in directories for suffix in SUFFIXES)
        drop_ins = read_texts(f"{directory}/*{suffix}.d/*.conf" for directory in directories for suffix in SUFFIXES)
        return merge(unhidden(found, directories), drop_ins)

    def find(self, found: Mapping[str, str], links: Iterable[str]) -> list[Maker]:
        links = list(links)
        makers = [maker for path, text in found.items() for maker in _makers(path, parse(text), links)]
        # Without a .netdev file nothing is made of a link that a .network file asks for.
        made = {maker.link for maker in makers if maker.path.endswith(".netdev")}
        return [maker for maker in makers if maker.does == CONFIGURES or maker.link in made]

    def disable(self, maker: Maker, host: HostState) -> Adoption:
        """Files for the link alone go, or are masked. A line for it in a file of its parent means nothing without them.

        systemd-networkd goes on as before until it reads its files for another reason, such as those of ours.
        """
        resume = (Action("networkd remake", maker.link),) if maker.does == MAKES else ()
        if maker.does == MAKES and not maker.path.endswith(".netdev"):
            return Adoption(maker.link, resume=resume, keep=resume)
        if maker.path.startswith(f"{DIRECTORIES[0]}/"):
            return Adoption(maker.link, (Edit(maker.path, AWAY),), resume=resume, keep=resume)
        mask = f"{DIRECTORIES[0]}/{os.path.basename(maker.path)}"
        return Adoption(maker.link, (Edit(mask, MASKED),), resume=resume, keep=resume)


KIND = NetworkdMakers()


def merge(files: Mapping[str, str], drop_ins: Mapping[str, str]) -> dict[str, str]:
    """Each file that is not ours with those of its drop-ins that are not. Pure."""
    merged = {}
    for path, text in files.items():
        if link_of(text) is not None:
            continue
        folder = f"{os.path.basename(path)}.d"
        added = [
            more
            for other, more in sorted(drop_ins.items(), key=lambda item: os.path.basename(item[0]))
            if os.path.basename(os.path.dirname(other)) == folder and link_of(more) is None
        ]
        merged[path] = "\n".join([text, *added])
    return merged


def parse(text: str) -> list[tuple[str, str, str]]:
    """Section, key and value of each line, without quotes. Pure."""
    return [(section, key, value.strip('"')) for section, key, value in network_files.settings(text)]


def _makers(path: str, settings: list[tuple[str, str, str]], links: list[str]) -> list[Maker]:
    found: dict[str, Maker] = {}
    kind = next((value for section, key, value in settings if (section, key) == ("NetDev", "Kind")), "")
    unmanaged = any(item[:2] == ("Link", "Unmanaged") and item[2].lower() in network_files.TRUE for item in settings)
    for section, key, value in settings:
        for link in set(value.split()) & {*links}:
            if (section, key) == ("NetDev", "Name"):
                said = f"Name={link}" + (f" and Kind={kind}" if kind else "")
                found[link] = _maker(path, link, MAKES, said)
            elif section == "Network" and key in STACKED:
                found.setdefault(link, _maker(path, link, MAKES, f"{key}={link}"))
            elif (section, key) == ("Match", "Name") and value == link and not unmanaged:
                found.setdefault(link, _maker(path, link, CONFIGURES, f"Name={link} in [Match]"))
    return list(found.values())


def _maker(path: str, link: str, does: str, said: str) -> Maker:
    whose = "netplan's file" if path.startswith(NETPLAN_FILES) else "systemd-networkd's file"
    return Maker(KIND.name, link, path, "", does, f"{whose} {path} with {said}", f"take {said} out of {path}")
