# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of this boot: when units of the administrator made links, and when the parents were there. Reads only."""

from __future__ import annotations

import fnmatch
import json
import re
import time
from collections.abc import Collection, Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import read_texts, word
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.commands import with_called
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds import units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds.units import UnitFile
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import link_of

from .journal import without_secrets
from .schema import BootData, BootParentData, BootUnitData, JournalLine

#: Files that belong to a unit of the distribution.
OF_UNITS = {
    "/etc/rc.local": "rc-local.service",
    "/etc/network/interfaces": "networking.service",
    "/etc/network/interfaces.d/*": "networking.service",
}
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
    unit = f"sys-subsystem-net-devices-{units.escape(name)}.device"
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


def _units(links: Iterable[str]) -> dict[str, set[str]]:
    """Units of the administrator -> the links that they, or scripts that they call, name."""
    words = {link: word(link) for link in links}
    found: dict[str, set[str]] = {}
    for unit in _read():
        named = {link for link, name in words.items() if any(name.search(text) for text in unit.texts)}
        if named:
            found.setdefault(unit.unit, set()).update(named)
    return found


def _read() -> list[UnitFile]:
    """Units of the administrator, and files that belong to a unit of the distribution."""
    texts = read_texts(OF_UNITS)
    others = [
        UnitFile(unit, path, tuple(with_called(texts[path])))
        for pattern, unit in OF_UNITS.items()
        for path in fnmatch.filter(texts, pattern)
        if link_of(texts[path]) is None
    ]
    return [*units.read(), *others]
