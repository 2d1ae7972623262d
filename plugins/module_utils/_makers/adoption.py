# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disable what makes a link, and give it back as it was. Only `take` and `give_back` write.

The record comes first and goes last, so that a run that is killed leaves nothing that the next one does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.files import Entry, Tree
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Action, HostState

from . import record, registry
from .base import Maker
from .kinds import ifupdown
from .record import AWAY, COMMENTED, Adoption, Edit


def read(makers: Iterable[Maker], host: HostState) -> Adoption:
    """How all makers of one link are disabled. Errors: CannotDisable, OSError."""
    first, *others = (registry.kind(maker.kind).disable(maker, host) for maker in makers)
    found = first
    for other in others:
        found = found.plus(other)
    now = entries(found)
    return replace(found, edits=tuple(replace(edit, before=now[edit.path]) for edit in found.edits))


def entries(adoption: Adoption) -> dict[str, Entry | None]:
    """The files that it edits, as they are now. Errors: OSError."""
    paths = [edit.path for edit in adoption.edits]
    found = files.read(paths).entries
    return {path: found[path] for path in paths}


def disabled(edit: Edit, now: Entry | None, link: str) -> Entry | None:
    """A file as it is while the link is ours. Pure."""
    if edit.how == AWAY:
        return None
    if edit.how == COMMENTED:
        return now and replace(now, text=ifupdown.comment(now.text or "", link))
    return Entry(text="", mode=_files.FILE_MODE)


def enabled(edit: Edit, now: Entry | None, link: str) -> Entry | None:
    """The file that is given back. One that somebody has written meanwhile stays as it is. Pure."""
    if edit.how == COMMENTED:
        return now and replace(now, text=ifupdown.uncomment(now.text or "", link))
    theirs = now is not None if edit.how == AWAY else now is None or now.text != ""
    return now if theirs else edit.before


def compare(adoption: Adoption, now: Mapping[str, Entry | None], back: bool, difference: Difference) -> None:
    """Note what happens to files. back: when they are given back. Pure."""
    for edit in adoption.edits:
        have = now[edit.path]
        wanted = (enabled if back else disabled)(edit, have, adoption.link)
        kind = "link" if (have or wanted or Entry()).target is not None else "file"
        difference.compare(f"{kind} {edit.path}", "", _content(have), _content(wanted))


def _content(entry: Entry | None) -> str | None:
    if entry is None:
        return None
    return entry.text if entry.target is None else entry.target


def check_writable(adoption: Adoption, problems: Problems) -> None:
    """A file that could not be changed is a problem before anything is."""
    for path in (record.path(adoption.link), *(edit.path for edit in adoption.edits)):
        if _files.unwritable(path):
            what = "its directory cannot be written to: a read-only file system, or no permission"
            problems.add("links", path, what, "make it writable, or leave adopt out")


def take(adoption: Adoption) -> list[str]:
    """Disable what makes the link; what was done, in words. Errors: PersistFailed, OSError."""
    known = record.read().get(adoption.link)
    text = record.render(adoption if known is None else adoption.plus(known))
    done = _execute([Action("write", record.path(adoption.link), text, mode=record.MODE)])
    done += _execute(adoption.release)
    now = entries(adoption)
    done += _put({edit.path: disabled(edit, now[edit.path], adoption.link) for edit in adoption.edits})
    return [*done, *_execute(adoption.notify)]


def give_back(adoption: Adoption, there: bool = False) -> list[str]:
    """Undo `take`, and have the link made as it was. there: it is, and stays. Errors: PersistFailed, OSError."""
    now = entries(adoption)
    done = _put({edit.path: enabled(edit, now[edit.path], adoption.link) for edit in adoption.edits})
    done += _execute([*adoption.notify, *(adoption.keep if there else adoption.resume)])
    return [*done, *_execute([Action("remove", record.path(adoption.link), prune=record.PRUNE)])]


def _put(wanted: dict[str, Entry | None]) -> list[str]:
    restored = files.undo(Tree(wanted, ()))
    if restored.errors:
        raise actions.PersistFailed("; ".join(restored.errors))
    return restored.differences


def _execute(steps: Iterable[Action]) -> list[str]:
    done = []
    for action in steps:
        try:
            actions.execute(action)
        except (OSError, CommandFailed) as error:
            raise actions.PersistFailed(f"{action}: {error}") from error
        done.append(str(action))
    return done
