# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of namespaces that cannot be read."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace


def test_a_namespace_that_has_ended_is_not_one_that_could_not_be_seen(monkeypatch, tmp_path):
    there = tmp_path / "closed"
    there.touch()
    found = [Namespace("closed", str(there), 7), Namespace("ended", str(tmp_path / "ended"), 8)]
    monkeypatch.setattr(read, "namespaces", lambda: found)
    unseen: list[str] = []
    assert read.read_all(unseen) == []
    assert unseen == ["closed"]
