# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue and verdicts of the verification, from facts and probe outcomes that are written down here."""

from __future__ import annotations

import dataclasses
import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import declaration as _declaration
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import ways
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import survey as _survey
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.model import Findings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.registry import CHECKS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, TCP, WHO_HAS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import (
    FAIL,
    PASS,
    SKIPPED,
    Attempt,
    Probe,
    Series,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.verify import VerifyReport

DECLARED = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/28",
    "host_address": "192.168.100.3",
}
GATEWAY = ipaddress.ip_address("192.168.100.1")
CONTAINER = ipaddress.ip_address("192.168.100.129")
HOST = ipaddress.ip_address("192.168.100.3")

ETH0 = Link(2, "eth0", mac="02:00:00:00:00:11", up=True, carrier=True)
LAN0 = Link(3, "lan0", "macvlan", "02:00:00:00:00:50", up=True, carrier=True, parent=2, mode="bridge")
INNER = Link(7, "eth0", "macvlan", "02:00:00:00:00:c1", up=True, carrier=True, parent=2, parent_nsid=0, mode="bridge")
C1 = Namespace("c1", "/run/netns/c1", 4026532001)

PRIVATE, VEPA = (dataclasses.replace(LAN0, mode="private"), dataclasses.replace(INNER, mode="vepa"))
OFF = dataclasses.replace(INNER, up=False)

ALL = Series(tuple(Attempt(float(after), 0.001) for after in range(11)))
NONE = Series(tuple(Attempt(float(after)) for after in range(11)))
BREAKS = Series(tuple(Attempt(after + 0.2, 0.001 if after < 4 else None) for after in range(11)))
ONE_LOST = Series(tuple(Attempt(float(after), None if after == 4 else 0.001) for after in range(11)))


def on(link: Link, text: str, **flags) -> LinkAddress:
    return LinkAddress(link.index, ipaddress.ip_interface(text), **flags)


def networks(**changes) -> list[MacvlanNetwork]:
    """What planning hands to verification, by way of plain data."""
    problems = Problems()
    intent = _declaration.expand([{**DECLARED, **changes}], [], problems)
    given = intent.as_data()["networks"]
    parsed = _networks.networks(given, problems)
    assert not problems, problems.report()
    return parsed


def scope(*, links=(ETH0, LAN0), addresses=(), inner=INNER, inner_addresses=None, **changes):
    """The host as it should be, but for what is given."""
    own = addresses or (on(ETH0, "192.168.100.11/24"), on(LAN0, "192.168.100.3/32"))
    containers = (on(INNER, "192.168.100.129/24"),) if inner_addresses is None else inner_addresses
    all_facts = [
        (Namespace("", OWN, 4026531840), Facts(tuple(links), own)),
        (C1, Facts((inner,) if inner else (), containers if inner else (), origin_nsid=0)),
    ]
    (made,) = _survey.survey(networks(**changes), all_facts)
    return made


def catalogue(made):
    return [check for kind in CHECKS.values() for check in kind.checks(made)]


def judge(made, kind, series, *, paths=None, after=None):
    """The verdict on the one check of a kind. series: by method, or by (method, interface)."""
    (check,) = CHECKS[kind].checks(made)
    assert not check.decided
    outcomes = {}
    for key, value in series.items():
        method, interface = key if isinstance(key, tuple) else (key, "")
        outcomes[Probe(method, GATEWAY, interface=interface)] = value
        outcomes.update({probe: value for probe in check.probes if probe.method == method and not interface})
    return CHECKS[kind].verdict(check, Findings(made, after or made, outcomes, paths or {}))


def proof(verdict, what):
    return " ".join(item.value for item in verdict.evidence if item.what == what)


def test_the_catalogue_follows_from_the_declaration_and_the_facts():
    assert [check.id for check in catalogue(scope())] == [
        "lan0/gateway_from_parent/eth0/192.168.100.1",
        "lan0/gateway_from_link/lan0/192.168.100.1",
        "lan0/host_to_container/host/192.168.100.129",
        "lan0/container_to_host/c1/192.168.100.3",
        "lan0/container_to_host/c1/192.168.100.11",
        "lan0/container_to_gateway/c1/192.168.100.1",
    ]


