# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that crash before a change is confirmed: after the boot everything is as before; what was confirmed stays."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit import modules, nspawn_host, real_host
from labkit.lab import Lab

from .persistent import GONE, HOSTS, HostOfLab, topology

NM_FILE = "/etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf"
ETC = r"""
find /etc /var/lib/linuxnet-macvlan ! -name resolv.conf -printf '%p %y %m %U %G %l\n' 2>/dev/null | sort
find /etc /var/lib/linuxnet-macvlan ! -name resolv.conf -type f -exec sha256sum {} + 2>/dev/null | sort -k 2
"""
TRACES = (
    "find /etc /run -path '*undo*linuxnet*' -o -path '*linuxnet-macvlan/undo*' -o -path '*linuxnet-macvlan/confirm*'"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(topology(), name=f"co{secrets.token_hex(4)}")
    yield made
    made.down()


class Crashing(HostOfLab):
    """A host whose power is cut."""

    def crash(self, argv: Sequence[str] = ("systemctl", "reboot", "-ff"), text: str | None = None) -> str:
        """What one does with a host that locks one out: no process is asked, nothing is synced. What the command said.

        argv: what does it, with this text on its standard input.
        """
        host = self.lab.topology.hosts[self.name]
        boots = real_host.boots(self.lab.state, host)
        said = self.run(*argv, check=False, input=text)
        real_host.wait(self.lab.state, host, nspawn_host.inside, boots + 1)
        return said

    def etc(self) -> list[str]:
        return self.shell(ETC).splitlines()

    def change(self, token: str, links: list[dict]) -> dict:
        return self.link(links=links, host_id=self.name, confirm_token=token, confirm_timeout=600)

    def ask(self, token: str) -> dict:
        return self._module(self.lab, self.name, "confirm_change", {"token": token})

    def has_link(self) -> bool:
        return self.lab.exec(self.name, "ip", "link", "show", "dev", "lan0", check=False).returncode == 0

    def same_etc(self, before: list[str]) -> None:
        now = self.etc()
        assert now == before, f"{self.name}: {sorted(set(now) ^ set(before))}"

    def comes_up(self, links: list[dict]) -> None:
        """The links are as declared: after a boot the keeper waits for the end of duplicate address detection."""
        deadline = time.monotonic() + 60
        while True:
            found = self.link(links=links, host_id=self.name, check=True)["messages"]
            if not found:
                return
            assert time.monotonic() < deadline, f"{self.name}: {found}"
            time.sleep(0.5)

    def no_trace(self) -> None:
        assert self.shell(TRACES) == ""
        assert "cycle" not in self.shell("journalctl -b -o cat --no-pager | grep -i 'ordering cycle' || true")


@pytest.fixture
def on_all(lab: Lab, lab_module) -> Callable[[Callable[[Crashing], None]], None]:
    """All hosts at once."""

    def run(work: Callable[[Crashing], None]) -> None:
        with ThreadPoolExecutor(len(HOSTS)) as pool:
            ends = [pool.submit(work, Crashing(lab, lab_module, name)) for name in HOSTS]
        for end in ends:
            end.result()

    return run


def test_a_link_that_nobody_confirmed_is_not_there_after_a_crash(on_all) -> None:
    def work(host: Crashing) -> None:
        before = host.etc()
        assert host.change("a1", [host.declared()])["changed"] is True
        assert host.etc() != before
        host.crash()
        assert not host.has_link(), host.name
        host.same_etc(before)
        predicted = host.link(links=[host.declared()], host_id=host.name, check=True)
        assert predicted["changed"] is True
        assert "undone at" in str(predicted["warnings"])
        assert "as the host was restarted before it was confirmed" in str(predicted["warnings"])
        answer = host.ask("a1")
        assert answer["state"] == "undone"
        assert "link lan0: " in str(answer["data"]["undone"])
        host.no_trace()

    on_all(work)


def test_what_was_confirmed_survives_a_crash(on_all) -> None:
    def work(host: Crashing) -> None:
        host.change("b1", [host.declared()])
        assert host.ask("b1")["state"] == "confirmed"
        host.no_trace()
        confirmed = host.etc()
        host.crash()
        host.same_etc(confirmed)
        host.comes_up([host.declared()])
        # A removal and another form, both not confirmed.
        host.change("b2", [{"name": "lan0", "state": "absent"}])
        host.crash()
        host.same_etc(confirmed)
        host.comes_up([host.declared()])
        assert host.ask("b2")["state"] == "undone"
        host.no_trace()

    on_all(work)


def test_an_exclusion_that_nobody_confirmed_is_gone_after_a_crash(lab: Lab, lab_module) -> None:
    host = Crashing(lab, lab_module, "nm")
    before = host.etc()
    done = lab_module(lab, "nm", "nm_unmanaged", {"devices": ["mv7"], "confirm_token": "c1", "confirm_timeout": 600})
    assert not done.get("failed"), done["msg"]
    assert NM_FILE in str(host.etc())
    host.crash()
    host.same_etc(before)
    done = lab_module(lab, "nm", "nm_unmanaged", {"devices": ["mv7"], "confirm_token": "c2", "confirm_timeout": 600})
    assert "undone at" in str(done["warnings"])
    assert host.ask("c2")["state"] == "confirmed"
    confirmed = host.etc()
    host.crash()
    host.same_etc(confirmed)


def test_a_guard_that_was_killed_is_not_forgotten(lab: Lab, lab_module) -> None:
    host = Crashing(lab, lab_module, "bare")
    before = host.etc()
    host.change("d1", [host.declared(mode="private")])
    host.shell(
        "kill -9 $(sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p' /run/linuxnet-macvlan/confirm/pending/change.json)"
    )
    refused = host.link(links=[host.declared(mode="private")], host_id="bare", fails=True)
    assert "was neither confirmed nor undone, because its guard was killed. Remedy: restart the host" in refused["msg"]
    host.crash()
    host.same_etc(before)
    host.comes_up([host.declared()])


COUNTED = Path(__file__).resolve().parents[1].joinpath("counted.py").read_text(encoding="utf-8")
#: Runs the module's work and cuts the power before the write of that number; prints ``complete`` where there is none.
CUT = """
import json, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import run as convergence

def power_off():
    subprocess.run(["systemctl", "reboot", "-ff"])
    time.sleep(60)

before_write(int(sys.argv[2]), power_off)
options = convergence.ConvergeOptions(json.loads(sys.argv[3]), host_id=sys.argv[4])
convergence.converge(options, request=Request("e1", 600))
print("complete")
"""
#: Writes before which the power is cut: a slice, `CUTS=0,1,2,3` for others.
CUTS = [int(number) for number in os.environ.get("CUTS", "2,11").split(",")]


@pytest.mark.parametrize("number", CUTS)
def test_power_is_cut_while_the_change_is_made(on_all, number: int) -> None:
    def work(host: Crashing) -> None:
        host.link(links=GONE, host_id=host.name)
        before = host.etc()
        # Each kind of host at another write.
        cut = str(number + list(HOSTS).index(host.name))
        argv = ["python3", "-", f"{modules.INSIDE}/collections", cut, json.dumps([host.declared()]), host.name]
        assert host.crash(argv, COUNTED + CUT) == "", f"{host.name} makes fewer than {cut} writes"
        assert not host.has_link(), host.name
        host.same_etc(before)
        assert host.ask("e1")["state"] == "undone"
        host.no_trace()

    on_all(work)
