# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's configuration files: which are read, in which order, and the list of unmanaged devices that results.

The rules are those of ``read_entire_config`` and ``read_config`` in NetworkManager's src/core/nm-config.c.
``NetworkManager --print-config`` prints the list that NetworkManager merges itself, and that one decides.
"""

from __future__ import annotations

import os
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from . import specs as specs_

#: Read in this order; a file in a later directory hides one of the same name in an earlier one.
VENDOR = "/usr/lib/NetworkManager/conf.d"
RUNTIME = "/run/NetworkManager/conf.d"
LOCAL = "/etc/NetworkManager/conf.d"
#: Read after RUNTIME and before LOCAL. The first one that exists is the only one.
MAIN_FILES = ("/etc/NetworkManager/nm-system-settings.conf", "/etc/NetworkManager/NetworkManager.conf")
DIRECTORIES = (VENDOR, RUNTIME, LOCAL)

GROUP = "keyfile"
KEY = "unmanaged-devices"

REPLACE, ADD, REMOVE = "replace", "add", "remove"
_OPERATIONS = {KEY: REPLACE, f"{KEY}+": ADD, f"{KEY}-": REMOVE}
_OPERATORS = {REPLACE: "=", ADD: "+=", REMOVE: "-="}


@dataclass(frozen=True)
class File:
    path: str
    text: str


@dataclass(frozen=True)
class Contribution:
    """One line about unmanaged devices in one file. operation: ``replace``, ``add`` or ``remove``."""

    path: str
    operation: str
    specs: list[str]

    def __str__(self) -> str:
        return f"{KEY}{_OPERATORS[self.operation]}{','.join(self.specs)}"

    def as_data(self) -> dict[str, object]:
        return {"path": self.path, "operation": self.operation, "specs": list(self.specs)}


@dataclass
class Merged:
    """The list that results from all files, and every line that contributed to it, in order."""

    specs: list[str] = field(default_factory=list)
    contributions: list[Contribution] = field(default_factory=list)

    def source(self, spec: str) -> Contribution | None:
        """The line that added a spec of the list."""
        found = [item for item in self.contributions if item.operation != REMOVE and spec in item.specs]
        return found[-1] if found else None


def parse(text: str) -> dict[str, dict[str, str]]:
    """A GKeyFile as NetworkManager sees it: groups of raw values; a repeated key holds its last value."""
    groups: dict[str, dict[str, str]] = {}
    group: dict[str, str] | None = None
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped or line.lstrip().startswith("#"):
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            group = groups.setdefault(stripped[1:-1], {})
        elif group is not None and "=" in line:
            key, dummy, value = line.partition("=")
            group[key.strip()] = value.strip()
    return groups


def unescape(raw: str) -> str:
    """A raw value as g_key_file_get_string returns it."""
    known = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    result, index = "", 0
    while index < len(raw):
        char = raw[index]
        if char == "\\" and index + 1 < len(raw):
            index += 1
            char = known.get(raw[index], "\\" + raw[index])
        result += char
        index += 1
    return result


def is_enabled(groups: dict[str, dict[str, str]], version: str) -> bool:
    """Whether a snippet's ``[.config] enable=`` includes this version of NetworkManager."""
    value = groups.get(".config", {}).get("enable")
    if value is None:
        return True
    if value.lower() in ("1", "yes", "true", "on"):
        return True
    if value.lower() in ("0", "no", "false", "off"):
        return False
    rules = specs_.split(unescape(value))
    positive = [rule for rule in rules if not specs_.is_except(rule)]
    if any(_version_rule(rule[len(specs_.EXCEPT) :], version) for rule in rules if specs_.is_except(rule)):
        return False
    return any(_version_rule(rule, version) for rule in positive) if positive else bool(rules)


def _version_rule(rule: str, version: str) -> bool:
    """``nm-version:1.42``, ``nm-version-min:`` and ``nm-version-max:``; missing numbers match anything.

    A rule with a micro version applies to its own minor series only (NetworkManager's match_config_eval).
    """
    tag, dummy, wanted = rule.partition(":")
    compare = {"nm-version": 0, "nm-version-min": 1, "nm-version-max": -1}.get(tag.lower())
    if compare is None or not wanted:
        return False
    try:
        numbers = [int(part) for part in wanted.split(".")]
        have = [int(part) for part in version.split(".")[: len(numbers)]]
    except ValueError:
        return False
    if len(have) < len(numbers) or have[:-1] != numbers[:-1]:
        return False
    difference = have[-1] - numbers[-1]
    return difference == 0 or difference * compare > 0


def merge(files: list[File], version: str) -> Merged:
    """``[keyfile] unmanaged-devices`` of all files: ``=`` replaces, ``+=`` adds, ``-=`` removes."""
    merged = Merged()
    for file in files:
        groups = parse(file.text)
        if not is_enabled(groups, version) and file.path not in MAIN_FILES:
            continue
        for key, raw in groups.get(GROUP, {}).items():
            operation = _OPERATIONS.get(key)
            if operation is None:
                continue
            specs = specs_.split(unescape(raw))
            merged.contributions.append(Contribution(file.path, operation, specs))
            if operation == REPLACE:
                merged.specs = specs
            elif operation == ADD:
                merged.specs = merged.specs + [spec for spec in dict.fromkeys(specs) if spec not in merged.specs]
            else:
                merged.specs = [spec for spec in merged.specs if spec not in specs]
    return merged


def order(files: list[File]) -> list[File]:
    """The files that NetworkManager reads, in its order, without those that a file of the same name hides."""
    ordered = sorted(files, key=lambda file: file.path)
    by_directory = {
        directory: [file for file in ordered if os.path.dirname(file.path) == directory] for directory in DIRECTORIES
    }
    names = {directory: {os.path.basename(file.path) for file in found} for directory, found in by_directory.items()}
    main = [file for path in MAIN_FILES for file in files if file.path == path][:1]
    vendor = [file for file in by_directory[VENDOR] if os.path.basename(file.path) not in names[LOCAL] | names[RUNTIME]]
    runtime = [file for file in by_directory[RUNTIME] if os.path.basename(file.path) not in names[LOCAL]]
    return [*vendor, *runtime, *main, *by_directory[LOCAL]]


def with_file(files: list[File], path: str, text: str | None) -> list[File]:
    """The files as they would be with one written (or removed)."""
    others = [file for file in files if file.path != path]
    return others if text is None else [*others, File(path, text)]


def read_files() -> list[File]:
    """All configuration files of this host."""
    paths = list(MAIN_FILES)
    for directory in filter(os.path.isdir, DIRECTORIES):
        paths += [os.path.join(directory, name) for name in os.listdir(directory) if name.endswith(".conf")]
    return [File(path, text) for path in paths for text in [read(path)] if text is not None]


def printed() -> dict[str, dict[str, str]]:
    """The configuration as NetworkManager itself merges the files that are there now. Errors: CommandFailed."""
    return parse(run(["NetworkManager", "--print-config"]).out)


def specs_of(groups: dict[str, dict[str, str]]) -> list[str]:
    """The list of unmanaged devices of a merged configuration."""
    return specs_.split(unescape(groups.get(GROUP, {}).get(KEY, "")))