def test_a_sibling_with_the_subnet_is_shown_beside_a_loss():
    sibling = Link(9, "shim1", "macvlan", "02:00:00:00:00:51", up=True, carrier=True, parent=2, mode="bridge")
    own = (on(ETH0, "192.168.100.11/24"), on(LAN0, "192.168.100.3/32"), on(sibling, "192.168.100.7/24"))
    made = scope(links=(ETH0, LAN0, sibling), addresses=own)
    assert [link.name for link, dummy in made.siblings] == ["shim1"]
    found = judge(made, "host_to_container", {ECHO: NONE}, paths={("", CONTAINER): Path("shim1")})
    assert proof(found, "sibling") == "shim1 is a macvlan link of eth0 too, with 192.168.100.7/24"


def test_probes_leave_from_where_the_check_says():
    assert {check.kind: check.probes for check in catalogue(scope(containers=["192.168.100.140"]))} == {
        "gateway_from_parent": (Probe(ECHO, GATEWAY), Probe(WHO_HAS, GATEWAY, interface="eth0")),
        "gateway_from_link": (Probe(WHO_HAS, GATEWAY, interface="lan0"),),
        "host_to_container": (Probe(ECHO, ipaddress.ip_address("192.168.100.140")),),
        "container_to_host": (Probe(ECHO, ipaddress.ip_address("192.168.100.11"), "/run/netns/c1"),),
        "container_to_gateway": (Probe(ECHO, GATEWAY, "/run/netns/c1"),),
    }


@pytest.mark.parametrize(
    ("changes", "kind", "status", "reason"),
    [
        ({"gateway": None}, "gateway_from_parent", SKIPPED, "declares no gateway"),
        ({"gateway": None}, "gateway_from_link", SKIPPED, "declares no gateway"),
        ({"gateway": None}, "container_to_gateway", SKIPPED, "declares no gateway"),
        ({"gateway": "192.168.100.11"}, "gateway_from_parent", SKIPPED, "this host is the gateway itself"),
        ({"gateway": "192.168.100.11"}, "container_to_gateway", SKIPPED, "this host is the gateway itself"),
        ({"parent": "eth7"}, "gateway_from_parent", FAIL, "this host has no such interface"),
        ({"parent": "eth7"}, "host_to_container", FAIL, "this host has no such interface"),
        ({"links": (ETH0,)}, "gateway_from_link", FAIL, "this host has no link lan0"),
        ({"links": (ETH0, dataclasses.replace(LAN0, up=False))}, "gateway_from_link", FAIL, "lan0 is down"),
        ({"links": (ETH0, dataclasses.replace(LAN0, kind="veth"))}, "gateway_from_link", FAIL, "no macvlan link"),
        ({"links": (ETH0, dataclasses.replace(LAN0, parent=9))}, "gateway_from_link", FAIL, "not eth0"),
        ({"inner": None}, "host_to_container", SKIPPED, "none was found"),
        ({"inner": None}, "container_to_host", SKIPPED, "no container was found"),
        ({"inner": None}, "container_to_gateway", SKIPPED, "no container was found"),
        ({"parent": "eth7"}, "container_to_gateway", FAIL, "this host has no such interface"),
        ({"host_address": None}, "host_to_container", SKIPPED, "declares no host_address"),
        ({"host_address": None}, "container_to_host", SKIPPED, "declares no host_address"),
    ],
)  # fmt: skip
def test_what_the_facts_decide_needs_no_packet(changes, kind, status, reason):
    (check,) = CHECKS[kind].checks(scope(**changes))
    assert (check.decided, check.probes) == (status, ())
    assert reason in check.evidence[0].value
    assert bool(check.remedy) == (status == FAIL)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"container_range": "192.168.100.64/28"}, "the declared container_range"),
        # docker's first address without ip-range, beside the one that is declared
        ({"container_range": None, "containers": ["192.168.100.140"]}, "what containers declares"),
    ],
)
def test_a_container_outside_of_what_is_declared_is_asked_and_named_as_the_cause(changes, where):
    made = scope(**changes)
    assert [str(item.address) for item in made.strays] == ["192.168.100.129"]
    found = [check for check in CHECKS["host_to_container"].checks(made) if check.target == "192.168.100.129"]
    (check,) = found
    silent = Findings(made, made, {check.probes[0]: NONE}, {("", CONTAINER): Path("eth0")})
    failed = CHECKS["host_to_container"].verdict(check, silent)
    assert failed.status == FAIL
    assert proof(failed, "suspected_cause").startswith(
        f"container_outside_range: 192.168.100.129 is outside of {where}"
    )
    assert "container_range" in failed.remedy
    # who routes it otherwise is content
    assert CHECKS["host_to_container"].verdict(check, Findings(made, made, {check.probes[0]: ALL})).status == PASS


