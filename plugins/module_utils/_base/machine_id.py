# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine ID, in a form that may leave the host: equal on copies of one installation."""

from __future__ import annotations

import hashlib
import hmac
import re

from .files import read_start

#: machine-id(5)
PATH = "/etc/machine-id"


def machine_id(path: str = PATH) -> str | None:
    """A hash of the machine ID, None where there is none yet.

    The ID itself is not for the network (machine-id(5)), so it is hashed as sd_id128_get_machine_app_specific(3) does.
    """
    text = read_start(path, 64).strip()
    if not re.fullmatch("[0-9a-f]{32}", text):
        return None
    return hmac.new(bytes.fromhex(text), b"linuxnet.macvlan", hashlib.sha256).hexdigest()[:32]
