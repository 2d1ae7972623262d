# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do multicast questions get through? The parent asks for the gateway by multicast, and then by broadcast.

A switch with MLD snooping forwards a solicited-node group only to ports on which it received a report (RFC 4541, 3),
and a broadcast to all.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage, open_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    BROADCAST,
    build,
    parse,
    solicitation,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.question import answered, temporary_source

from .belief import NUMBER_MAX, doubt, repetition
from .model import Context, Experiment, silence
from .results import SolicitResult

#: Questions of each kind at least, and seconds between two at least.
QUESTIONS, GAP = 3, 0.1


def _gateway(context: Context) -> ipaddress.IPv6Address | None:
    return next((item for item in context.network.gateways if isinstance(item, ipaddress.IPv6Address)), None)


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    if _gateway(context) is None:
        return "the network declares no IPv6 gateway"
    return silence(parent) or doubt(context.gateway_noise, QUESTIONS, GAP)


def _run(context: Context) -> SolicitResult | None:
    parent, gateway = context.scope.parent, _gateway(context)
    if parent is None or gateway is None:
        return None
    often = repetition(context.gateway_noise, QUESTIONS, GAP)
    sock, mac = open_socket(parent.name, [gateway])
    found = [0, 0]
    with sock:
        vantage = Vantage("parent", parent.name, mac, sock)
        # By turns, so that what comes and goes meanwhile meets both kinds.
        for dummy in range(often.number):
            for kind, group in enumerate((True, False)):
                found[kind] += _is_answered(vantage, gateway, group, often.patience)
            time.sleep(often.gap)
    return {
        "gateway": str(gateway),
        "link": parent.name,
        "sent": often.number,
        "multicast": found[0],
        "broadcast": found[1],
    }


def _is_answered(vantage: Vantage, gateway: ipaddress.IPv6Address, group: bool, patience: float) -> bool:
    """One question, to the gateway's group or to all, from an address of its own: no answer is another's."""
    source = temporary_source()
    asked = solicitation(vantage.mac, source, gateway)
    frame = parse(asked)
    if frame is None:
        return False
    question = asked if group else build(replace(frame, destination=BROADCAST))
    return answered(vantage, question, gateway, patience, source)


EXPERIMENT = Experiment(
    id="solicit",
    sends=f"{QUESTIONS} neighbour solicitations for the IPv6 gateway from the parent to the gateway's multicast group,"
    f" and {QUESTIONS} to all machines, each from a link-local address of its own; up to {NUMBER_MAX} of each where"
    " answers are lost",
    run=_run,
    why_not=_why_not,
)
