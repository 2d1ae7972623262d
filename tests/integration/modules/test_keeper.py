# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's script on a real kernel: it follows the parent, and nothing else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState
from labkit import netns

LINK = {
    "name": "lan0",
    "parent": "eth0",
    "mac": "02:00:5e:00:00:10",
    "addresses": ["192.168.100.3/32"],
    "routes": [{"destination": "192.168.100.128/28", "source": "192.168.100.3"}],
}


@pytest.fixture
def kept(segment, tmp_path) -> Iterator:
    """A host with a keeper at work, and its link."""
    host = segment.host("h1", addresses=["192.168.100.11/24"])
    problems = Problems()
    (link,) = link_parser.parse([LINK], "h1", problems).present
    assert not problems
    script = tmp_path / "lan0.sh"
    script.write_text(keeper.making(link.on(Link(2, "eth0")), HostState()))
    assert host.run("sh", str(script), "once").returncode == 0
    host.start("sh", str(script), "watch")
    until(lambda: only_waits(host))
    yield host
    netns.kill(netns.pids(host.netns))


def only_waits(host) -> bool:
    """Wait until the keeper's second check is over, and script, loop and monitor run on."""
    programs = [commands(host)]
    time.sleep(0.2)
    programs.append(commands(host))
    return programs == [["ip -o monitor link", "sh", "sh"]] * 2


def commands(host) -> list[str]:
    found = []
    for pid in netns.pids(host.netns):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
            found.append("sh" if words[:1] == ["sh"] else " ".join(words))
    return sorted(found)


def until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.05)


def test_a_parent_that_goes_takes_the_link_along_and_brings_it_back(segment, kept):
    kept.ip("link", "delete", "eth0")
    until(lambda: kept.link("lan0") is None)
    segment.plug(kept, "eth0")
    until(lambda: kept.link("lan0") is not None and kept.addresses("lan0") == ["192.168.100.3/32"])
    assert kept.mac("lan0") == LINK["mac"]


def test_the_mtu_of_the_parent_comes_back_to_the_link(kept):
    """The kernel itself only removes it (macvlan_device_event)."""
    kept.ip("link", "set", "eth0", "mtu", "1400")
    kept.ip("link", "set", "eth0", "mtu", "1500")
    until(lambda: kept.link("lan0")["mtu"] == 1500)


def test_what_was_changed_by_hand_stays_for_the_next_run_to_see(kept):
    kept.ip("address", "delete", "192.168.100.3/32", "dev", "lan0")
    kept.ip("link", "add", "link", "eth0", "name", "c0", "type", "macvlan", "mode", "bridge")
    kept.ip("link", "set", "c0", "up")
    kept.ip("link", "delete", "c0")
    kept.ip("link", "set", "eth0", "alias", "seen")
    time.sleep(1)
    assert kept.addresses("lan0") == []
    kept.ip("link", "set", "eth0", "down")
    kept.ip("link", "set", "eth0", "up")
    until(lambda: kept.addresses("lan0") == ["192.168.100.3/32"])