def test_an_engine_that_cannot_be_used_fails_beside_whatever_answers():
    made = dataclasses.replace(scope(engine="docker"), engine_problem="docker does not run", engine_remedy="start it")
    first, *others = CHECKS["host_to_container"].checks(made)
    assert (first.target, first.decided, first.remedy) == ("docker", FAIL, "start it")
    assert [item.value for item in first.evidence] == ["docker does not run", "engine_stopped"]
    assert [check.target for check in others] == ["192.168.100.129"]


def test_containers_that_run_where_nothing_can_be_asked_are_named():
    (check,) = CHECKS["host_to_container"].checks(scope(host_address=None))
    assert [item.what for item in check.evidence] == ["reason", "unchecked"]
    assert check.evidence[1].value.startswith("192.168.100.129 (c1) on eth0: ")
    (check,) = CHECKS["host_to_container"].checks(scope(host_address=None, inner=None))
    assert [item.what for item in check.evidence] == ["reason"]


def test_without_a_range_and_containers_every_container_of_the_subnet_counts():
    made = scope(container_range=None, containers=None, host_address=None)
    assert [str(item.address) for item in made.containers] == ["192.168.100.129"]
    assert not made.strays


def test_an_address_that_the_host_has_itself_cannot_be_a_containers():
    own = (on(ETH0, "192.168.100.11/24"), on(ETH0, "192.168.100.129/32"), on(LAN0, "192.168.100.3/32"))
    (check,) = CHECKS["host_to_container"].checks(scope(addresses=own))
    assert check.decided == FAIL
    assert check.evidence[1].value == "address_belongs_to_host"


def test_over_the_link_ipv6_reaches_the_links_own_addresses_only():
    dual = {
        "subnet": ["192.168.100.0/24", "fd00:100::/64"],
        "container_range": ["192.168.100.128/28", "fd00:100::8000/120"],
        "host_address": ["192.168.100.3", "fd00:100::3"],
    }
    made = scope(
        addresses=(on(ETH0, "fd00:100::11/64"), on(LAN0, "fd00:100::3/128")),
        inner_addresses=(on(INNER, "fd00:100::8001/64"), on(INNER, "fe80::1/64")),
        **dual,
    )
    assert [check.target for check in CHECKS["container_to_host"].checks(made)] == ["fd00:100::3"]
    assert [check.target for check in CHECKS["host_to_container"].checks(made)] == ["fd00:100::8001"]


def test_an_address_belongs_to_the_network_whose_range_it_is_in():
    problems = Problems()
    other = {**DECLARED, "name": "lan1", "container_range": "192.168.100.144/28", "host_address": "192.168.100.4"}
    declared = _networks.networks(_declaration.expand([DECLARED, other], [], problems).as_data()["networks"], problems)
    inner = (on(INNER, "192.168.100.129/24"), on(INNER, "192.168.100.145/24"), on(INNER, "10.0.0.1/8"))
    all_facts = [
        (Namespace("", OWN, 1), Facts((ETH0, LAN0), ())),
        (C1, Facts((INNER,), inner, origin_nsid=0)),
    ]
    first, second = _survey.survey(declared, all_facts)
    assert [str(item.address) for item in first.containers] == ["192.168.100.129"]
    assert [str(item.address) for item in second.containers] == ["192.168.100.145"]
    assert not first.strays
    assert not second.strays


