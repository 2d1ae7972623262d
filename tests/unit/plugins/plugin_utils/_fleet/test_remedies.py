# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever text stands at a key: a refusal says what is wrong and how to write it, and that then is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problem, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import targets, vantages
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser, network, parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import specs
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import request
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import NETWORKS, as_list
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, plan

#: Says nothing about how.
VAGUE = re.compile(r"(?:correct|fix|check|change) (?:it|this)\b|write (?:one|it)(?:,|$)|invalid", re.IGNORECASE)
_VALUE = r"(\{[^{}]*\}|\[.*\]|[^\s,;()]+)"
#: How a remedy gives an example, the clearest first.
EXAMPLES = [re.compile(f"{words} {_VALUE}") for words in ("such as", "as in parent:", "use one of", "write", "use")]

ADDRESSES = ["192.168.100.3", "fd00:100::3", "192.168.100.3/24", "fe80::1%eth0", "0x7f.1", "192.168.100.300"]
RANGES = [
    "192.168.100.128/28",
    "192.168.100.100/28",
    "192.168.100.200-192.168.100.216",
    "fd00::/64",
    "192.168.100.9-fd00::1",
]
NAMES = ["lan0", "a-name-that-is-too-long", "eth0.10", "x/y", "lan 0", ""]
MACS = ["02:00:00:00:00:01", "02-00-00-00-00-01", "0200.0000.0001", "01:00:5e:00:00:01"]
NUMBERS = ["1500", "0", "1e3", "0x10", "99999999999", "-1"]
WORDS = ["bridge", "docker", "absent", "stable", "office", "Bridge", "true", "{a: 1}"]


def texts(*kinds: list[str]) -> st.SearchStrategy[str]:
    """Texts as people write them, with up to three characters changed, added or left out."""
    edits = st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("0129afx:.-/% ,;{\t\né"), st.integers(0, 2)), max_size=3
    )

    def edited(text: str, changes: list[tuple[int, str, int]]) -> str:
        for index, char, kind in changes:
            place = min(index, len(text))
            text = text[:place] + (char if kind else "") + text[place + (kind != 1) :]
        return text

    return st.builds(edited, st.sampled_from([text for kind in kinds for text in kind]), edits)


#: A key whose value is parsed from a text first.
TEXT = "text"

ANY = texts(ADDRESSES, RANGES, NAMES, MACS, NUMBERS, WORDS)


def check(problem: Problem, given: object, key: str) -> None:
    """It names the key, the value, what is wrong, and how to write it."""
    assert problem.key.startswith(key), problem
    assert problem.problem, problem
    assert problem.remedy, problem
    assert not VAGUE.search(problem.remedy), problem
    assert isinstance(problem.value, (str, int, float, type(None), dict, list)), problem
    # a list may be given as the text of one
    assert problem.value is None or key == TEXT or str(problem.value)[:20] in str(given), problem


def example(problem: Problem) -> object:
    """What the remedy says to write instead."""
    found = next(filter(None, (pattern.search(problem.remedy) for pattern in EXAMPLES)), None)
    assert found or "leave" in problem.remedy, f"no example: {problem}"
    if not found:
        return None
    return yaml.safe_load(found[1].rstrip(".:"))


def settled(read: Callable[[object, Problems], object], given: object, key: str = "key") -> None:
    """Whatever is refused is accepted as the remedies of its problems say."""
    problems = Problems("web1")
    read(given, problems)
    for problem in problems.items:
        check(problem, given, key)
        instead, again = example(problem), Problems("web1")
        read(instead, again)
        before = problem.problem
        assert before not in [item.problem for item in again.items], f"{problem}\nagain: {again.report()}"


def selector(kind: str) -> Callable[[object, Problems], object]:
    def read(value: object, problems: Problems) -> None:
        parents.check(value if isinstance(value, dict) else {kind: value}, "key", problems)

    return read


def device(value: object, problems: Problems) -> None:
    wrong = specs.problem(specs.normalise(str(value)))
    if wrong:
        problems.add("key", value, *wrong)


