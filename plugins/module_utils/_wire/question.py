# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question for an address from one link, and whether it is answered in time."""

from __future__ import annotations

import select
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .ask import Vantage
from .claims import REPLY, claim


def answered(vantage: Vantage, question: bytes, address: Address, patience: float, to: str = "") -> bool:
    """Send a frame; whether the address was answered for within the patience, in seconds.

    It ends no sooner, so that a second answer is none to the next question; but at once with ``to``: the MAC address to
    which the answer has to go. Errors: OSError.
    """
    vantage.socket.send(question)
    end = time.monotonic() + patience
    found = False
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([vantage.socket], [], [], left)[0]:
            return found
        for frame, outgoing in vantage.waiting():
            if not outgoing and to in ("", frame.destination):
                said = claim(frame)
                found = found or (said is not None and said[0] == address and said[2] == REPLY)
        if found and to:
            return True
