# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Artifacts of earlier jobs: slices merged to one verdict, whatever stands in them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.earlier import FAILURES_MAX, lines, merge


def report(job: str, sliced: str = "", failures: dict[str, str] | None = None, **counts: int) -> dict[str, Any]:
    found: dict[str, Any] = {"playbook": "site", "job": job, "hosts": counts, "failures": failures or {}}
    return {**found, "sliced": sliced} if sliced else found


SLICES = [report("12", "11", ok=2, changed=1), report("13", "11", {"h3": "lost"}, ok=1, failed=1), report("9", ok=5)]


def test_slices_of_a_job_have_one_verdict() -> None:
    plain, sliced = merge(SLICES)
    assert plain.data() == {
        "playbook": "site", "job": "9", "slices": [], "hosts": {"ok": 5}, "failures": {}, "ok": True,
    }  # fmt: skip
    assert sliced.data() == {
        "playbook": "site", "job": "11", "slices": ["12", "13"], "hosts": {"ok": 3, "changed": 1, "failed": 1},
        "failures": {"h3": "lost"}, "ok": False,
    }  # fmt: skip
    assert list(lines(merge(SLICES), 5)) == [
        "Earlier job 9 of this workflow (site): 5 ok",
        "Earlier job 11 of this workflow (site, 2 slices): 1 changed, 1 failed, 3 ok",
        "  h3: lost",
    ]


def test_hosts_of_a_slice_that_was_stopped_are_missed() -> None:
    found = list(lines(merge(SLICES[:1]), 5))
    assert found == [
        "Earlier job 11 of this workflow (site, 1 slice): 1 changed, 2 ok",
        "  3 of 5 hosts are in its slices; a slice that was stopped reports nothing",
    ]
    assert len(list(lines(merge(SLICES[:1])))) == 1


def test_the_order_of_artifacts_does_not_matter() -> None:
    assert merge(reversed(SLICES)) == merge(SLICES)
    relaunched = [report("20", "11", {"h3": "second"}), report("9", "11", {"h3": "first"})]
    assert merge(relaunched)[0].failures == {"h3": "second"}


def test_text_of_another_run_is_cleaned_and_bounded() -> None:
    many = {f"h{number}": "lost\x1b[2J" for number in range(100)}
    found = list(lines(merge([report("1", "", many), {"hosts": 3, "job": {"a": 1}, "failures": []}])))
    assert all(line.isprintable() for line in found)
    assert found[0] == "Earlier job of this workflow (unknown): no counts"
    assert found[-1] == f"  and {100 - FAILURES_MAX} more"
    assert not merge([{"hosts": None}])[0].ok


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["playbook", "job", "sliced", "hosts", "failures"]), VALUES, max_size=5),
        max_size=4,
    )
)
def test_no_artifact_is_too_odd(artifacts: list[dict[str, Any]]) -> None:
    jobs = merge(artifacts)
    assert sum(len(job.slices) or 1 for job in jobs) == len(artifacts)
    assert all(line.isprintable() for line in lines(jobs, 3))
