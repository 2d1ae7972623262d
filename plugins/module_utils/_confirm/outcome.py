# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a change that was undone, until it has been reported, and in the log of the system for good.

Where /run is full it is on disk, in the first place that takes it. The log is for a report that is lost on its way.
"""

from __future__ import annotations

import contextlib
import json
import os
import syslog

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

#: Where it goes when its own place takes nothing. A name there says which namespace it is of.
ELSEWHERE = (_files.STATE, _files.CONFIG)
#: What messages in the log are called: ``journalctl -t linuxnet-macvlan``.
IDENT = "linuxnet-macvlan"
#: Characters of a message in the log; a line of syslog(3) may be cut after 1024 octets (RFC 3164, 4.1).
LOG_MAX = 900


def _places(base: str, path: str) -> list[str]:
    name = os.path.relpath(path, base).replace("/", "-")
    return [path, *(f"{directory}/{name}" for directory in ELSEWHERE)]


def save(base: str, path: str, outcome: dict, words: str) -> None:
    """Keep it in the log, and at a path below a base in /run, or else on disk. words: the same for an operator.

    Errors: OSError where no place takes it; it is in the log then.
    """
    text = json.dumps(outcome, indent=1, sort_keys=True) + "\n"
    refused = []
    places = _places(base, path)
    for place in places:
        try:
            _files.write(place, text, 0o600)
            break
        except OSError as error:
            refused.append(error)
    why = f"{path}: {refused[0]}; " if refused else ""
    _log(f"{why}a change of the network was undone: {words}")
    if len(refused) == len(places):
        raise refused[0]


def _log(text: str) -> None:
    with contextlib.suppress(OSError):
        syslog.openlog(IDENT, syslog.LOG_PID, syslog.LOG_DAEMON)
        for start in range(0, min(len(text), 10 * LOG_MAX), LOG_MAX):
            syslog.syslog(syslog.LOG_WARNING, clean(text[start : start + LOG_MAX], LOG_MAX))
        syslog.closelog()


def load(base: str, path: str) -> dict:
    """Empty where there is none that can be parsed, or none that this user may read."""
    for place in _places(base, path):
        try:
            data = json.loads(_files.read(place) or "{}")
        except (ValueError, PermissionError):
            continue
        if isinstance(data, dict) and data:
            return data
    return {}


def remove(base: str, path: str) -> None:
    """Wherever it is, with directories of ours that are empty then. Errors: OSError."""
    first, *others = _places(base, path)
    if os.path.isdir(os.path.dirname(first)):
        _files.remove(first, prune=os.path.dirname(base))
    for place in others:
        if os.path.lexists(place):
            _files.remove(place, prune=os.path.dirname(os.path.dirname(place)))
