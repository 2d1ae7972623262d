# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands at whatever key of a declaration gives a plan or problems that name host, key and value."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import (
    attributes,
    declaration,
    link_parser,
    network,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import LINKS, NETWORKS, as_list
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, plan

NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "10.0.0.0/24",
    "host_address": "10.0.0.3",
    "container_range": "10.0.0.128/28",
}
LINK = {"name": "mv0", "parent": "eth0", "addresses": ["10.1.0.1/32"]}
DATA = {"name": "lan0", "parent": "eth0", "subnets": ["10.0.0.0/24"], "host_addresses": ["10.0.0.3"], "link": "lan0"}

NETWORK_KEYS = [*declaration.KEYS, *(row.name for row in attributes.ATTRIBUTES if row.of_network)]
LINK_KEYS = [*link_parser.LINK_KEYS, *(row.name for row in attributes.ATTRIBUTES)]
DATA_KEYS = list(network.DATA.values())

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    # As a lazy one: Hypothesis itself cannot print it.
    st.builds(lambda: 10**5000),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.dates(),
    st.sampled_from(("²", "9" * 5000, "\ud800", "lan0", "eth0", "10.0.0.0/24", "10.0.0.1", "stable", "x" * 100_000)),
    st.sampled_from((frozenset(("a",)), (1, 2), object(), dt.time(1), slice(1))),
)
KEYS = st.one_of(
    st.text(max_size=4),
    st.integers(),
    st.none(),
    st.booleans(),
    st.dates(),
    st.tuples(st.integers()),
    st.sampled_from(("mac", "subnet", "default_route", "destination", "gateway", "metric", "arp_filter")),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))
)


def _mutated(base: dict, keys: list[str]) -> st.SearchStrategy:
    others = st.dictionaries(st.sampled_from(keys), VALUES, max_size=2)
    one = st.builds(
        lambda key, value, more: {**base, **more, key: value}, st.one_of(st.sampled_from(keys), KEYS), VALUES, others
    )
    return st.one_of(one, VALUES)


def _check(problems: Problems, host: str) -> None:
    """Each can be shown, printed and returned, and says where it is."""
    json.loads(json.dumps(problems.as_data(), allow_nan=True))
    for problem in problems.items:
        assert str(problem).startswith(f"{host}: {problem.key}")
        assert "\n" not in str(problem)
        str(problem).encode()
        assert len(str(problem)) < 5000


@given(
    st.one_of(st.lists(_mutated(NETWORK, NETWORK_KEYS), max_size=2), VALUES),
    st.one_of(st.lists(_mutated(LINK, LINK_KEYS), max_size=2), VALUES),
)
def test_any_declaration_is_planned_or_refused(networks, links):
    problems = Problems("web1")
    declared = HostDeclaration(
        "web1", as_list(networks, NETWORKS, problems), as_list(links, LINKS, problems), groups=None
    )
    fleet = plan([declared], {"web1"})
    _check(problems, "web1")
    _check(fleet.problems, "web1")
    if not fleet.problems:
        json.dumps([host.intent.as_data() for host in fleet.hosts])


@given(st.lists(_mutated(DATA, DATA_KEYS), max_size=2), st.lists(_mutated(LINK, LINK_KEYS), max_size=2))
def test_modules_refuse_what_they_do_not_understand(networks, links):
    problems = Problems("web1")
    network.networks(networks, problems)
    link_parser.parse(links, "web1", problems)
    _check(problems, "web1")


@pytest.mark.parametrize("address", [None, "10.0.0.3"])
@pytest.mark.parametrize("name", ["sysctl", "parent_sysctl"])
@pytest.mark.parametrize("value", [5, "arp_filter", ["arp_filter"], True])
def test_settings_that_are_no_mapping(name, value, address):
    declared = {**NETWORK, "host_address": address, name: value}
    fleet = plan([HostDeclaration("web1", [declared], [])], {"web1"})
    (problem,) = fleet.problems.items
    assert str(problem).startswith(f"web1: macvlan_networks[0].{name} = {value!r}: this is not a mapping. Remedy:")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("9" * 5000, "not YAML", id="a number that is too long"),
        pytest.param("2020-99-99", "not YAML", id="a date that is none"),
        pytest.param("[" * 5000, "not YAML", id="deep nesting"),
        pytest.param("!!python/object:os.system {}", "not YAML", id="an object"),
        pytest.param("{a: 1}", "not a list", id="a mapping"),
    ],
)
def test_texts_of_a_survey_that_are_no_list(text, says):
    problems = Problems("web1")
    assert as_list(text, NETWORKS, problems) == []
    assert says in problems.report()


def test_deep_nesting_and_vaults_without_their_password():
    deep: list = []
    for _level in range(100_000):
        deep = [deep]

    class Locked:
        def __str__(self):
            raise RuntimeError("no vault secrets found")

    fleet = plan([HostDeclaration("web1", [{**NETWORK, "parent": deep}], [{**LINK, "mac": Locked()}])], {"web1"})
    report = fleet.problems.report()
    assert "macvlan_networks[0].parent" in report
    assert "macvlan_links[0].mac = 'Locked: no vault secrets found'" in report
