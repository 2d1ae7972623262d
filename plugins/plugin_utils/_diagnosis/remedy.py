# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a remedy, as data: who does what. The suite of faults executes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .report_data import RemedyStepData

#: ``apply``: linuxnet.macvlan.site for the host. ``command``: ``text`` is one for its shell. ``declare``: a change of
#: the inventory, then the same as ``apply``. ``container``: the container is started again by its engine.
#: ``by_hand``: something on the host that depends on what else is there. ``ask``: it is not in the hands of who
#: administers the host (a switch, another machine), and ``text`` says what to ask for.
APPLY, COMMAND, DECLARE, CONTAINER, BY_HAND, ASK = "apply", "command", "declare", "container", "by_hand", "ask"
KINDS = (APPLY, COMMAND, DECLARE, CONTAINER, BY_HAND, ASK)
#: What a remedy says in the words of its steps. The others are named by what they are for: "restart the container".
SAID = (APPLY, COMMAND, BY_HAND, ASK)

SITE = "run linuxnet.macvlan.site"
#: What heals only then: a neighbour entry on Linux is reachable for up to 45 s (base_reachable_time), and 5 + 3 s pass
#: until it is resolved again (delay_first_probe_time, ucast_solicit).
SOON = "within a minute"


@dataclass(frozen=True)
class RemedyStep:
    """text: part of the remedy's. host: on which, empty for that of the verdict. namespace: the container's.

    values: of ``declare``, keys of the network in ``macvlan_networks``; empty where the value is the operator's choice.
    """

    kind: str
    text: str
    host: str = ""
    namespace: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def as_data(self) -> RemedyStepData:
        return {
            "kind": self.kind,
            "text": self.text,
            "host": self.host,
            "namespace": self.namespace,
            "values": dict(self.values),
        }


def command(text: str, host: str = "") -> RemedyStep:
    return RemedyStep(COMMAND, text, host)


def apply(host: str = "") -> RemedyStep:
    return RemedyStep(APPLY, SITE, host)
