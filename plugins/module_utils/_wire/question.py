# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question for an address from one link, and whether it is answered in time, to the one who asked."""

from __future__ import annotations

import ipaddress
import secrets
import select
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .ask import Vantage
from .claims import REPLY, claim
from .frames import Arp, Frame

#: Frames that are forgotten before a question, and seconds that this takes, so that a flood cannot hold it up.
_FRAMES_MAX, _DRAIN_SECONDS = 2000, 0.2


def temporary_source() -> ipaddress.IPv6Address:
    """A link-local address that nobody else has (RFC 4291, 2.5.6), to be asked from and answered at."""
    return ipaddress.IPv6Address((0xFE80 << 112) | secrets.randbits(64))


def is_answer(frame: Frame, mac: str, source: ipaddress.IPv6Address | None) -> bool:
    """Whether a reply is for one who asked with this MAC address, and in IPv6 from this address, and for nobody else.

    What goes to all nodes answers somebody, who need not be the one who asked here.
    """
    if frame.destination != mac:
        return False
    if isinstance(frame.body, Arp):
        return frame.body.tha == mac
    return source is not None and frame.body.destination == source


def drain(vantage: Vantage) -> None:
    """Forget what has come before the question."""
    for _frame in vantage.waiting(_FRAMES_MAX, _DRAIN_SECONDS):
        pass


def answered(
    vantage: Vantage,
    question: bytes,
    address: Address,
    patience: float,
    source: ipaddress.IPv6Address | None = None,
) -> bool:
    """Send a frame; whether the address was answered for within the patience, in seconds, to the vantage's MAC address,
    and in IPv6 to ``source``, from which the question is. Errors: OSError."""
    drain(vantage)
    vantage.socket.send(question)
    end = time.monotonic() + patience
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([vantage.socket], [], [], left)[0]:
            return False
        for frame, outgoing in vantage.waiting():
            if outgoing or not is_answer(frame, vantage.mac, source):
                continue
            said = claim(frame)
            if said is not None and said[0] == address and said[2] == REPLY:
                return True
