# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was disabled for a link: one file for each, from which it is given back as it was."""

from __future__ import annotations

import glob
import json
import os
from typing import Any, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.files import Entry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Action

DIRECTORY = f"{_files.STATE}/adopted"
MODE = 0o600
#: Below it, directories that a removal leaves empty go.
PRUNE = "/var/lib"

#: What becomes of a file: it is removed, an empty one masks it, or what concerns the link is made a comment.
AWAY, MASKED, COMMENTED = "away", "masked", "commented"


#: The steps of an `Adoption`, by the names of its fields.
ACTIONS = ("release", "notify", "resume", "keep")


@dataclass(frozen=True)
class Edit:
    """What is done to one file, and the file before; None where there was none."""

    path: str
    how: str
    before: Entry | None = None


@dataclass(frozen=True)
class Adoption:
    """How what makes a link is disabled and enabled again.

    release: what makes daemons release the link, before the edits. notify: what has them read the edits, in both
    directions. resume: what has the link made again, once all has been given back. keep: the same for a link that is
    there and stays. units: those whose symbolic links are among the edits.
    """

    link: str
    edits: tuple[Edit, ...] = ()
    release: tuple[Action, ...] = ()
    notify: tuple[Action, ...] = ()
    resume: tuple[Action, ...] = ()
    keep: tuple[Action, ...] = ()
    units: tuple[str, ...] = ()

    def plus(self, other: Adoption) -> Adoption:
        """With an earlier one of the same link; each edit and each action once."""
        edits = {edit.path: edit for edit in (*other.edits, *self.edits)}
        return Adoption(
            self.link,
            tuple(edits.values()),
            tuple(dict.fromkeys((*self.release, *other.release))),
            tuple(dict.fromkeys((*self.notify, *other.notify))),
            tuple(dict.fromkeys((*self.resume, *other.resume))),
            tuple(dict.fromkeys((*self.keep, *other.keep))),
            tuple(dict.fromkeys((*self.units, *other.units))),
        )


def path(link: str) -> str:
    return f"{DIRECTORY}/{link}.json"


def read() -> dict[str, Adoption]:
    """All records by link; one that cannot be understood is none. Errors: OSError."""
    found = {}
    for file in sorted(glob.glob(f"{DIRECTORY}/*.json")):
        link = os.path.basename(file)[: -len(".json")]
        try:
            found[link] = parse(link, json.loads(_files.read(file, newline="") or "{}"))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            continue
    return found


def render(adoption: Adoption) -> str:
    """The text of a record. Pure."""
    data = {
        "edits": [{"path": edit.path, "how": edit.how, "before": _entry_data(edit.before)} for edit in adoption.edits],
        **{name: [[action.kind, action.target] for action in getattr(adoption, name)] for name in ACTIONS},
        "units": list(adoption.units),
    }
    return json.dumps(data, indent=1) + "\n"


def parse(link: str, data: Mapping[str, Any]) -> Adoption:
    """Pure. Errors: KeyError, TypeError and ValueError for a text that is none of ours."""
    return Adoption(
        link,
        tuple(Edit(str(item["path"]), str(item["how"]), _entry(item["before"])) for item in data["edits"]),
        units=tuple(map(str, data["units"])),
        **{name: tuple(Action(str(kind), str(target)) for kind, target in data[name]) for name in ACTIONS},
    )


def _entry_data(entry: Entry | None) -> dict[str, object] | None:
    if entry is None:
        return None
    attributes = {name: value.decode("latin-1") for name, value in entry.attributes.items()}
    owner = list(entry.owner)
    return {"text": entry.text, "target": entry.target, "mode": entry.mode, "owner": owner, "attributes": attributes}


def _entry(data: Mapping[str, Any] | None) -> Entry | None:
    if data is None:
        return None
    user, group = data["owner"]
    attributes = {str(name): str(value).encode("latin-1") for name, value in data["attributes"].items()}
    return Entry(data["text"], data["target"], int(data["mode"]), (int(user), int(group)), attributes)
