# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that writes what makes links persistent: files, units, and calls to the daemons."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import PAUSE, SETTLE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK

from . import detect, keeper, units
from .backends import networkd, networkmanager
from .base import Action

#: Is there while a run is at work, so that the next one knows of a run that was killed. A boot activates everything.
MARKER = "/run/linuxnet-macvlan/persisting"

#: Which directories below which others go when they are empty.
PRUNED = {networkd.DIRECTORY: networkd.DIRECTORY, keeper.DIRECTORY: os.path.dirname(keeper.DIRECTORY), "/run": "/run"}

#: Seconds that NetworkManager gets to bring up a profile.
NM_WAIT = 30

#: Kinds of actions that take addresses, routes or the MAC of their target, a link that stays, for a moment.
RELEASING = ("ifdown", "nm unmanage")


class PersistFailed(Exception):
    """A file could not be written or a daemon refused; the message says which. The next run finishes the work."""


def interrupted() -> bool:
    return _files.read(MARKER) is not None


def begin(actions: Iterable[Action]) -> list[str]:
    """What goes before the kernel's part; in words. `apply` has to follow. Errors: PersistFailed."""
    return _made([Action("write", MARKER, ""), *actions])[1:]


def apply(actions: Iterable[Action]) -> list[str]:
    """Make them in their order; what was done, in words. Errors: PersistFailed."""
    actions = list(actions)
    return _made([Action("write", MARKER, ""), *actions, Action("remove", MARKER)])[1:-1] if actions else []


def _made(actions: Iterable[Action]) -> list[str]:
    done = []
    for action in actions:
        _guarded(action)
        done.append(f"{action.kind} {action.target}".strip())
    return done


def _guarded(action: Action) -> None:
    try:
        ACTIONS[action.kind](action)
    except (OSError, CommandFailed) as error:
        raise PersistFailed(f"{action.kind} {action.target}".strip() + f": {error}") from error


def _write(action: Action) -> None:
    secret = action.target.startswith(f"{networkmanager.DIRECTORY}/")
    _files.write(action.target, action.text, networkmanager.MODE if secret else 0o644)


def _remove(action: Action) -> None:
    """Directories of our own, and drop-in directories, go with their last file."""
    prune = next((above for folder, above in PRUNED.items() if action.target.startswith(f"{folder}/")), None)
    _files.remove(action.target, prune=prune)


def _enable(action: Action) -> None:
    """``reenable`` also drops the links of an earlier [Install] section, such as those for another parent."""
    run(["systemctl", "reenable", "--quiet", action.target])


def _restart(action: Action) -> None:
    run(["systemctl", "restart", action.target], timeout=units.LIMIT + 10)


def _forget(action: Action) -> None:
    """systemd keeps a failed unit in its list; one that has not failed is none of its business."""
    run(["systemctl", "reset-failed", action.target], check=False)


def _ifdown(action: Action) -> None:
    """ifdown leaves its lock behind, an empty file; of an interface without a stanza nobody needs it."""
    run(["ifdown", action.target], check=False)
    _files.remove(f"{detect.IFSTATE}.{action.target}")


def _nm_up(action: Action) -> None:
    run(["nmcli", "--wait", str(NM_WAIT), "connection", "up", "uuid", action.target], timeout=NM_WAIT + 10)


def _nm_unmanage(action: Action) -> None:
    """It returns when NetworkManager has let go: only then is the link as it stays."""
    run(["nmcli", "device", "set", action.target, "managed", "no"], check=False)
    _nm_wait(action.target, unmanaged=True)


def _nm_wait(device: str, unmanaged: bool) -> None:
    """Until NetworkManager leaves a device alone, or does not any more; at most `SETTLE` seconds."""
    deadline = time.monotonic() + SETTLE
    question = ["nmcli", "--get-values", "GENERAL.STATE", "device", "show", device]
    while ("(unmanaged)" in run(question, check=False).out) != unmanaged and time.monotonic() < deadline:
        time.sleep(PAUSE)


ACTIONS: dict[str, Callable[[Action], object]] = {
    "write": _write,
    "remove": _remove,
    "stop": lambda action: run(["systemctl", "stop", action.target], check=False),
    "disable": lambda action: run(["systemctl", "disable", "--now", "--quiet", action.target]),
    "daemon-reload": lambda _action: run(["systemctl", "daemon-reload"]),
    "forget": _forget,
    "enable": _enable,
    "restart": _restart,
    "reload networkd": lambda _action: run(["networkctl", "reload"]),
    "restart networkd": lambda _action: run(["systemctl", "restart", f"{networkd.SERVICE}.service"]),
    "ifup": lambda action: run(["ifup", "--force", action.target], timeout=units.LIMIT),
    # The next three say no where there is nothing to do.
    "ifdown": _ifdown,
    "nm load": lambda action: run(["nmcli", "connection", "load", action.target]),
    "nm reload": lambda _action: run(["nmcli", "connection", "reload"]),
    "nm reload conf": lambda _action: run(["nmcli", "general", "reload", "conf"]),
    "nm manage": lambda action: _nm_wait(action.target, unmanaged=False),
    "nm up": _nm_up,
    "nm down": lambda action: run(["nmcli", "connection", "down", "uuid", action.target], check=False),
    "nm unmanage": _nm_unmanage,
    # The kernel tells everybody about a link whose alias is set, also to what it was (do_setlink, netdev_state_change).
    "announce": lambda action: run(["ip", "link", "set", "dev", action.target, "alias", MARK]),
}
