# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds other machines on the segment with a MAC address of this host: their frames arrive from the wire. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import ADDRESSES_OF_TWIN, SENT_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import (
    REPLY,
    answers_probe,
    claim,
    is_virtual_router,
    may_be_between_children,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp, Frame

from .own import CHILD_KINDS
from .verdict import OwnAddresses

#: The origin of a frame that the parent receives: a machine with our MAC address; this host, through a switch port that
#: sends frames back (hairpin mode, reflective relay) or a loop; none of these.
TWIN, REFLECTED, OTHER = "twin", "reflected", "other"

#: Parents that receive frames of this host's own containers like frames from the wire.
_SWITCHES = ("bridge", "openvswitch", *CHILD_KINDS)


@dataclass
class TwinSighting:
    """How often and when a MAC address of ours was received, and which addresses its sender claimed.

    left_out: claims of further addresses, which were only counted.
    """

    first: float
    last: float
    count: int = 0
    addresses: set[Address] = field(default_factory=set)
    left_out: int = 0


@dataclass
class Twins:
    """What came in on one parent with a MAC address of this host."""

    found: dict[str, TwinSighting] = field(default_factory=dict)
    _sent: dict[Frame, None] = field(default_factory=dict)

    def origin(
        self,
        frame: Frame,
        outgoing: bool,
        parent: Link,
        known: OwnAddresses,
        vantages: Sequence[Vantage],
        asked: Callable[[Address], bool],
    ) -> str:
        """TWIN, REFLECTED or OTHER, for a frame that was heard on the parent.

        asked: whether this check asks for an address.
        """
        own = frame.source in known.attached_macs
        probing = frame.own and frame.source in [item.mac for item in vantages]
        if parent.kind in _SWITCHES or not (own or probing) or is_virtual_router(frame.source):
            return OTHER
        if outgoing:
            # Our own probes are known by their signature.
            if not probing:
                # What comes back does so at once: the oldest are not waited for any more.
                self._sent[frame] = None
                if len(self._sent) > SENT_MAX:
                    del self._sent[next(iter(self._sent))]
            return OTHER
        said = claim(frame)
        if said is None:
            return OTHER
        address, mac, kind = said
        if frame in self._sent or (probing and asked(_target(frame))):
            return REFLECTED
        if not own or may_be_between_children(frame, parent.mac):
            return OTHER
        # A switch may answer in our name for what we hold (ARP suppression, RFC 9161), though no probe: that is for us.
        held = any(mac == holder for holder, dummy in known.addresses.get(address, ()))
        if held and kind == REPLY and not answers_probe(frame):
            return OTHER
        return TWIN

    def add(self, frame: Frame, seconds: float) -> None:
        """Note a frame of a twin."""
        said = claim(frame)
        seen = self.found.setdefault(frame.source, TwinSighting(seconds, seconds))
        seen.count += 1
        seen.last = seconds
        if said is None or said[0] in seen.addresses:
            return
        if len(seen.addresses) < ADDRESSES_OF_TWIN:
            seen.addresses.add(said[0])
        else:
            seen.left_out += 1


def _target(frame: Frame) -> Address:
    """The address that a frame is about, as its receiver is concerned."""
    return frame.body.tpa if isinstance(frame.body, Arp) else frame.body.target
