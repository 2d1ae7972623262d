# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that writes what makes links persistent: files, units, and calls to the daemons."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils import _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._command import CommandFailed, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import MARK

from . import networkd, units
from .base import Action

#: Is there while a run is at work, so that the next one knows of a run that was killed. A boot activates everything.
MARKER = "/run/linuxnet-macvlan/persisting"


class PersistFailed(Exception):
    """A file could not be written or a daemon refused; the message says which. The next run finishes the work."""


def interrupted() -> bool:
    return _files.read(MARKER) is not None


def apply(actions: Iterable[Action]) -> list[str]:
    """Make them in their order; what was done, in words. Errors: PersistFailed."""
    actions = list(actions)
    done = []
    if actions:
        _guarded(Action("write", MARKER, ""))
    for action in actions:
        _guarded(action)
        done.append(f"{action.kind} {action.target}".strip())
    if actions:
        _guarded(Action("remove", MARKER))
    return done


def _guarded(action: Action) -> None:
    try:
        ACTIONS[action.kind](action)
    except (OSError, CommandFailed) as error:
        raise PersistFailed(f"{action.kind} {action.target}".strip() + f": {error}") from error


def _remove(action: Action) -> None:
    """Drop-in directories go with their last file. Nothing else that is removed has a directory of its own."""
    prune = {networkd.DIRECTORY, "/run"}
    _files.remove(action.target, prune=next((path for path in prune if action.target.startswith(f"{path}/")), None))


def _enable(action: Action) -> None:
    """``reenable`` also drops the links of an earlier [Install] section, such as those for another parent."""
    run(["systemctl", "reenable", "--quiet", action.target])


def _restart(action: Action) -> None:
    run(["systemctl", "restart", action.target], timeout=units.WAIT + 60)


def _forget(action: Action) -> None:
    """systemd keeps a failed unit in its list; one that has not failed is none of its business."""
    run(["systemctl", "reset-failed", action.target], check=False)


ACTIONS: dict[str, Callable[[Action], object]] = {
    "write": lambda action: _files.write(action.target, action.text),
    "remove": _remove,
    "disable": lambda action: run(["systemctl", "disable", "--now", "--quiet", action.target]),
    "daemon-reload": lambda _action: run(["systemctl", "daemon-reload"]),
    "forget": _forget,
    "enable": _enable,
    "restart": _restart,
    "reload networkd": lambda _action: run(["networkctl", "reload"]),
    "restart networkd": lambda _action: run(["systemctl", "restart", f"{networkd.SERVICE}.service"]),
    # The kernel tells everybody about a link whose alias is set, also to what it was (do_setlink, netdev_state_change).
    "announce": lambda action: run(["ip", "link", "set", "dev", action.target, "alias", MARK]),
}
