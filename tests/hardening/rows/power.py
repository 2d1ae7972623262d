# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that lose their power at any moment of a change: after the boot they are as before, or as confirmed."""

from __future__ import annotations

import contextlib
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from labkit import modules as _modules
from labkit import nspawn_host, real_host
from labkit.lab import Lab
from tests.hardening.row import Row, Tally
from tests.integration.hosts.persistent import GONE, HostOfLab, topology

HOSTS = ("nd", "nm", "ifup", "bare")
#: Seconds from the start of the module to the end of power, at most: it takes about one and a half.
LONGEST = 3.0
#: Where the host keeps what the next run reports: that a change was undone at boot.
OUTCOME = "/run/linuxnet-macvlan"
#: Seconds after the boot in which daemons may still be at work.
SETTLES = 30.0


@dataclass
class Place:
    """A host with its states: before, and as declared."""

    host: HostOfLab
    before: str = ""
    declared: str = ""

    def prepare(self) -> None:
        self.host.link(links=[self.host.declared()])
        self.declared = self.seen()
        self.host.link(links=GONE)
        self.before = self.seen()

    def seen(self) -> str:
        lines = self.host.snapshot().splitlines()
        return "\n".join(line for line in lines if not line.startswith(OUTCOME))

    def change(self, confirmed: bool) -> None:
        """Make the change under a guard; whatever happens, as power may be gone."""
        with contextlib.suppress(AssertionError, OSError):
            self.host.link(links=[self.host.declared()], confirm_token="a1", confirm_timeout=60)
            if confirmed:
                _modules.run(self.host.lab, self.host.name, "confirm_change", {"token": "a1", "wait": 5})

    def attack(self, after: float, confirmed: bool) -> str:
        """How the host differs from both states after it has booted; empty where it does not."""
        lab, name = self.host.lab, self.host.name
        host = lab.topology.hosts[name]
        boots = real_host.boots(lab.state, host)
        thread = threading.Thread(target=self.change, args=(confirmed,))
        thread.start()
        time.sleep(after)
        # Nothing is stopped and nothing is written any more: reboot(2) at once.
        lab.exec(name, "systemctl", "reboot", "-ff", check=False)
        thread.join()
        real_host.wait(lab.state, host, nspawn_host.inside, boots + 1)
        deadline = time.monotonic() + SETTLES
        while (found := self.seen()) not in (self.before, self.declared):
            if time.monotonic() > deadline:
                return difference(found, self.before)
            time.sleep(1)
        return ""

    def reset(self) -> str:
        """Remove the link; what the run does not say of an undo at boot, empty where it says all."""
        undone = "outcome.json" in self.host.shell(f"ls {OUTCOME}/confirm 2>/dev/null; true")
        said = "an earlier change was undone" in str(self.host.link(links=GONE).get("warnings"))
        return "" if said == undone else f"the change was undone at boot: {undone}, the next run says so: {said}"


def difference(found: str, wanted: str) -> str:
    have, want = found.splitlines(), wanted.splitlines()
    also = [line for line in have if line not in want]
    without = [line for line in want if line not in have]
    return f"also {also[:4]}, without {without[:4]}"


def run(tally: Tally) -> None:
    data = topology()
    data["hosts"] = {name: host for name, host in data["hosts"].items() if name in HOSTS}
    lab = Lab.up(data, name=f"hd{secrets.token_hex(4)}")
    try:
        places = [Place(HostOfLab(lab, module, name)) for name in HOSTS]
        for place in places:
            _modules.install(lab, place.host.name)
        with ThreadPoolExecutor(len(places)) as pool:
            list(pool.map(Place.prepare, places))
            chances = [random.Random(f"{tally.seed} {place.host.name}") for place in places]
            list(pool.map(lambda pair: loop(*pair, tally), zip(places, chances, strict=True)))
    finally:
        lab.down()
    tally.measured = "systemd-nspawn hosts of 4 kinds; what they had written and not synced is not lost there"


def loop(place: Place, chance: random.Random, tally: Tally) -> None:
    while tally.more():
        tally.count += 1
        after, confirmed = chance.uniform(0, LONGEST), chance.random() < 0.4
        for wrong in (place.attack(after, confirmed), place.reset()):
            if wrong:
                tally.broke("lost", f"{place.host.name}, {after:.2f} s, confirmed {confirmed}: {wrong}")


def module(lab: Lab, host: str, name: str, args: dict, check: bool = False) -> dict:
    return _modules.run(lab, host, name, args, check)


ROWS = [
    Row(
        "power/containers",
        "power loss at any moment of a guarded change: after the boot the host is as before, or as confirmed",
        run,
        wanted=50,
    )
]
