# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which namespaces are new to a watch."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import discovery
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.discovery import Discovery
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Record

HOST, OLD = 1, 2


@pytest.mark.parametrize(
    ("present", "listened", "entered"),
    [
        pytest.param([{HOST, OLD}, {HOST, OLD}], set(), [], id="known"),
        pytest.param([{HOST, OLD, 3}, {HOST, OLD, 3}], set(), [3], id="new"),
        pytest.param([{HOST}, {HOST, OLD}], set(), [OLD], id="its inode used again"),
        pytest.param([{HOST}, {HOST, OLD}], {OLD}, [], id="without a process for a moment and still listened in"),
    ],
)
def test_a_namespace_is_entered_once(monkeypatch, present, listened, entered):
    found = []
    listening = SimpleNamespace(moved=True, namespaces=[SimpleNamespace(inode=inode) for inode in listened])
    looker = Discovery(listening, Record(), {HOST, OLD}, 100)
    monkeypatch.setattr(looker, "_enter", lambda namespace, after: found.append(namespace.inode))
    now = time.monotonic()
    for number, inodes in enumerate(present, 1):
        monkeypatch.setattr(discovery, "inodes", lambda inodes=inodes: inodes)
        every = [Namespace(f"c{inode}", f"/run/netns/c{inode}", inode) for inode in inodes]
        monkeypatch.setattr(discovery, "namespaces", lambda every=every: every)
        looker.search(now + number * discovery.SELDOM, now)
    assert found == entered