@pytest.mark.parametrize("where", ["parent", "container"])
def test_addresses_under_duplicate_address_detection_are_waited_for(where):
    tentative = {"parent": {}, "container": {}, where: {"tentative": True}}
    made = scope(
        addresses=(on(ETH0, "fd00:100::11/64", **tentative["parent"]), on(LAN0, "192.168.100.3/32")),
        inner_addresses=(on(INNER, "192.168.100.129/24", **tentative["container"]),),
    )
    assert made.settling
    assert not scope().settling


OVER_PARENT = {("", GATEWAY): Path("eth0", ipaddress.ip_address("192.168.100.11"))}
OVER_LINK = {("", GATEWAY): Path("lan0", HOST)}


@pytest.mark.parametrize(
    ("echo", "arp", "paths", "status", "what", "text"),
    [
        pytest.param(ALL, ALL, OVER_PARENT, PASS, "", "", id="healthy"),
        pytest.param(ONE_LOST, ALL, OVER_PARENT, PASS, "single_loss", "sent after 4.0 s", id="one lost"),
        pytest.param(NONE, ALL, OVER_PARENT, PASS, "method", "no pings (0 of 11) but ARP (11 of 11)", id="drops pings"),
        pytest.param(NONE, NONE, OVER_PARENT, FAIL, "answered", "0 of 11", id="dead"),
        pytest.param(BREAKS, ALL, OVER_PARENT, FAIL, "ARP", "11 of 11 requests", id="pings stop, ARP does not"),
        pytest.param(NONE, BREAKS, OVER_PARENT, FAIL, "answered", "4 of 11", id="drops pings, ARP stops"),
        pytest.param(ALL, ALL, OVER_LINK, FAIL, "suspected_cause", "route_order", id="answered over another link"),
        pytest.param(
            NONE,
            NONE,
            {("", GATEWAY): Path(error="Network is unreachable")},
            FAIL,
            "route",
            "no route to",
            id="no route",
        ),
    ],
)
def test_gateway_from_parent(echo, arp, paths, status, what, text):
    verdict = judge(scope(), "gateway_from_parent", {ECHO: echo, WHO_HAS: arp}, paths=paths)
    assert verdict.status == status
    assert text in proof(verdict, what)
    assert bool(verdict.remedy) == (status == FAIL)


@pytest.mark.parametrize(
    ("link", "parent", "echo", "status", "cause"),
    [
        pytest.param(ALL, ALL, ALL, PASS, "", id="healthy"),
        pytest.param(NONE, ALL, ALL, FAIL, "mac_filtering_upstream", id="filtered"),
        pytest.param(NONE, ALL, NONE, FAIL, "mac_filtering_upstream", id="filtered, and the gateway drops pings"),
        pytest.param(BREAKS, ALL, ALL, FAIL, "mac_limit_after_ageing", id="filtered later"),
        pytest.param(NONE, NONE, NONE, FAIL, "", id="dead"),
        pytest.param(NONE, NONE, ALL, SKIPPED, "", id="answers no such requests"),
    ],
)
def test_gateway_from_link(link, parent, echo, status, cause):
    outcomes = {WHO_HAS: link, (WHO_HAS, "eth0"): parent, ECHO: echo, (ECHO, ""): echo}
    verdict = judge(scope(), "gateway_from_link", outcomes)
    assert verdict.status == status
    assert proof(verdict, "suspected_cause") == cause


VIA_LINK = Path("lan0", HOST, mac=INNER.mac, state="REACHABLE")
VIA_OTHER = dataclasses.replace(VIA_LINK, mac="02:00:00:00:00:99")


