# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do multicast questions get through? The parent asks for the gateway by multicast, and then by broadcast.

A switch with MLD snooping forwards a solicited-node group only to ports on which it received a report (RFC 4541, 3),
and a broadcast to all.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage, open_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import BROADCAST, Arp, build, parse, probe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.question import answered

from .model import Context, Experiment, silence
from .results import SolicitResult

#: Questions of each kind, and seconds for which each waits for its answer.
QUESTIONS, PATIENCE = 3, 0.3


def _gateway(context: Context) -> Address | None:
    return next((item for item in context.network.gateways if item.version == 6), None)


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    if _gateway(context) is None:
        return "the network declares no IPv6 gateway"
    return silence(parent)


def _run(context: Context) -> SolicitResult | None:
    parent, gateway = context.scope.parent, _gateway(context)
    if parent is None or gateway is None:
        return None
    sock, mac = open_socket(parent.name, [gateway])
    with sock:
        vantage = Vantage("parent", parent.name, mac, sock)
        asked = probe(mac, gateway)
        frame = parse(asked)
        if frame is None or isinstance(frame.body, Arp):
            return None
        flooded = build(replace(frame, destination=BROADCAST))
        multicast, broadcast = (
            sum(answered(vantage, question, gateway, PATIENCE) for dummy in range(QUESTIONS))
            for question in (asked, flooded)
        )
    return {
        "gateway": str(gateway),
        "link": parent.name,
        "sent": QUESTIONS,
        "multicast": multicast,
        "broadcast": broadcast,
    }


EXPERIMENT = Experiment(
    id="solicit",
    sends=f"{QUESTIONS} neighbour solicitations for the IPv6 gateway, without a sender address, from the parent to the"
    f" gateway's multicast group, and {QUESTIONS} to all machines",
    run=_run,
    why_not=_why_not,
)
