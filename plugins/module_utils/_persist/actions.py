# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that writes what makes links persistent: files, and what the verbs of the back ends do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed

from . import registry
from .base import Action, Verb

#: Is there while a run is at work, so that the next one knows of a run that was killed. A boot activates everything.
MARKER = f"{_files.RUN}/persisting"

#: What every back end can do.
FILES = {
    "write": Verb("write", lambda action: _files.write(action.target, action.text, action.mode)),
    "repair": Verb("repair", lambda action: _repair(action.target)),
    "remove": Verb("remove", lambda action: _files.remove(action.target, prune=action.prune)),
}


class PersistFailed(Exception):
    """A file could not be written or a daemon refused; the message says which. The next run finishes the work."""


def interrupted() -> bool:
    return os.path.exists(MARKER)


def _repair(directory: str) -> None:
    """Another run may have removed it meanwhile, as it was empty."""
    mode = _files.directory_mode(directory)
    if mode is not None:
        with contextlib.suppress(FileNotFoundError):
            _files.repair(directory, mode)


def begin(actions: Iterable[Action]) -> list[str]:
    """What goes before the kernel's part; in words. `apply` has to follow. Errors: PersistFailed."""
    return _all([Action("write", MARKER), *actions])[1:]


def apply(actions: Iterable[Action], unmarked: bool = False) -> list[str]:
    """Make them in their order; what was done, in words. Errors: PersistFailed.

    unmarked: also where /run is full, and the next run would not know of this one if it were killed.
    """
    actions = list(actions)
    if not actions and not interrupted():
        return []
    with contextlib.suppress(*([PersistFailed] if unmarked else [])):
        _all([Action("write", MARKER)])
    return _all([*actions, Action("remove", MARKER, prune="/run")])[:-1]


def _all(actions: Iterable[Action]) -> list[str]:
    done = []
    for action in actions:
        try:
            execute(action)
        except (OSError, CommandFailed) as error:
            raise PersistFailed(f"{action}: {error}") from error
        done.append(str(action))
    return done


def execute(action: Action) -> None:
    """Make one. Errors: OSError, CommandFailed."""
    {**FILES, **registry.verbs()}[action.kind].make(action)


def releases(action: Action) -> bool:
    """Whether it takes addresses, routes or the MAC of its target, a link that stays, for a moment."""
    verb = registry.verbs().get(action.kind)
    return verb is not None and verb.releases
