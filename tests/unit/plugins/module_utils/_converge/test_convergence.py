# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host has and whatever is declared: once a plan is carried out, the next one is empty."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, reject
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.plan import ConvergePlan, plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.state import ConvergeOptions, ConvergeState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted

from .._link.fake_kernel import FakeKernel
from .test_plan import ETH0, ETH1, MACHINE, NAMESPACE, declared

NAMES = ("lan0", "lan1")
#: Two of one subnet, one that is alone in its own, and IPv6; {} makes them another link's.
ADDRESSES = ("192.0.2.{}3/24", "192.0.2.{}4/24", "198.51.100.{}3/32", "2001:db8::{}3/128", "2001:db8::{}4/64")
DESTINATIONS = ("203.0.113.0/24", "0.0.0.0/0", "2001:db8:1::/64")
SETTINGS = ("arp_filter", "rp_filter")


def maybe(draw: st.DrawFn, key: str, values: st.SearchStrategy) -> dict[str, object]:
    """Most of what can be said of a link can be left out."""
    return {key: draw(values)} if draw(st.booleans()) else {}


@st.composite
def links(draw: st.DrawFn, number: int) -> DesiredLink:
    addresses = [text.format(number + 1) for text in ADDRESSES]
    settings = st.dictionaries(st.sampled_from(SETTINGS), st.just(1))
    given = {
        **maybe(draw, "addresses", st.lists(st.sampled_from(addresses), unique=True)),
        **maybe(draw, "mode", st.sampled_from(["bridge", "private", "vepa"])),
        **maybe(draw, "mtu", st.just(1400)),
        **maybe(draw, "bcqueuelen", st.just(2000)),
        **maybe(draw, "nopromisc", st.booleans()),
        **maybe(draw, "up", st.booleans()),
        **maybe(draw, "sysctl", settings),
        **maybe(draw, "parent_sysctl", settings),
    }
    given.update(maybe(draw, "routes", st.lists(routes(given.get("addresses", [])), max_size=3)))
    parent = draw(st.sampled_from([ETH0, ETH1]))
    return declared(f"links[{number}]", parent, name=NAMES[number], mac=f"02:00:00:00:01:0{number}", **given)


@st.composite
def routes(draw: st.DrawFn, addresses: list[str]) -> dict[str, object]:
    destination = draw(st.sampled_from(DESTINATIONS))
    sources = [text.partition("/")[0] for text in addresses if (":" in text) == (":" in destination)]
    source = maybe(draw, "source", st.sampled_from(sources)) if sources else {}
    return {"destination": destination, **source, **maybe(draw, "metric", st.just(50))}


@st.composite
def declarations(draw: st.DrawFn) -> tuple[list[DesiredLink], list[str]]:
    """Links that shall be there, and names of those that shall not."""
    present = [draw(links(number)) for number in range(len(NAMES)) if draw(st.booleans())]
    absent = [name for name in NAMES if name not in [link.name for link in present] and draw(st.booleans())]
    return present, absent


def carried_out(state: ConvergeState, planned: ConvergePlan) -> ConvergeState:
    """The state of a host on which everything was written."""
    settings = {path: value for path, value in state.sysctls.items() if value is not None}
    kernel = FakeKernel(state.facts, settings)
    facts = kernel.make(planned.links)
    # A link that comes has all settings, with the kernel's defaults.
    paths = [f"net/ipv4/conf/{link.name}/{name}" for link in facts.links for name in SETTINGS]
    sysctls = {path: kernel.settings.get(path, 0) for path in paths}
    return replace(
        state, facts=facts, persisted=_written(state.persisted, planned), memory=planned.memory, sysctls=sysctls
    )


def _written(persisted: Persisted, planned: ConvergePlan) -> Persisted:
    files, units = dict(persisted.files), dict(persisted.units)
    for action in planned.persistence.actions:
        if action.kind == "write":
            files[action.target] = action.text
        elif action.kind == "remove":
            files.pop(action.target, None)
        elif action.kind in ("enable", "disable"):
            units[action.target] = UnitState(action.kind == "enable", action.kind == "enable")
    return replace(persisted, files=files, units=units, interrupted=False)


@given(declarations(), declarations(), st.sampled_from([NAMESPACE, MACHINE]), st.sampled_from(["auto", "none"]))
def test_the_plan_after_a_plan_is_empty(before, after, persisted, persistence):
    options = ConvergeOptions(host_id="web1", recreate="when_needed", persistence=persistence)
    sysctls = {f"net/ipv4/conf/{parent.name}/{name}": 0 for parent in (ETH0, ETH1) for name in SETTINGS}
    state = ConvergeState(options, facts=Facts((ETH0, ETH1)), persisted=persisted, sysctls=sysctls)
    for present, removed in (before, after, ([], [*NAMES])):
        state = replace(state, present=present, removed=removed)
        try:
            planned = plan(state)
        except InvalidInput:
            # Beside a link that stays, such as one with a route to the same addresses.
            reject()
        state = carried_out(state, planned)
        again = plan(state)
        assert again.difference.messages() == []
        assert (again.links, bool(again.persistence), again.memory) == ([], False, planned.memory)
    assert (state.facts.links, state.memory, state.persisted.files) == ((ETH0, ETH1), {}, {})
    assert set(state.sysctls.values()) == {0}
