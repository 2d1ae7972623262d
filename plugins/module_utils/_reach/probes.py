# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question, how often it was asked, and what came back. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .lost import fails

PASS, FAIL, SKIPPED, NOT_RUN = "PASS", "FAIL", "SKIPPED", "NOT RUN"


STATUSES = (PASS, FAIL, SKIPPED, NOT_RUN)


#: What stands before the parent's name in ``Probe.interface`` where a temporary macvlan child of it shall ask.
TEMPORARY_CHILD = "child of "


@dataclass(frozen=True)
class Probe:
    """A question that is asked once in each round.

    namespace: the path of the one that asks, empty for our own. interface: the link that asks (WHO_HAS).
    """

    method: str
    target: Address
    namespace: str = ""
    interface: str = ""


@dataclass(frozen=True)
class TcpProbe(Probe):
    """A connection to a port."""

    port: int = 0


@dataclass(frozen=True)
class Attempt:
    """One packet. after: when it was sent, in seconds since the start; rtt: seconds, None where it was lost;
    error: why the kernel would not send it."""

    after: float
    rtt: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Series:
    """All attempts of one probe, in the order of sending. ended: why there are no more, empty where it went on."""

    attempts: tuple[Attempt, ...] = ()
    ended: str = ""

    @property
    def sent(self) -> int:
        return len(self.attempts)

    @property
    def received(self) -> int:
        return sum(1 for attempt in self.attempts if attempt.rtt is not None)

    @property
    def losses(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.rtt is None]

    @property
    def status(self) -> str:
        """FAIL too where nothing was sent."""
        return FAIL if fails(self.sent, self.received) else PASS

    @property
    def errors(self) -> str:
        """What the kernel said when it would not send, empty when it sent all."""
        return ", ".join(sorted({attempt.error for attempt in self.attempts if attempt.error}))

    def __str__(self) -> str:
        return f"{self.received} of {self.sent}"
