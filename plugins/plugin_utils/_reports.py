# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller with what a fleet looks like. On the controller only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from ansible.errors import AnsibleActionFail

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files

#: What is known of the whole fleet is for whoever runs the play alone.
FILE_MODE, DIRECTORY_MODE = "0600", 0o700
#: YAML reads 0644 without quotes as the number 420.
FILE_MODE_FORM = re.compile("0[67][0-7]{2}")
_REMEDY = "Remedy: remove it, or name another directory."


def parse_mode(text: str, option: str) -> int:
    """Octal permissions. Errors: AnsibleActionFail where they are none, or its owner could not write the file."""
    if not FILE_MODE_FORM.fullmatch(text):
        raise AnsibleActionFail(
            f"{option} = {text!r}: these are no permissions. Remedy: write them as '0600' or '0644'."
        )
    return int(text, 8)


def check(paths: Iterable[str]) -> None:
    """Errors: AnsibleActionFail where something is at a path that is no file: nothing is written through a link."""
    for path in paths:
        found = _files.access(path)
        if found is not None and found.kind != "file":
            raise AnsibleActionFail(f"{path}: a report is to be written there, and this is a {found.kind}. {_REMEDY}")


def write(path: str, text: str | Iterable[str], mode: int) -> None:
    """Write one, or its pieces, in one step; directories that are missing are for its owner alone. Errors: OSError."""
    _files.make_directories(os.path.dirname(path), DIRECTORY_MODE)
    _files.write(path, text, mode)


def has_mode(path: str, mode: int) -> bool:
    """Whether a file that is there has this mode."""
    found = _files.access(path)
    return found is not None and found.mode == mode