@pytest.mark.parametrize(
    ("changes", "path", "cause", "remedy"),
    [
        pytest.param({}, Path("eth0"), "route_order", "host prefix", id="route over the parent"),
        pytest.param({"links": (ETH0,)}, Path("eth0"), "host_isolation", "macvlan_link", id="no link"),
        pytest.param({}, Path(error="No route to host"), "", "macvlan_link", id="no route"),
        pytest.param({}, Path("eth1"), "", "macvlan_link", id="route elsewhere"),
        pytest.param({"inner": VEPA}, VIA_LINK, "wrong_mode", "bridge", id="vepa"),
        pytest.param({"links": (ETH0, PRIVATE)}, VIA_LINK, "wrong_mode", "bridge", id="own mode"),
        pytest.param({"inner": OFF}, VIA_LINK, "", "restart the container: its engine", id="down"),
        pytest.param({}, VIA_OTHER, "duplicate_ip", "arp_conflict_check", id="other MAC"),
        pytest.param({}, VIA_LINK, "", "firewall", id="answers ARP alone"),
        pytest.param({}, Path("lan0", HOST, state="FAILED"), "", "arp_ignore", id="answers nothing"),
    ],
)  # fmt: skip
def test_host_to_container_failures_are_explained(changes, path, cause, remedy):
    verdict = judge(scope(**changes), "host_to_container", {ECHO: NONE}, paths={("", CONTAINER): path})
    assert verdict.status == FAIL
    assert cause in proof(verdict, "suspected_cause")
    assert bool(cause) == bool(proof(verdict, "suspected_cause"))
    assert remedy in verdict.remedy


def checked(*words: str) -> tuple[ways.Way, ...]:
    return ways.read(list(words), "checks", Problems())


@pytest.mark.parametrize(
    ("words", "method", "series", "status", "text"),
    [
        (["arp"], WHO_HAS, ALL, PASS, "asked by ARP, as declared"),
        (["tcp:443"], TCP, ALL, PASS, "asked by connections to TCP port 443, as declared"),
        ([f"{CONTAINER} tcp:22", "arp"], TCP, ALL, PASS, "TCP port 22"),
        (["tcp:443"], TCP, NONE, FAIL, "TCP port 443"),
        (["icmp"], ECHO, NONE, FAIL, ""),
    ],
)
def test_containers_are_asked_as_declared(words, method, series, status, text):
    before = scope()
    before = dataclasses.replace(before, network=dataclasses.replace(before.network, checks=checked(*words)))
    verdict = judge(before, "host_to_container", {method: series}, paths={("", CONTAINER): VIA_LINK})
    assert verdict.status == status
    assert {probe.method for probe in verdict.check.probes} == {method}
    assert text in proof(verdict, "method")
    assert (f"listens at TCP port {443}" in verdict.remedy) == (status == FAIL and method == TCP)


@pytest.mark.parametrize(
    ("path", "reverse", "words", "status"),
    [
        (VIA_LINK, ALL, [], PASS),
        (VIA_LINK, NONE, [], FAIL),
        (VIA_OTHER, ALL, [], FAIL),
        (Path("lan0", HOST, state="FAILED"), ALL, [], FAIL),
        # pings are what was asked for
        (VIA_LINK, ALL, ["icmp"], FAIL),
    ],
)
def test_a_container_that_drops_pings_is_no_failure_where_packets_go_both_ways(path, reverse, words, status):
    before = scope()
    before = dataclasses.replace(before, network=dataclasses.replace(before.network, checks=checked(*words)))
    findings = Findings(
        before,
        before,
        {Probe(ECHO, CONTAINER): NONE, Probe(ECHO, HOST, C1.path): reverse},
        {("", CONTAINER): path},
    )
    (check,) = CHECKS["host_to_container"].checks(before)
    verdict = CHECKS["host_to_container"].verdict(check, findings)
    assert verdict.status == status
    assert ("it drops pings" in proof(verdict, "method")) == (status == PASS)


