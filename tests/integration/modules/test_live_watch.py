# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch that is followed: what it says of itself, how it is ended, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import RUN
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live import state as states
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.follow import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.state import WatchedHost
from labkit.segment import RUN_MODULE

from .lan import GATEWAY, NETWORK, PARENT, SHIM


class Followed:
    """The module, started on a host with a watch of ten minutes, under an umask that forbids everything."""

    def __init__(self, host) -> None:
        self.token = secrets.token_hex(16)
        self.directory = Path(f"{RUN}/live-{self.token}")
        self.process = host.start(
            "sh", "-c", 'umask 777; exec "$@"', "sh", sys.executable, str(RUN_MODULE), "macvlan_diagnose",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        options = {"networks": [NETWORK], "duration": 600, "interval": 0.2, "active": False, "live": self.token}
        self.process.stdin.write(json.dumps(options))
        self.process.stdin.close()

    def ask(self, *names: str) -> WatchedHost | None:
        words = [sys.executable, "-I", "-c", ASK, str(self.directory), "-", "0", "alive", *names]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        found = states.of_host("h1", done.stdout)
        return found[1] if found else None

    def until(self, condition: Callable[[WatchedHost], bool]) -> WatchedHost:
        deadline = time.monotonic() + 600
        while True:
            found = self.ask()
            if found is not None and condition(found):
                return found
            assert time.monotonic() < deadline, f"this did not happen: {found}"
            time.sleep(0.1)


@pytest.fixture
def host(segment):
    segment.host("gw", addresses=[f"{GATEWAY}/24"])
    found = segment.host("h1", addresses=[f"{PARENT}/24"])
    found.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    found.ip("link", "set", "lan0", "up")
    found.ip("address", "add", f"{SHIM}/32", "dev", "lan0")
    return found


def test_it_says_what_it_sees_and_ends_when_it_is_told(host):
    followed = Followed(host)
    found = followed.until(lambda state: 0 < state.targets == state.answering)
    assert found.broken_for is None
    # addresses of the segment may still be tentative as the watch begins
    assert [item for item in found.news if "tentative" not in item.what] == []
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in followed.directory.iterdir()}
    assert (set(modes) >= {"alive", "status", "stop"}, set(modes.values())) == (True, {0o600})
    assert stat.S_IMODE(followed.directory.stat().st_mode) == 0o700
    host.ip("address", "delete", f"{PARENT}/24", "dev", "eth0")
    found = followed.until(lambda state: state.broken_for is not None and len(state.news) > 1)
    said = [item.what for item in found.news]
    assert any(text.startswith(f"address {PARENT}/24 removed from eth0") for text in said), said
    assert any(text.startswith(f"no answer from {GATEWAY} ") for text in said), said
    followed.ask("stop")
    result = json.loads(followed.process.stdout.read().splitlines()[-1])
    followed.process.wait()
    assert result["evidence"]["watch"]["first_break"]
    assert not followed.directory.exists()


def test_it_ends_by_itself_when_nobody_is_left_to_read_its_result(host):
    followed = Followed(host)
    followed.until(lambda state: state.targets > 0)
    followed.process.stdout.close()
    assert followed.process.wait(600) != 0
    assert not followed.directory.exists()


def test_the_next_one_removes_what_a_killed_one_has_left(host):
    killed = Followed(host)
    killed.until(lambda state: state.targets > 0)
    killed.process.kill()
    killed.process.wait()
    assert killed.directory.exists()
    followed = Followed(host)
    followed.until(lambda state: state.targets > 0)
    assert not killed.directory.exists()
    os.kill(followed.process.pid, 15)
    followed.process.wait()
    assert not followed.directory.exists()
