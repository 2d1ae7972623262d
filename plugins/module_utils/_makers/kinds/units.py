# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd of an administrator that make a link of the name, by themselves or by scripts that they call.

A unit that only names the link, such as one that waits for it, makes nothing, nor does one that is disabled and does
not run.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import enablement
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import record
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    FILES,
    MAKES,
    CannotDisable,
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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import AWAY, Adoption, Edit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Action, HostState, link_of

#: Where administrators put units and their drop-ins (systemd.unit(5)).
DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system")
#: UnitFileState of what does not start by itself (org.freedesktop.systemd1(5)).
OFF = ("disabled", "masked", "masked-runtime", "bad", "")


@dataclass(frozen=True)
class UnitFile:
    """A file of a unit, or a drop-in of one, with the files that its commands call."""

    unit: str
    path: str
    texts: tuple[str, ...]

    def of(self, link: str) -> UnitFile:
        """The instance for a link, where this is a template (systemd.unit(5), "SPECIFIERS")."""
        if "@." not in self.unit:
            return self
        texts = tuple(re.sub("%[iI]", lambda _found: link, text) for text in self.texts)
        return UnitFile(self.unit.replace("@.", f"@{escape(link)}."), self.path, texts)


class UnitMakers(MakerKind["tuple[UnitFile, ...]"]):
    name = "unit"

    def read(self, host: HostState, links: Iterable[str]) -> tuple[UnitFile, ...]:
        """Only those that make one of the links and that start, or run."""
        making = [(file, file.of(link).unit) for file in read() for link in links if makes(file.of(link).texts, link)]
        states = enablement({unit for _file, unit in making})
        # One that was disabled for a link of ours runs until the next boot.
        known = {unit for adoption in record.read().values() for unit in adoption.units}
        off = {unit for unit, state in states.items() if state.file in OFF and (not state.active or unit in known)}
        return tuple(dict.fromkeys(file for file, unit in making if unit not in off))

    def find(self, found: tuple[UnitFile, ...], links: Iterable[str]) -> list[Maker]:
        return [_maker(item, link) for link in links for item in found if makes(item.of(link).texts, link)]

    def disable(self, maker: Maker, host: HostState) -> Adoption:
        """Its symbolic links go. It is not stopped: that could take the link, and units that depend on it."""
        unit = maker.name
        if not maker.path.endswith(".service"):
            raise CannotDisable(f"{maker.path} adds to a unit that has other work")
        wanted = [path for path in paths([f"{DIRECTORIES[0]}/*/{glob.escape(unit)}"]) if os.path.islink(path)]
        active = enablement([unit])[unit].active
        if not wanted and not active:
            raise CannotDisable(f"{unit} has no symbolic link in {DIRECTORIES[0]} that could be removed")
        return Adoption(
            maker.link,
            tuple(Edit(path, AWAY) for path in wanted),
            notify=(Action("daemon-reload"),),
            resume=(Action("restart", unit),) if active else (),
            units=(unit,),
        )


KIND = UnitMakers()


#: What a unit runs, without the prefixes that say how (systemd.service(5), COMMAND LINES).
_COMMAND = r"^Exec\w+\s*=\s*[-@:+!|]*(.*)$"


def _maker(file: UnitFile, link: str) -> Maker:
    unit = file.of(link)
    words = f"the unit {unit.unit} ({unit.path}) with `{line_that_makes(unit.texts)}`"
    return Maker(KIND.name, link, unit.path, unit.unit, MAKES, words, f"systemctl disable --now {unit.unit}")


def read() -> list[UnitFile]:
    """The units of the administrator, and drop-ins of any."""
    return [UnitFile(unit, path, tuple(_texts(path))) for unit, path in _files()]


def _files() -> list[tuple[str, str]]:
    pairs = [
        (os.path.basename(path), path)
        for path in paths(f"{directory}/*.service" for directory in DIRECTORIES)
        if os.path.isfile(path)
    ]
    pairs += [
        (os.path.basename(os.path.dirname(path))[: -len(".d")], path)
        for path in paths(f"{directory}/*.service.d/*.conf" for directory in DIRECTORIES)
    ]
    return pairs[:FILES]


def _texts(path: str) -> Iterator[str]:
    """Of one that is ours nothing is read."""
    text = read_text(path)
    if link_of(text) is None:
        yield from with_called(text, "\n".join(re.findall(_COMMAND, text, re.MULTILINE)))


def escape(name: str) -> str:
    """A part of a unit's name (systemd-escape(1)). Pure."""
    return "".join(char if char.isalnum() or char in ":_." else f"\\x{ord(char):02x}" for char in name)
