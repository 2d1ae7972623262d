# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever becomes of the MAC addresses of a parent's links: at no time do two of them have the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import plan

from .fake_kernel import FakeKernel

MACS = [f"02:00:00:00:00:{number:02x}" for number in range(8)]


ETH0 = Link(2, "eth0", "veth", "52:54:00:00:00:02", 1500, up=True)


def made(before: dict[str, str], after: dict[str, str], recreated: set[str]) -> dict[str, str]:
    """The MAC addresses that a kernel has in the end, which refuses doublets on the way."""
    modes = {name: "private" if name in recreated else "bridge" for name in before}
    links = [
        Link(index, name, "macvlan", mac, 1500, up=True, parent=2, mode=modes[name])
        for index, (name, mac) in enumerate(before.items(), start=3)
    ]
    facts = Facts((ETH0, *links), (), ())
    present = [DesiredLink(name, "eth0", {"mac": mac, "mode": "bridge"}).on(ETH0) for name, mac in after.items()]
    removed = [name for name in before if name not in after]
    found = FakeKernel(facts).make(plan(present, removed, facts, {}, set(), Difference()))
    return {link.name: link.mac for link in found.links if link.name != "eth0"}


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str], set[str]]:
    names = [f"lan{number}" for number in range(6)]
    pairs = []
    for _time in range(2):
        some = draw(st.permutations(names))[: draw(st.integers(0, 6))]
        pairs.append(dict(zip(some, draw(st.permutations(MACS)), strict=False)))
    return pairs[0], pairs[1], draw(st.sets(st.sampled_from(names)))


@given(changes())
def test_no_two_links_have_one_mac_address_at_any_time(change) -> None:
    before, after, recreated = change
    assert made(before, after, recreated) == after


def test_a_thousand_links_that_pass_theirs_on() -> None:
    macs = [f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}" for number in range(1001)]
    names = [f"lan{number}" for number in range(1000)]
    ring = dict(zip(names, macs[1:1000] + macs[:1], strict=True))
    assert made(dict(zip(names, macs, strict=False)), ring, set()) == ring
