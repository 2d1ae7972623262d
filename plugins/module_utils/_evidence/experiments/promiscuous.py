# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the parent deliver the frames of its macvlan links? One asks the gateway in promiscuous mode, and after it.

Outside of it one has asked already, for the experiment gateway_ask, and was not answered.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
import time
from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import REPLY, claim
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import probe, solicitation
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.question import drain, is_answer, temporary_source
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import temporary_child

from .belief import NUMBER_MAX, PATIENCE_MIN, Repetition, doubt, repetition
from .gateway_ask import CHILD, PARENT
from .model import REPAIRING, Context, Experiment
from .results import AskedVantage, PromiscuousResult

#: Questions during promiscuous mode and after it at least, seconds between two at least, and seconds that a card gets
#: to change its mode.
QUESTIONS, GAP, SETTLE = 2, 0.0, 0.1
#: Seconds at least from one question to the next one where the first is not answered.
SOON = 0.1
#: linux/if_packet.h: a membership ends with its socket, however the process ends. struct packet_mreq.
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC = 263, 1, 1
_MEMBERSHIP = struct.Struct("=iHH8s")


def _gateway(context: Context) -> Address | None:
    """That of gateway_ask."""
    return next(iter(context.network.gateways), None)


def _why_not(context: Context) -> str:
    if context.scope.parent is None:
        return context.scope.parent_problem
    if _gateway(context) is None:
        return "the network declares no gateway"
    asked = {item["vantage"]: item for item in _asked(context)}
    parent, child = asked.get(PARENT), asked.get(CHILD)
    if parent is None or not parent["answered"]:
        return "no gateway answers the parent"
    if child is None or not child["sent"]:
        return "no temporary macvlan link could ask"
    return "a temporary macvlan link is answered" if child["answered"] else doubt(context.gateway_noise, QUESTIONS, GAP)


def _asked(context: Context) -> list[AskedVantage]:
    """The vantages of gateway_ask."""
    for item in context.made:
        if item["id"] == "gateway_ask" and item["result"] is not None:
            return item["result"]["asked"]
    return []


def _run(context: Context) -> PromiscuousResult | None:
    parent, gateway = context.scope.parent, _gateway(context)
    if parent is None or gateway is None:
        return None
    often = repetition(context.gateway_noise, QUESTIONS, GAP)
    with temporary_child(parent, [gateway], CHILD) as child:
        with _promiscuous(parent):
            time.sleep(SETTLE)
            promiscuous = _ask(child, gateway, often)
        after = None
        if promiscuous:
            time.sleep(SETTLE)
            after = _ask(child, gateway, often)
    return {
        "gateway": str(gateway),
        "mac": child.mac,
        "sent": often.number,
        "promiscuous": promiscuous,
        "after": after,
    }


def _promiscuous(parent: Link) -> socket.socket:
    """The parent receives every frame until this is closed."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        request = _MEMBERSHIP.pack(parent.index, _PACKET_MR_PROMISC, 0, b"")
        sock.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
    except OSError:
        sock.close()
        raise
    return sock


def _ask(child: Vantage, gateway: Address, often: Repetition) -> int:
    """How many questions are answered; all of them have the patience after the last one."""
    drain(child)
    sources: list[ipaddress.IPv6Address | None] = []
    answers: dict[str, int] = {}
    for number in range(often.number):
        source = temporary_source() if isinstance(gateway, ipaddress.IPv6Address) else None
        question = probe(child.mac, gateway)
        if isinstance(gateway, ipaddress.IPv6Address) and source is not None:
            question = solicitation(child.mac, source, gateway)
        child.socket.send(question)
        sources.append(source)
        last = number == often.number - 1
        _listen(child, gateway, sources, answers, often.patience if last else max(often.gap, SOON))
    return min(max(answers.values(), default=0), often.number)


def _listen(
    child: Vantage,
    gateway: Address,
    sources: Sequence[ipaddress.IPv6Address | None],
    answers: dict[str, int],
    seconds: float,
) -> None:
    """Count the answers of each machine for that long, or until one has answered all questions. Errors: OSError."""
    end = time.monotonic() + seconds
    while max(answers.values(), default=0) < len(sources):
        left = end - time.monotonic()
        if left <= 0 or not select.select([child.socket], [], [], left)[0]:
            return
        for frame, outgoing in child.waiting():
            said = claim(frame)
            mine = not outgoing and any(is_answer(frame, child.mac, source) for source in sources)
            if mine and said is not None and said[0] == gateway and said[2] == REPLY:
                answers[said[1]] = answers.get(said[1], 0) + 1


EXPERIMENT = Experiment(
    id="promiscuous",
    sends=f"{2 * QUESTIONS} ARP requests or neighbour solicitations for the gateway from a temporary macvlan link (up"
    f" to {2 * NUMBER_MAX} where answers are lost), while the parent is in promiscuous mode, for"
    f" {SETTLE + SOON + PATIENCE_MIN:g} seconds where none comes, and after it",
    run=_run,
    why_not=_why_not,
    phase=REPAIRING,
)