@pytest.mark.parametrize(
    ("declared", "alive", "status", "text"),
    [
        (False, {(C1.inode, 0)}, FAIL, "had 192.168.100.129 at the start and has lost it"),
        (True, set(), FAIL, "had 192.168.100.129 at the start and has lost it"),
        (False, set(), SKIPPED, "c1 ended while it was being checked"),
        # the kernel gives inodes again at once
        (False, {(C1.inode, 7)}, SKIPPED, "c1 ended while it was being checked"),
    ],
)
def test_a_container_that_goes_away(declared, alive, status, text):
    changes = {"containers": ["192.168.100.129"]} if declared else {}
    before = scope(**changes)
    after = dataclasses.replace(before, containers=(), namespaces=frozenset({(4026531840, 0), *alive}))
    paths = {("", CONTAINER): VIA_LINK}
    verdict = judge(before, "host_to_container", {ECHO: BREAKS}, paths=paths, after=after)
    assert verdict.status == status
    assert text in proof(verdict, "container") + proof(verdict, "reason")


@pytest.mark.parametrize(
    ("series", "links", "status", "text"),
    [
        pytest.param(ALL, (ETH0, LAN0), PASS, "", id="healthy"),
        pytest.param(NONE, (ETH0,), FAIL, "host_isolation", id="no link"),
        pytest.param(NONE, (ETH0, LAN0), FAIL, "check the host's firewall", id="silent host"),
        pytest.param(Series(ALL.attempts, "c1 ended"), (ETH0, LAN0), SKIPPED, "c1 ended", id="ended"),
    ],
)
def test_container_to_host(series, links, status, text):
    made = scope(links=links, addresses=(on(LAN0, "192.168.100.3/32"),))
    verdict = judge(made, "container_to_host", {ECHO: series})
    assert verdict.status == status
    assert text in " ".join([*(item.value for item in verdict.evidence), verdict.remedy])


INSIDE = "/run/netns/c1"
RESOLVED = Path("eth0", mac="02:00:00:00:00:01", state="REACHABLE")


@pytest.mark.parametrize(
    ("container", "host", "path", "status", "text"),
    [
        pytest.param(ALL, ALL, RESOLVED, PASS, "", id="healthy"),
        pytest.param(NONE, ALL, RESOLVED, FAIL, "another MAC address than 02:00:00:00:00:c1 for", id="only it"),
        pytest.param(NONE, ALL, Path("eth0", state="FAILED"), FAIL, "mac_filtering_upstream", id="its ARP, too"),
        pytest.param(NONE, ALL, Path(error="Network is unreachable"), FAIL, "adds the route", id="no route"),
        pytest.param(NONE, ALL, Path("eth1"), FAIL, "adds the route", id="by another link"),
        pytest.param(NONE, NONE, RESOLVED, PASS, "drops the pings of all (0 of 11), and answers ARP", id="no pings"),
        pytest.param(NONE, NONE, Path("eth0", state="FAILED"), FAIL, "the path from the host", id="no ARP either"),
        pytest.param(BREAKS, NONE, RESOLVED, FAIL, "", id="answered before"),
    ],
)
def test_container_to_gateway(container, host, path, status, text):
    made = scope()
    outcomes = {Probe(ECHO, GATEWAY, INSIDE): container, Probe(ECHO, GATEWAY): host}
    (check,) = CHECKS["container_to_gateway"].checks(made)
    verdict = CHECKS["container_to_gateway"].verdict(check, Findings(made, made, outcomes, {(INSIDE, GATEWAY): path}))
    assert verdict.status == status
    assert text in " ".join([*(item.value for item in verdict.evidence), verdict.remedy])


def test_a_container_is_asked_for_the_gateway_of_its_own_subnet_without_a_link_of_the_host_too():
    both = {
        "subnet": ["192.168.100.0/24", "fd00:100::/64"],
        "gateway": ["192.168.100.1", "fd00:100::1"],
        "container_range": ["192.168.100.128/28", "fd00:100::8000/120"],
        "host_address": None,
    }
    four, six = on(INNER, "192.168.100.129/24"), on(INNER, "fd00:100::8001/64")
    asked = {
        version: [check.target for check in CHECKS["container_to_gateway"].checks(scope(inner_addresses=found, **both))]
        for version, found in (("four", (four,)), ("six", (six,)), ("both", (four, six)))
    }
    assert asked == {
        "four": ["192.168.100.1"], "six": ["fd00:100::1"], "both": ["192.168.100.1", "fd00:100::1"],
    }  # fmt: skip


