# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be remembered of a parent fails with the place, the reason and a remedy."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import parent_settings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.apply import ApplyFailed


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    path = str(tmp_path / "file" / "parents.json")
    with pytest.raises(ApplyFailed, match=r"could not be written to .*/file/parents.json: File exists. Remedy: "):
        parent_settings.save(path, {"eth0": {}}, Facts())
