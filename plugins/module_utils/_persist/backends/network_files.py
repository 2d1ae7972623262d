# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-networkd's .network files: which of them it would apply to a macvlan link.

The first file by name that matches is the only one. Files of one name in several directories count as one, and an
empty one masks the others (systemd.network(5)). How ``[Match]`` takes a new macvlan link was measured with systemd 252
and 257: it is of type ether, kind macvlan and driver macvlan, and has neither a permanent MAC address nor a path.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import link_of

#: A file of an earlier one replaces those of the same name in later ones.
DIRECTORIES = tuple(f"{root}/systemd/network" for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))
SUFFIX = ".network"
#: parse_boolean(), systemd's src/basic/parse-util.c
TRUE = ("1", "yes", "y", "true", "t", "on")

#: Files that are read, and characters of each.
FILES, SIZE = 500, 1 << 16

#: What a macvlan link shows to keys that compare with patterns; None where it has nothing.
_ATTRIBUTES: dict[str, str | None] = {
    "Type": "ether",
    "Kind": "macvlan",
    "Driver": "macvlan",
    "Path": None,
    "WLANInterfaceType": None,
    "SSID": None,
}
_ADDRESSES = ("MACAddress", "PermanentMACAddress", "BSSID")
#: Keys that ask for something of the host; `systemd-analyze condition` knows them as conditions of units.
_CONDITIONS = ("Host", "Virtualization", "KernelCommandLine", "KernelVersion", "Version", "Architecture", "Firmware")
#: What udev knows of a link, or systemd-networkd was started with, is not known beforehand.
_UNKNOWN = ("Property", "Credential")
_KEYS = ("Name", *_ATTRIBUTES, *_ADDRESSES, *_CONDITIONS, *_UNKNOWN)


@dataclass(frozen=True)
class NetworkFile:
    """One file with its drop-ins.

    match: the values of [Match] by key, in their order. holds: whether the host is as its conditions want it, None
    where that is not known. unmanaged: it leaves links to others. link: the link that it is for, of a file of ours.
    activation: its ActivationPolicy, empty where it has none.
    """

    path: str
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holds: bool | None = True
    unmanaged: bool = False
    link: str | None = None
    activation: str = ""

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def __str__(self) -> str:
        words = [f"{key}={' '.join(values)}" for key, values in self.match.items()]
        return f"{self.path} ([Match] {' '.join(words)})"

    def takes(self, name: str, mac: str | None = None) -> bool | None:
        """Whether it applies to a macvlan link of that name; None where that is not known beforehand."""
        if not self.match or self.holds is False or not _pattern(self.match.get("Name", ()), name):
            return False
        for key, value in _ATTRIBUTES.items():
            if not _pattern(self.match.get(key, ()), value):
                return False
        for key in _ADDRESSES:
            listed = self.match.get(key)
            if listed and (key != "MACAddress" or mac is None or parse_mac(mac) not in map(parse_mac, listed)):
                return False
        return None if self.holds is None or any(key in self.match for key in _UNKNOWN) else True

    @property
    def pins_one(self) -> bool:
        """Whether it is for one device by its name or address; another one that comes later is not for it."""
        names = self.match.get("Name", ())
        if len(names) == 1 and not any(char in names[0] for char in "*?[!"):
            return True
        return any(len(self.match.get(key, ())) == 1 for key in ("MACAddress", "PermanentMACAddress"))


def _pattern(patterns: Sequence[str], value: str | None) -> bool:
    """systemd's net_condition_test_strv: ``!`` excludes, and what only excludes takes everything else."""
    taken = not any(not pattern.startswith("!") for pattern in patterns)
    for pattern in patterns:
        if value is not None and fnmatch.fnmatchcase(value, pattern.lstrip("!")):
            if pattern.startswith("!"):
                return False
            taken = True
    return taken


def settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of each line (systemd.syntax(7)). Pure."""
    section = None
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.strip()
        if stripped.startswith(("#", ";")):
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
        elif section is not None and "=" in stripped:
            key, _separator, value = stripped.partition("=")
            yield section, key.strip(), value.strip()


def parse(texts: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Sections and keys of a file and its drop-ins, with all values in order; an empty one drops those before. Pure."""
    sections: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        for section, key, value in settings(text):
            values = sections.setdefault(section, {})
            values[key] = [*values.get(key, []), value] if value else []
    return sections


def matching(values: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The keys of [Match] that systemd-networkd knows, as lists of words. Pure."""
    found = {key: tuple(_words(key, values.get(key, ()))) for key in _KEYS}
    return {key: words for key, words in found.items() if words}


def _words(key: str, values: Iterable[str]) -> Iterator[str]:
    """``!`` at the beginning of a list of patterns negates each of them (config_parse_match_strv)."""
    for value in values:
        if key in _CONDITIONS:
            yield value
            continue
        negated = value.startswith("!") and key not in _ADDRESSES
        yield from (f"!{word.lstrip('!')}" if negated else word for word in value.lstrip("!").split())


def read() -> tuple[NetworkFile, ...]:
    """All files that count, in the order of their names. Errors: none; what cannot be read matches nothing."""
    paths = sorted(_merged(DIRECTORIES, SUFFIX), key=os.path.basename)
    return tuple(found for path in paths[:FILES] for found in [_read(path)] if found is not None)


def _merged(directories: Iterable[str], suffix: str) -> list[str]:
    """One path for each name: that of the first directory that has it."""
    paths: dict[str, str] = {}
    for directory in directories:
        for name in os.listdir(directory) if os.path.isdir(directory) else ():
            if name.endswith(suffix):
                paths.setdefault(name, f"{directory}/{name}")
    return list(paths.values())


def _read(path: str) -> NetworkFile | None:
    text = _text(path)
    if not text:
        return None
    folders = [f"{directory}/{os.path.basename(path)}.d" for directory in DIRECTORIES]
    drop_ins = sorted(_merged(folders, ".conf"), key=os.path.basename)
    sections = parse([text, *map(_text, drop_ins)])
    match = matching(sections.get("Match", {}))
    device = sections.get("Link", {})
    unmanaged = (device.get("Unmanaged") or ["no"])[-1].lower() in TRUE
    activation = (device.get("ActivationPolicy") or [""])[-1]
    conditions = tuple(f"Condition{key}={value}" for key in _CONDITIONS for value in match.get(key, ()))
    return NetworkFile(path, match, _holds(conditions), unmanaged, link_of(text), activation)


def _text(path: str) -> str:
    """Empty for a link to /dev/null, too."""
    try:
        return (_files.read(path) or "")[:SIZE]
    except OSError:
        return ""


@lru_cache(maxsize=None)
def _holds(conditions: tuple[str, ...]) -> bool | None:
    """systemd judges its own conditions; nothing is started for that. Once in a run: they do not change meanwhile."""
    if not conditions:
        return True
    if find("systemd-analyze") is None:
        return None
    return run(["systemd-analyze", "condition", *conditions], check=False).rc == 0


def winner(files: Iterable[NetworkFile], link: DesiredLink, before: str = "") -> NetworkFile | None:
    """The first file of somebody else's that applies, or may apply, to a link; before: among those that sort first."""
    for file in files:
        if file.link is None and (not before or file.name < before) and file.takes(link.name, link.mac) is not False:
            return file
    return None
