# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a state, made by hand, to everything that would be written."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problem, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.plan import plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.state import ConvergeOptions, ConvergeState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.link_parser import parse
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress, Route
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    RT_SCOPE_LINK,
    RTPROT_KERNEL,
    RTPROT_STATIC,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import (
    AddAddress,
    AddRoute,
    CreateLink,
    DeleteLink,
    RemoveRoute,
    SetLink,
    WriteSetting,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Owner
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted

ETH0 = Link(2, "eth0", "veth", "02:00:00:00:00:02", 1500, up=True)
ETH1 = Link(3, "eth1", "veth", "02:00:00:00:00:03", 1500, up=True)
LAN0 = Link(4, "lan0", "macvlan", "02:00:00:00:00:10", 1500, up=True, parent=2, mode="bridge", bcqueuelen=1000)
OWN = ipaddress.ip_interface("192.0.2.3/32")
NETWORK = ipaddress.ip_network("192.0.2.128/28")


def declared(key="links[0]", parent=ETH0, **given):
    """A link as it comes out of what somebody wrote."""
    problems = Problems("web1")
    wanted = {"name": "lan0", "parent": parent.name, "mac": LAN0.mac, **given}
    (link,) = parse([wanted], "web1", problems).present
    assert not problems, problems.report()
    return replace(link.on(parent), key=key)


GIVEN = {
    "addresses": [str(OWN)],
    "routes": [{"destination": str(NETWORK)}],
    "sysctl": {"arp_filter": 1},
    "parent_sysctl": {"arp_filter": 1},
}
LINK = declared(**GIVEN)
OF_LINK, OF_PARENT = "net/ipv4/conf/lan0/arp_filter", "net/ipv4/conf/eth0/arp_filter"
MEMORY = {"eth0": {"arp_filter": {"before": 0, "links": ["lan0"]}}}

NAMESPACE = Persisted(HostState(unfit="this is no booted systemd"))
MACHINE = Persisted(HostState(version=252, owners={"eth0": Owner()}))
UNIT = "linuxnet-macvlan-lan0.service"

EMPTY = ConvergeState(
    ConvergeOptions(host_id="web1"), facts=Facts((ETH0, ETH1)), persisted=NAMESPACE, sysctls={OF_PARENT: 0}
)
DECLARED = replace(EMPTY, present=[LINK])
#: What the steps of that lead to.
MADE = replace(
    DECLARED,
    facts=Facts(
        (ETH0, ETH1, replace(LAN0, alias="linuxnet.macvlan")),
        (LinkAddress(4, OWN),),
        (Route(NETWORK, 4, protocol=RTPROT_STATIC, scope=RT_SCOPE_LINK),),
    ),
    memory=MEMORY,
    sysctls={OF_LINK: 1, OF_PARENT: 1},
)


def refused(state):
    with pytest.raises(InvalidInput) as caught:
        plan(state)
    return {problem.key: problem.problem for problem in caught.value.problems.items}


def test_a_connected_route_that_a_daemon_left_goes_with_its_address():
    """NetworkManager makes it itself (noprefixroute), so the kernel does not remove it with the address."""
    subnet = ipaddress.ip_network("192.0.2.0/24")
    left = [Route(subnet, 4, protocol=RTPROT_KERNEL, scope=RT_SCOPE_LINK, metric=metric) for metric in (410, 0)]
    state = replace(MADE, facts=replace(MADE.facts, routes=(*MADE.facts.routes, *left)))
    gone = DesiredRoute(subnet, metric=410, protocol=RTPROT_KERNEL)
    assert plan(state).links == [RemoveRoute("lan0", gone)]
    assert plan(state).difference.messages() == [f"link lan0 routes: remove {gone}"]
    wide = replace(state, present=[declared(**{**GIVEN, "addresses": ["192.0.2.3/24", str(OWN)]})])
    assert not [step for step in plan(wide).links if isinstance(step, RemoveRoute)]


def test_a_new_link_comes_after_its_parents_settings():
    planned = plan(DECLARED)
    assert planned.links == [
        WriteSetting("eth0", "arp_filter", 1),
        CreateLink("lan0", ETH0, {"mode": "bridge", "mac": LAN0.mac, "mtu": 1500}),
        WriteSetting("lan0", "arp_filter", 1),
        AddAddress("lan0", OWN),
        SetLink("lan0", {"up": True}),
        AddRoute("lan0", DesiredRoute(NETWORK)),
    ]
    assert planned.memory == MEMORY
    link, parent = planned.difference.messages()
    assert link.startswith(f"link lan0: add (parent eth0, mode bridge, mac {LAN0.mac}, mtu 1500, up True, addresses ")
    assert parent == "interface eth0 arp_filter: 0 -> 1"


def test_what_is_as_declared_needs_nothing():
    planned = plan(MADE)
    assert (planned.links, bool(planned.difference), bool(planned.persistence)) == ([], False, False)


def test_the_last_link_gives_its_parents_settings_back():
    planned = plan(replace(MADE, present=[], removed=["lan0"]))
    assert planned.links == [DeleteLink("lan0"), WriteSetting("eth0", "arp_filter", 0)]
    assert planned.memory == {}


def test_a_run_that_was_killed_just_before_its_end_is_finished():
    planned = plan(
        replace(MADE, memory={"eth0": {"arp_filter": {"before": 0, "links": ["lan0", "lan9"]}}}, removed=["lan9"])
    )
    assert planned.links == []
    assert planned.difference.messages() == ["interface eth0 arp_filter is needed by: remove lan9"]


def test_what_is_not_remembered_any_more_is_said_in_words():
    planned = plan(replace(MADE, memory={}))
    assert planned.links == []
    assert planned.difference.messages() == [
        "interface eth0 arp_filter to restore with the last link: not recorded -> 1",
        "interface eth0 arp_filter is needed by: add lan0",
    ]


def test_files_and_links_are_one_plan():
    planned = plan(replace(DECLARED, persisted=MACHINE))
    assert [choice.backend for choice in planned.persistence.choices] == ["systemd"]
    written = {action.target for action in planned.persistence.actions if action.kind == "write"}
    assert written == {*planned.persistence.files}
    assert {f"file {path}: add" for path in written} < {*planned.difference.messages()}
    made = replace(MACHINE, files=planned.persistence.files, units={UNIT: UnitState(True, True)})
    assert not plan(replace(MADE, persisted=made)).difference


@pytest.mark.parametrize(
    ("persisted", "steps"), [(NAMESPACE, [SetLink("lan0", {"alias": "linuxnet.macvlan"})]), (MACHINE, [])]
)
def test_only_a_link_without_a_file_needs_our_mark(persisted, steps):
    facts = replace(MADE.facts, links=(ETH0, ETH1, LAN0))
    assert plan(replace(MADE, facts=facts, persisted=persisted)).links == steps


def test_a_link_is_recreated_only_where_that_is_allowed():
    moved = replace(MADE, present=[declared(parent=ETH1, **{**GIVEN, "parent_sysctl": {}})])
    assert "its parent is eth0 and shall be eth1" in refused(moved)["links[0].parent"]
    planned = plan(replace(moved, options=replace(moved.options, recreate="when_needed")))
    assert [type(step) for step in planned.links[:2]] == [DeleteLink, CreateLink]


def test_all_problems_are_found_at_once():
    large = declared(**GIVEN, mtu=9000)
    twin = declared("links[1]", **{**GIVEN, "name": "lan1", "parent_sysctl": {"arp_filter": 0}})
    missing = Problem("links[2].parent", "eth9", "there is no such interface", "name one", "web1")
    state = replace(
        DECLARED,
        options=replace(DECLARED.options, persistence="networkd"),
        facts=replace(DECLARED.facts, addresses=(LinkAddress(3, OWN),)),
        present=[large, twin],
        problems=(missing,),
    )
    assert [*refused(state)] == [
        "links[2].parent",
        "links[0].mtu",
        "links[0].addresses",
        "links[1].addresses",
        "links[1].parent_sysctl.arp_filter",
        "persistence",
    ]


def test_an_unfinished_run_is_continued_with_the_files_as_they_are():
    files = plan(replace(DECLARED, persisted=MACHINE)).persistence.files
    unfinished = replace(MACHINE, files=files, units={UNIT: UnitState(True, True)}, interrupted=True)
    planned = plan(replace(MADE, persisted=unfinished))
    assert planned.difference.messages() == ["persistence run: interrupted -> complete"]
    assert planned.persistence


@pytest.mark.parametrize(
    ("kind", "metric", "taken"), [("macvlan", 0, True), ("ipvlan", 0, True), ("macvlan", 50, False), ("veth", 0, False)]
)
def test_a_sibling_with_a_route_to_the_same_addresses_is_refused(kind, metric, taken):
    """A shim made by hand under another name: of two equal routes the kernel uses the older one."""
    sibling = replace(LAN0, index=9, name="shim0", kind=kind, mac="02:00:00:00:00:09")
    facts = Facts((ETH0, ETH1, sibling), (), (Route(NETWORK, 9, metric=metric, protocol=3, scope=RT_SCOPE_LINK),))
    state = replace(DECLARED, facts=facts)
    if not taken:
        plan(state)
        return
    assert "shim0 of this host, a" in refused(state)["links[0].routes"]
