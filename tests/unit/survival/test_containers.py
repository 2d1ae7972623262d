# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from matrix import containers

from tests.engines.hosts import ENGINES


def test_each_event_has_a_line_and_each_engine_a_column():
    text = containers.render({"docker26": "docker 26.1", "podman5": "podman 5.4"}, {"docker26": {"restart": 1.25}})
    lines = text.splitlines()
    assert len(lines) == 2 + len(containers.EVENTS)
    assert lines[2] == "| engine restarted | 1.2 | - |"
    assert "never" in containers.render({"podman5": "podman 5.4"}, {"podman5": {"reboot": None}})


def test_podman_has_neither_a_daemon_nor_compose():
    missing = {event.name for event in containers.EVENTS if event.missing(ENGINES["podman5"])}
    assert missing == {"upgrade-live", "upgrade", "compose"}
