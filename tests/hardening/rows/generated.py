# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations and evidence that hypothesis generates: each is judged, or refused in sentences."""

from __future__ import annotations

import copy
import json
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read
from tests.hardening import workers
from tests.hardening.row import Row, Tally
from tests.unit.plugins.plugin_utils._diagnosis import test_mutations as evidence

NETWORK = {
    "name": "lan0", "parent": "eth0", "subnet": ["192.0.2.0/24", "2001:db8::/64"], "gateway": ["192.0.2.1", "fe80::1"],
    "container_range": ["192.0.2.128/26", "2001:db8::80/122"], "container_range_per_host": {"ipv4": 28, "ipv6": 124},
    "container_range_group": "all", "container_slice": {"h1": 0}, "host_address": ["192.0.2.3", "2001:db8::3"],
    "containers": ["192.0.2.129"], "container_fixed_range": ["192.0.2.64/28"], "internal": True, "engine": "docker",
    "labels": {"com.example.owner": "network"}, "driver_options": {"com.example.option": 1},
    "segment": "office", "link_name": "lan0",
    "sysctl": {"rp_filter": 2}, "parent_sysctl": {"rp_filter": 2}, "mode": "bridge", "mac": "02:00:00:00:00:01",
    "mtu": 1400, "bcqueuelen": 2000,
}  # fmt: skip
LINK = {
    "name": "lan1", "state": "present", "parent": "eth0", "mode": "bridge", "mac": "02:00:00:00:00:02", "mtu": 1400,
    "bcqueuelen": 2000, "nopromisc": False, "addresses": ["192.0.2.4/32", "2001:db8::4/128"], "up": True,
    "routes": [{"destination": "192.0.2.64/28", "gateway": "192.0.2.1", "source": "192.0.2.4", "table": 9}],
    "sysctl": {"arp_filter": 1, "accept_ra": 0}, "parent_sysctl": {"rp_filter": 2},
}  # fmt: skip
GROUPS = Groups({"all": ["h1", "h2"]})
#: Right at one key and wrong at another, and what looks like a number, an address or a name and is none.
FAMILIAR = st.sampled_from([
    "", "eth0", "lan0", "lan1", "192.0.2.3", "192.0.2.0/24", "192.0.2.128-192.0.2.191", "2001:db8::/64",
    "fe80::1%x;true",
    "02:00:00:00:00:01", "bridge", "podman", "absent", "$(true)", "\u00b2", "\u0661", "\ud800", "1" * 5000,
    -1, 0, 1, 4294967296,
    10**40, float("nan"), float("inf"), True, None, [], {}, "a\nb", "192.0.2.3/33", "::/0", "0.0.0.0/0", "h1",
])  # fmt: skip


def hashable(value: Any) -> bool:
    return not isinstance(value, (list, dict))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | FAMILIAR
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | FAMILIAR.filter(hashable), inner, max_size=3)
    ),
)
PORTION = 200
DECLARED = {"networks": [NETWORK], "links": [LINK]}
PLACES = st.sampled_from(list(evidence.paths(DECLARED)))
MUTATIONS = st.lists(st.tuples(PLACES, VALUES | evidence.NOTHING), min_size=1, max_size=5)


def plan(mutations: list[tuple[Any, Any]]) -> None:
    """Planned, or refused with host, key, problem and remedy. Errors: AssertionError, and whatever is wrong."""
    declared = copy.deepcopy(DECLARED)
    for path, value in mutations:
        evidence.put(declared, path, copy.deepcopy(value) if value is not evidence.paths else value)
    networks, links = declared.get("networks", []), declared.get("links", [])
    if not isinstance(networks, list) or not isinstance(links, list):
        return  # the module's argument spec and the filter refuse these before
    problems = Problems("h1")
    made = read(HostDeclaration("h1", networks, links, groups=GROUPS), problems)
    for item in problems.items:
        assert item.key, item
        assert item.problem, item
        assert item.remedy, item
    report = problems.report()
    assert len(report) < 64_000, f"{len(report)} characters"
    if not problems:
        json.dumps(made.intent.as_data())


def judge(mutations: list[tuple[Any, Any]]) -> None:
    """web1 has verdicts or a reason, web2 is judged, and the reports are written."""
    found = evidence.busy()["web1"]
    for path, value in mutations:
        evidence.put(found, path, copy.deepcopy(value) if value is not evidence.paths else value)
    evidence.assert_complete(evidence.shown(found))


def run(strategy: st.SearchStrategy[Any], check: Callable[[Any], None], tally: Tally) -> None:
    workers.share(tally, partial(generate, strategy, check), 2)
    tally.measured = f"examples of hypothesis, {PORTION} from each seed of its own"


def generate(strategy: st.SearchStrategy[Any], check: Callable[[Any], None], tally: Tally) -> None:
    """In portions, as hypothesis has no end by time."""
    while tally.more():

        @seed(tally.random.getrandbits(32))
        @settings(
            max_examples=min(PORTION, tally.wanted - tally.count),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def attack(example: Any) -> None:
            tally.count += 1
            try:
                check(example)
            except Exception:  # noqa: BLE001  (counted, not shrunk)
                tally.broke("failed", f"{example!r:.300}: {traceback.format_exc(limit=-3)}")

        attack()


ROWS = [
    Row(
        "generated/declarations",
        "any declaration is planned, or refused with host, key, problem and remedy",
        partial(run, MUTATIONS, plan),
        wanted=10_000,
        quick=200,
    ),
    Row(
        "generated/evidence",
        "any evidence of one host is judged or refused in a sentence, its neighbour is judged, reports are written",
        partial(run, evidence.MUTATIONS, judge),
        wanted=10_000,
        quick=50,
    ),
]
