# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of this boot: when units of the administrator made links, and when the parents were there. Reads only."""

from __future__ import annotations

import glob
import json
import os
import re
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import read_start
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import link_of

from .journal import without_secrets
from .schema import BootData, BootParentData, BootUnitData, JournalLine

#: Where administrators put units (systemd.unit(5)), and files that belong to a unit of the distribution.
UNITS = ("/etc/systemd/system/*.service", "/run/systemd/system/*.service", "/usr/local/lib/systemd/system/*.service")
OF_UNITS = {
    "/etc/rc.local": "rc-local.service",
    "/etc/network/interfaces": "networking.service",
    "/etc/network/interfaces.d/*": "networking.service",
}
#: Programs of the distribution, which name no link.
PROGRAMS = ("/bin/", "/sbin/", "/lib/", "/usr/bin/", "/usr/sbin/", "/usr/lib/")
#: Bytes of a unit or script that is read, and how many of them.
SIZE, FILES = 65536, 300
#: Seconds after the start of systemd that count as boot; lines of the journal that are read, and kept of a unit.
BOOT, LINES, KEPT = 600, 500, 20
#: What NetworkManager, systemd-networkd and the kernel say when a device can be used.
READY = re.compile(r"device activated|[Gg]ained carrier|link becomes ready")
#: Units that show what another unit waits for.
ORDER = re.compile(r"\.device$|^network.*\.target$|^NetworkManager|^systemd-networkd|^networking\.service$")
SHOWN = "Id,FragmentPath,Result,ExecMainStatus,After,InactiveExitTimestampMonotonic"


def gather(links: Iterable[str], parents: Iterable[str]) -> BootData | None:
    """The units that are not of this collection and name one of the links, and when each parent was there and ready.

    None where systemd is not the init.

    Errors: CommandFailed.
    """
    if unfitness():
        return None
    links, parents = list(links), list(parents)
    named = _units(links)
    if not named:
        return {"units": {}, "parents": {}}
    start = int(_shown(["--property=UserspaceTimestampMonotonic"])[0]["UserspaceTimestampMonotonic"]) / 1e6
    journal = _Journal(start, {*links, *parents, *named})
    shown = {item["Id"]: item for item in _shown([f"--property={SHOWN}", *named])}
    said = journal.read([f"--unit={name}" for name in named])
    units: dict[str, BootUnitData] = {
        name: {
            "links": sorted(found),
            "path": shown[name]["FragmentPath"],
            "result": shown[name]["Result"],
            "status": int(shown[name]["ExecMainStatus"]),
            "after": sorted(unit for unit in shown[name]["After"].split() if ORDER.search(unit)),
            "started": journal.seconds(shown[name]["InactiveExitTimestampMonotonic"]),
            "said": [item.as_data() for item in said if name in item.units][:KEPT],
        }
        for name, found in named.items()
        if name in shown
    }
    return {"units": units, "parents": {name: _parent(name, journal) for name in parents}}


@dataclass(frozen=True)
class _Entry:
    """at: seconds after the start of systemd. units: which it is from or about."""

    at: float | None
    text: str
    units: frozenset[str] = frozenset()

    def as_data(self) -> JournalLine:
        return {"at": self.at, "text": self.text}


class _Journal:
    """The first minutes of this boot. start: that of systemd by CLOCK_MONOTONIC, in seconds.

    names: of links and units.
    """

    def __init__(self, start: float, names: Collection[str]) -> None:
        self.start = start
        self._names = names
        end = time.time() - time.monotonic() + start + BOOT
        self._argv = ["journalctl", "--boot", f"--until=@{end:.0f}", f"--lines={LINES}", "--output=json", "--quiet"]

    def seconds(self, microseconds: str) -> float | None:
        """0 is what systemd gives for never."""
        return round(int(microseconds) / 1e6 - self.start, 3) if int(microseconds) else None

    def read(self, matches: list[str]) -> list[_Entry]:
        """Oldest first."""
        out = run([*self._argv, *matches], check=False).out
        found = [json.loads(line) for line in out.splitlines()]
        return [
            _Entry(
                self.seconds(item["__MONOTONIC_TIMESTAMP"]),
                without_secrets(item["MESSAGE"], self._names),
                frozenset(filter(None, (item.get("_SYSTEMD_UNIT"), item.get("UNIT")))),
            )
            for item in found
            # A message that is no text is a list of bytes, one too long is null (journalctl(1), --output=json).
            if isinstance(item.get("MESSAGE"), str)
        ]


def _parent(name: str, journal: _Journal) -> BootParentData:
    """None for what is not in the journal. said: the lines that show it."""
    lines = journal.read([f"INTERFACE={name}", "+", f"NM_DEVICE={name}"])
    unit = f"sys-subsystem-net-devices-{_escape(name)}.device"
    active = journal.seconds(
        _shown(["--property=ActiveEnterTimestampMonotonic", unit])[0]["ActiveEnterTimestampMonotonic"]
    )
    if active is not None:
        lines.insert(0, _Entry(active, f"{unit} is there"))
    ready = [item for item in lines if READY.search(item.text)]
    said = [*lines[:1], *ready[:1]]
    return {
        "there": lines[0].at if lines else None,
        "ready": ready[0].at if ready else None,
        "said": [item.as_data() for item in said],
    }


def _shown(arguments: list[str]) -> list[dict[str, str]]:
    """What ``systemctl show`` prints, one for each unit."""
    blocks = run(["systemctl", "show", *arguments]).out.strip().split("\n\n")
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]


def _escape(name: str) -> str:
    """A part of a unit's name (systemd-escape(1)). Pure."""
    return "".join(char if char.isalnum() or char in ":_." else f"\\x{ord(char):02x}" for char in name)


def _units(links: Iterable[str]) -> dict[str, set[str]]:
    """Units of the administrator -> the links that they, or scripts that they call, name."""
    words = {link: re.compile(rf"(?<![\w.-]){re.escape(link)}(?![\w-])") for link in links}
    found: dict[str, set[str]] = {}
    for path, name in _files():
        text = read_start(path, SIZE)
        if link_of(text) is None:
            texts = [text, *(read_start(script, SIZE) for script in _scripts(text))]
            named = {link for link, word in words.items() if any(word.search(part) for part in texts)}
            if named:
                found.setdefault(name, set()).update(named)
    return found


def _files() -> list[tuple[str, str]]:
    """Files and the units that they are, or belong to."""
    pairs = [(path, os.path.basename(path)) for pattern in UNITS for path in sorted(glob.glob(pattern))]
    pairs += [(path, name) for pattern, name in OF_UNITS.items() for path in sorted(glob.glob(pattern))]
    return pairs[:FILES]


def _scripts(text: str) -> list[str]:
    """Files that a unit's commands name and that are no programs of the distribution."""
    commands = re.findall(r"^Exec\w+=(.*)$", text, re.MULTILINE)
    paths = [path for command in commands for path in re.findall(r"/[\w./+-]+", command)]
    return [path for path in paths if not path.startswith(PROGRAMS)]