def test_not_all_of_many_containers_ask_the_gateway():
    """Routers limit how many pings they answer."""
    own = (on(ETH0, "192.168.100.11/24"), on(LAN0, "192.168.100.3/32"))
    facts = [(Namespace("", OWN, 4026531840), Facts((ETH0, LAN0), own))]
    for number in range(129, 141):
        space = Namespace(f"c{number}", f"/run/netns/c{number}", 4026532000 + number)
        facts.append((space, Facts((INNER,), (on(INNER, f"192.168.100.{number}/24"),), origin_nsid=0)))
    (made,) = _survey.survey(networks(), facts)
    checks = CHECKS["container_to_gateway"].checks(made)
    assert [check.source for check in checks if check.probes] == [f"c{number}" for number in range(129, 137)]
    assert [(check.source, check.decided) for check in checks if not check.probes] == [("4 more containers", SKIPPED)]
    assert len([check for check in CHECKS["host_to_container"].checks(made) if check.probes]) == 12


def test_a_container_that_is_the_gateway_is_not_asked_for_itself():
    made = scope(gateway="192.168.100.129", exclude="192.168.100.129")
    (check,) = CHECKS["container_to_gateway"].checks(made)
    assert (check.decided, check.probes) == (SKIPPED, ())


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (None, "lan0 has no leased address"),
        ("192.168.100.130/24", "in the container range 192.168.100.128/28"),
        ("10.0.0.9/24", "outside of 192.168.100.0/24"),
    ],
)
def test_a_leased_address_has_to_be_there_and_fit(address, reason):
    found = [on(LAN0, address)] if address else []
    made = scope(addresses=[on(ETH0, "192.168.100.11/24"), *found], host_address="dhcp")
    checks = [check for check in CHECKS["container_to_host"].checks(made) if check.decided == FAIL]
    assert [(check.target, reason in check.evidence[0].value) for check in checks] == [("dhcp", True)]
    assert checks[0].remedy
    assert made.settling == (address is None)


def test_a_leased_address_is_what_containers_reach():
    """With a lease the link does not answer for the parent's address."""
    addresses = [on(ETH0, "192.168.100.11/24"), on(LAN0, "192.168.100.57/24", permanent=False)]
    made = scope(addresses=addresses, host_address="dhcp")
    assert [check.target for check in CHECKS["container_to_host"].checks(made)] == ["192.168.100.57"]


def test_the_report_puts_the_first_failure_first_in_one_line():
    made = scope()
    early = judge(made, "host_to_container", {ECHO: BREAKS}, paths={("", CONTAINER): Path("eth0")})
    late = judge(made, "gateway_from_parent", {ECHO: Series((*ALL.attempts, *NONE.attempts[8:])), WHO_HAS: NONE})
    report = VerifyReport((late, early), started=1769860800.0, seconds=10.04)
    data = report.as_data()
    assert not data["passed"]
    assert data["first_failure"].startswith(
        "FAIL lan0 host_to_container from host to 192.168.100.129: lost first after 4.2 s; answered: 4 of 11; route:"
    )
    assert "\n" not in data["first_failure"]
    assert report.message.splitlines()[0] == "2 of 2 checks failed"
    assert report.message.splitlines()[1] == data["first_failure"]
    assert data["checks"][1]["first_failure"] == {"after_seconds": 4.2, "at": "2026-01-31T12:00:04.200Z"}
    assert data["checks"][1]["rtt"] == {"min": 1.0, "avg": 1.0, "max": 1.0}
    assert data["summary"]["host_to_container"] == {"passed": 0, "failed": 1, "skipped": 0, "not_run": 0}
    assert data["seconds"] == 10.0


def test_each_kind_has_what_the_registry_needs():
    for name, kind in CHECKS.items():
        assert name == kind.KIND
        assert callable(kind.checks)
        assert callable(kind.verdict)
