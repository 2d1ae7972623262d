# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do checksums survive the path? The same datagram with a checksum and without one, to a port that nobody uses.

The kernel leaves checksums to the device wherever that offers it, and IPv4 lets a sender do without (RFC 768), so that
nothing on the path has one to finish. The receiver of either answers that the port is closed: ICMP port unreachable
(RFC 1122, 3.2.2).
"""

from __future__ import annotations

import contextlib
import functools
import select
import socket
import time
from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO

from .belief import NUMBER_MAX, Repetition, doubt, repetition
from .model import Context, Experiment
from .results import DatagramPair, DatagramsResult

#: Datagrams of each kind at least. Hosts limit such answers: Linux to one in a
#: second after the first six (net/ipv4/icmp.c, icmpv4_xrlim_allow).
QUESTIONS = 3
#: Seconds at least for which the answer to one datagram is waited for before the next one; after the last one all
#: answers have the patience of the experiment.
SOON = 0.1
#: Seconds at most for all questions.
SECONDS_MAX = 30.0
#: Pairs of sender and gateway at most.
PAIRS = 8
#: The first port of traceroute(8): nobody listens there.
PORT = 33434
#: asm-generic/socket.h: send without a checksum.
_SO_NO_CHECK = 11


@dataclass
class ChecksumPair:
    """One sender and gateway. sent: datagrams of each kind; summed, unsummed: those that were answered.

    Where the first one with a checksum is answered, it is the only one.
    """

    namespace: str
    target: Address
    with_checksum: socket.socket
    without: socket.socket
    sent: int = 0
    summed: int = 0
    unsummed: int = 0

    def waits(self, summed: bool) -> bool:
        """Whether fewer were answered than sent."""
        return (self.summed if summed else self.unsummed) < self.sent

    def answered(self, summed: bool) -> None:
        self.summed += summed
        self.unsummed += not summed

    def as_data(self) -> DatagramPair:
        return {
            "namespace": self.namespace,
            "target": str(self.target),
            "sent": self.sent,
            "summed": self.summed,
            "unsummed": self.unsummed,
        }


def _why_not(context: Context) -> str:
    if context.scope.parent is None:
        return context.scope.parent_problem
    wanted = _wanted(context)
    if not wanted:
        return "no gateway answers pings over IPv4"
    often = repetition(context.noise, QUESTIONS, 0.0, of=len(wanted))
    seconds = 2 * often.number * _soon(context, often)
    slow = f"{2 * often.number} datagrams would be needed, one after the other, and take {seconds:.0f} s"
    return doubt(context.noise, QUESTIONS, 0.0, of=len(wanted)) or (slow if seconds > SECONDS_MAX else "")


def _wanted(context: Context) -> list[tuple[str, str, Address]]:
    """Path and label of the sender's namespace, and the gateway: one that answers something else."""
    answering = {
        parse_address(item["target"]) for item in context.targets if item["received"] and item["method"] == ECHO
    }
    gateways: list[Address] = [item for item in context.network.gateways if item.version == 4 and item in answering]
    paths = {item.label: item.path for item in context.scope.containers if item.path and item.link.up}
    senders = [("", ""), *((path, label) for label, path in paths.items())]
    return [(path, label, gateway) for gateway in gateways for path, label in senders][:PAIRS]


def _soon(context: Context, often: Repetition) -> float:
    """Seconds until the next datagram where one is not answered."""
    # Where so many are asked that answers are limited, each one gets its time.
    return often.patience if often.number > QUESTIONS else min(max(SOON, 2 * context.noise.rtt), often.patience)


def _run(context: Context) -> DatagramsResult:
    pairs: list[ChecksumPair] = []
    wanted = _wanted(context)
    often = repetition(context.noise, QUESTIONS, 0.0, of=len(wanted))
    with contextlib.ExitStack() as stack:
        for path, label, target in wanted:
            with contextlib.suppress(NamespaceGone, OSError):
                made = run_in(path or OWN, functools.partial(_open, target))
                pairs.append(ChecksumPair(label, target, stack.enter_context(made[0]), stack.enter_context(made[1])))
        soon = _soon(context, often)
        for number in range(often.number):
            pending = [pair for pair in pairs if not pair.summed]
            for pair in pending:
                pair.sent += 1
            # In the opposite order each time: where answers are limited, every second question may be answered.
            for summed in (True, False) if number % 2 == 0 else (False, True):
                _ask([pair for pair in pending if not pair.summed], summed, soon)
            time.sleep(often.gap)
        _listen([pair for pair in pairs if not pair.summed], (True, False), often.patience - soon)
    return {"pairs": [pair.as_data() for pair in pairs]}


def _open(target: Address) -> tuple[socket.socket, socket.socket]:
    """Sockets of this thread's namespace, with and without checksum, that receive only answers to them."""
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for dummy in range(2)]
        made[1].setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
        for sock in made:
            sock.setblocking(False)
            sock.connect((str(target), PORT))
        stack.pop_all()
        return made[0], made[1]


def _ask(pairs: Sequence[ChecksumPair], summed: bool, seconds: float) -> None:
    """Send one datagram of each pair, and note which ones were answered within that time."""
    for pair in pairs:
        sock = pair.with_checksum if summed else pair.without
        try:
            sock.send(b"linuxnet.macvlan")
        except ConnectionRefusedError:
            # It says that an earlier one was answered, and has sent nothing.
            pair.answered(summed)
            with contextlib.suppress(OSError):
                sock.send(b"linuxnet.macvlan")
        except OSError:
            pass
    _listen(pairs, (summed,), seconds)


def _listen(pairs: Sequence[ChecksumPair], kinds: Sequence[bool], seconds: float) -> None:
    """Note answers for that long, or until all that was asked is answered. kinds: with a checksum or not."""
    end = time.monotonic() + seconds
    while True:
        waiting = {
            pair.with_checksum if summed else pair.without: (pair, summed)
            for pair in pairs
            for summed in kinds
            if pair.waits(summed)
        }
        left = end - time.monotonic()
        ready = select.select(list(waiting), [], [], left)[0] if waiting and left > 0 else []
        if not ready:
            return
        for sock in filter(_is_answer, ready):
            pair, summed = waiting[sock]
            pair.answered(summed)


def _is_answer(sock: socket.socket) -> bool:
    """Whether the target has answered: that the port is closed, or with a datagram."""
    try:
        sock.recv(1)
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


EXPERIMENT = Experiment(
    id="datagrams",
    sends=f"UDP datagrams of 16 octets to port {PORT} of the gateway, from host and containers, {QUESTIONS} with a"
    f" checksum and {QUESTIONS} without one (up to {NUMBER_MAX} where answers are lost), or one where it is answered",
    run=_run,
    why_not=_why_not,
)
