# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resembles a fault and is none. All of it may stand beside faults as well."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

from tests.faults import healthy, relay

from .lab import GeneratedLab

Background = Callable[[GeneratedLab], contextlib.AbstractContextManager[None]]


def _slow(seconds: float) -> Background:
    """A long way to the gateway: half of the round trip in each direction."""

    @contextlib.contextmanager
    def during(lab: GeneratedLab) -> Iterator[None]:
        relay.insert(lab, lab.gateway.port, "slow", str(seconds / 2))
        yield

    return during


@contextlib.contextmanager
def _lossy(lab: GeneratedLab) -> Iterator[None]:
    """Frames of other machines that are lost: the station's, which no host asks."""
    rules = f"""
table bridge background {{
    chain in {{
        type filter hook prerouting priority 0
        iifname {lab.station.port} numgen random mod 100 < 30 drop
    }}
}}
"""
    lab.switch.run("nft", "-f", "-", input=rules)
    lab.station.start("ping", "-n", "-q", "-i", "0.2", lab.gateways[0], stdout=subprocess.DEVNULL)
    yield


def _of(name: str) -> Background:
    """A condition of the suite of faults."""
    return next(item.during for item in healthy.CONDITIONS if item.name == name)  # type: ignore[return-value]


#: What sends frames of web1 back to it.
REFLECTS = "a port that reflects"
#: By name; those for which IPv4 is needed, and those that stand beside no other.
HARMLESS: dict[str, Background] = {
    "a round trip of 0.3 s": _slow(0.3),
    "a round trip of 1 s": _slow(1.0),
    "a round trip of 2 s": _slow(2.0),
    "loss of other machines": _lossy,
    "a virtual router": _of("virtual router"),
    "proxy ARP": _of("proxy ARP"),
    "lease renewals": _of("DHCP renewals"),
    "containers that come and go": _of("containers come and go"),
    "a gateway that drops pings": _of("gateway drops pings"),
    REFLECTS: _of("port that reflects"),
}
FOUR_ONLY = ("a virtual router", "proxy ARP", "lease renewals", "containers that come and go")
#: Which would blur the answer where something is lost as well.
ALONE = ("a round trip of 0.3 s", "a round trip of 1 s", "a round trip of 2 s", "a virtual router",
         "a gateway that drops pings")  # fmt: skip


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """Processes that compute, beside those that the machine runs already."""
    count = max(processes - int(os.getloadavg()[0]), 0)
    program = "while True: pass"
    started = [subprocess.Popen([sys.executable, "-c", program]) for dummy in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
