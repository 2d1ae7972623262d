# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems as they are printed."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems


def test_what_a_problem_quotes_has_a_bound():
    problems = Problems("web1")
    long = "9" * 5000
    problems.add("macvlan_networks[0].container_range", long, f"this overlaps {long}", f"leave {long} out")
    (problem,) = problems.items
    assert len(str(problem)) < 5000
    assert "\n" not in str(problem)
    assert problem.problem.startswith("this overlaps 999")