#: Parser -> how it is called, and what people write there.
READERS = {
    "parent": (lambda value, problems: parents.check(value, "key", problems), NAMES),
    "mac": (selector("mac"), MACS),
    "subnet": (selector("subnet"), RANGES),
    "target": (lambda value, problems: targets.parse(value, "key", problems), RANGES),
    "vantage": (lambda value, problems: vantages.parse([value], "key", problems), NAMES),
    "device": (device, NAMES),
    "settings": (lambda value, problems: link_parser.read_settings(value, "key", problems), NUMBERS),
    "list": (lambda value, problems: as_list(value, TEXT, problems), WORDS),
}


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_each_parser_accepts_what_its_remedies_say(name, data):
    read, usual = READERS[name]
    settled(read, data.draw(st.one_of(texts(usual), ANY)), TEXT if name == "list" else "key")


@pytest.mark.parametrize("name", ["target", "watch.link", "watch.port", "watch.method"])
@given(text=ANY)
def test_targets_of_a_watch(name, text):
    field = name.rpartition(".")[2]

    def read(value: object, problems: Problems) -> None:
        base = {"target": "192.168.100.129", **({"method": "who_has"} if field == "link" else {})}
        request.parse({"targets": [{**base, field: value}]}, problems)

    problems = Problems("web1")
    read(text, problems)
    for problem in problems.items:
        check(problem, text, "targets[0]")


@pytest.mark.parametrize("key", sorted(network.DECLARED.values()))
@given(text=ANY)
def test_each_key_of_a_network(key, text):
    def read(value: object, problems: Problems) -> None:
        network.read_fields(
            {key: value},
            {name: spelled for name, spelled in network.DECLARED.items() if spelled == key},
            "key",
            problems,
        )

    settled(read, text)


@pytest.mark.parametrize("key", ["name", "parent", "state", "mode", "mac", "mtu", "bcqueuelen", "addresses", "sysctl"])
@given(text=ANY)
def test_each_key_of_a_link(key, text):
    base = {"name": "mv0", "parent": "eth0"}
    settled(lambda value, problems: link_parser.parse([{**base, key: value}], "web1", problems, "key"), text)


@pytest.mark.parametrize("key", link_parser.ROUTE_KEYS)
@given(text=ANY)
def test_each_key_of_a_route(key, text):
    base = {"name": "mv0", "parent": "eth0"}
    settled(
        lambda value, problems: link_parser.parse(
            [{**base, "routes": [{"destination": "192.168.100.0/24", key: value}]}], "web1", problems, "key"
        ),
        text,
    )


@pytest.mark.parametrize("key", ["macvlan_networks[0].parent.mac", "macvlan_networks[0].mac"])
def test_a_mac_address_that_yaml_took_for_a_number(key):
    """It stands for 52:54:00:12:34:56 (YAML 1.1, sexagesimal)."""
    mac = yaml.safe_load("52:54:00:12:34:56")
    declared = {"mac": mac} if key.endswith("[0].mac") else {"parent": {"mac": mac}}
    (problem,) = plan([HostDeclaration("web1", [{**NETWORK, **declared}], [])], {"web1"}).problems.items
    assert (problem.key, problem.value) == (key, mac)
    assert problem.remedy.startswith("write it in quotes: '52:54:00:12:34:56'")


NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "host_address": "192.168.100.3",
    "container_range": "192.168.100.128/28",
}


@given(
    st.dictionaries(
        st.sampled_from([*network.DECLARED.values(), "exclude", "mtu", "mode", "colour"]), ANY, min_size=1, max_size=3
    )
)
def test_what_is_wrong_between_the_keys_has_a_remedy_too(changes):
    found = plan([HostDeclaration("web1", [{**NETWORK, **changes}], [])], {"web1"})
    for problem in found.problems.items:
        assert problem.key.startswith(f"{NETWORKS}[0]"), problem
        assert problem.problem, problem
        assert problem.remedy, problem
        assert not VAGUE.search(problem.remedy), problem
