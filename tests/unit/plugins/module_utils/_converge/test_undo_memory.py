# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An undo that is killed half-way forgets nothing of what settings of parents were."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import parent_settings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.state import ConvergeOptions, ConvergeState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.undo import LinkSnapshot
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link

FACTS = Facts((Link(2, "eth0", mac="02:00:00:00:00:01"),))
ONE = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}
OTHER = {"eth0": {"arp_ignore": {"before": 2, "links": ["lan1"]}}}
BOTH = {"eth0": {**ONE["eth0"], **OTHER["eth0"]}}


@pytest.mark.parametrize(
    ("then", "now", "during"),
    [
        pytest.param(ONE, {}, ONE, id="of a removal"),
        pytest.param({}, ONE, ONE, id="of a creation"),
        pytest.param(ONE, OTHER, BOTH, id="of another link"),
        pytest.param(ONE, ONE, ONE, id="nothing changed"),
    ],
)
def test_what_was_remembered_before_or_since_is_there_before_anything_is_restored(
    tmp_path: Path, then: dict, now: dict, during: dict
) -> None:
    path = str(tmp_path / "parents.json")
    parent_settings.save(path, now, FACTS)
    snapshot = LinkSnapshot.__new__(LinkSnapshot)
    snapshot._state = ConvergeState(ConvergeOptions(), facts=FACTS, memory=then, memory_path=path)
    for _round in range(2):
        restored = snapshot._memory()
        assert (restored.differences, restored.errors) == ([], [])
        assert parent_settings.load(path, FACTS) == during
