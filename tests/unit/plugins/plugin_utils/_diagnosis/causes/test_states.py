# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States come first: links, carrier and gateway as they are, against what is declared; and who is a consequence."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.causes import gateway_dead
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import gather
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.judge import networks, verdict
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import natural

from . import causes_cases as cases

IP = "ip"


def _own(fleet: dict[str, Any], moment: str = "after", host: str = "web1") -> dict[str, Any]:
    return fleet[host][moment]["namespaces"][0]


def _without(fleet: dict[str, Any], *moments: str) -> None:
    """web1's own link is not there."""
    for moment in moments:
        own = _own(fleet, moment)
        for kind, key in (("links", "name"), ("addresses", "link"), ("routes", "link")):
            own[kind] = [item for item in own[kind] if item[key] != "lan0"]
        fleet["web1"][moment]["networks"]["lan0"].update(link=None, link_problem="this host has no link lan0")


def _switch(fleet: dict[str, Any], field: str, link: str, *moments: tuple[float, bool]) -> None:
    """Events of a link that goes down or comes up, or loses or regains its carrier."""
    for after, value in moments:
        data = {"name": link, "up": True, field: value, "changed": {field: [not value, value]}}
        cases.event(fleet, link=link, after=after, data=data, what=f"{link} {field} {value}")


def _lost_at(targets: list[dict[str, Any]], *losses: tuple[float, float]) -> None:
    for target in targets:
        target.update(received=target["sent"] - 2 * len(losses), first_loss=losses[0][0], losses=[*map(list, losses)])


def test_a_link_that_was_never_made_is_confirmed_without_any_loss() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, "link_absent").status == "ruled_out"
    _without(fleet, "before", "after")
    found = cases.verdict(fleet, "link_absent")
    assert (found.status, found.after) == ("confirmed", None)
    assert "does not exist on web1" in found.summary
    assert cases.confirmed(fleet) == {("web1", "link_absent")}


def test_a_deleted_link_names_the_moment_and_its_loss_of_the_route_is_a_consequence() -> None:
    fleet = cases.healthy()
    _without(fleet, "after")
    cases.event(fleet, action="delete", after=2.0, process=cases.process(IP))
    for path in _own(fleet)["paths"]:
        if path["link"] == "lan0":
            path["link"] = "eth0"
    cases.lose(fleet, "host_to_container", at=2.1)
    found = cases.verdict(fleet, "link_absent")
    assert (found.status, found.after, found.culprit["name"]) == ("confirmed", 2.0, IP)
    assert cases.verdict(fleet, "host_isolation").explained_by == "link_absent"


def test_a_link_that_was_deleted_twice_has_lost_since_the_first_time() -> None:
    fleet = cases.healthy()
    _without(fleet, "after")
    for after in (2.0, 3.0):
        cases.event(fleet, action="delete", after=after)
    found = cases.verdict(fleet, "link_absent")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert "for the last time of 2 at +3.0 s" in found.summary


def test_a_link_that_came_back_was_the_cause_of_what_was_lost_meanwhile() -> None:
    fleet = cases.healthy()
    cases.event(fleet, action="delete", after=1.0, process=cases.process(IP))
    _switch(fleet, "up", "lan0", (0.9, False), (1.6, True))
    cases.event(fleet, action="new", after=1.5)
    assert cases.verdict(fleet, "link_absent").status == "ruled_out"
    for target in cases.lose(fleet, "host_to_container", at=1.1):
        target["losses"] = [[1.1, 2.0]]
    assert cases.verdict(fleet, "link_down").status == "ruled_out"
    found = cases.verdict(fleet, "link_absent")
    assert (found.status, found.after) == ("confirmed", 1.0)
    assert not found.repairs_itself


def test_a_link_that_was_absent_when_the_watch_began_was_the_cause_until_it_was_made() -> None:
    fleet = cases.healthy()
    cases.event(fleet, action="new", after=1.5)
    assert cases.verdict(fleet, "link_absent").status == "ruled_out"
    for target in cases.lose(fleet, "host_to_container", at=0.0):
        target["losses"] = [[0.0, 2.0]]
    found = cases.verdict(fleet, "link_absent")
    assert (found.status, found.after, found.culprit["rule"]) == ("confirmed", 0.0, "unknown")
    assert found.summary == "lan0 did not exist on web1 until it was created at +1.5 s"


def test_a_link_that_is_down_is_the_cause_of_the_routes_that_went() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["up"] = False
    own = _own(fleet)
    own["routes"] = [item for item in own["routes"] if item["link"] != "lan0"]
    _switch(fleet, "up", "lan0", (2.0, False))
    cases.event(fleet, kind="route", action="delete", after=2.0)
    cases.lose(fleet, "host_to_container", at=2.1)
    found = cases.verdict(fleet, "link_down")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert cases.verdict(fleet, "address_removed_by_other").explained_by == "link_down"


def test_a_link_that_is_down_again_explains_what_was_lost_the_first_time() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["up"] = False
    _switch(fleet, "up", "lan0", (1.0, False), (1.2, True), (1.6, False))
    cases.lose(fleet, "host_to_container", at=1.0)
    found = cases.verdict(fleet, "link_down")
    assert (found.status, found.after) == ("confirmed", 1.0)
    assert "at +1.6 s, after 1 time for a while since +1.0 s" in found.summary


def test_a_link_that_was_down_for_a_moment_counts_only_where_something_was_lost() -> None:
    fleet = cases.healthy()
    _switch(fleet, "up", "lan0", (1.0, False), (1.5, True))
    assert cases.verdict(fleet, "link_down").status == "ruled_out"
    _lost_at(cases.lose(fleet, "gateway_from_link"), (1.1, 1.9))
    assert cases.verdict(fleet, "link_down").status == "confirmed"


def test_a_link_that_comes_up_as_the_watch_ends_recovers_as_it_did_before() -> None:
    fleet = cases.healthy()
    watch = fleet["web1"]["watch"]
    last = watch["duration"] - 1.0
    _switch(fleet, "up", "lan0", (1.0, False), (1.5, True), (last - 0.5, False), (last, True))
    lost = cases.lose(fleet, "gateway_from_link")
    _lost_at(lost, (last - 0.4, watch["duration"]))
    assert cases.verdict(fleet, "link_down").status == "ruled_out", "it may never answer again"
    _lost_at(lost, (1.1, 1.9), (last - 0.4, watch["duration"]))
    assert cases.verdict(fleet, "link_down").status == "confirmed"


def test_a_parent_that_is_down_explains_the_gateway() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0").update(up=False, carrier=False)
    for kind in ("gateway_from_parent", "gateway_from_link"):
        cases.lose(fleet, kind, at=0.0)
    assert cases.confirmed(fleet) == {("web1", "parent_down")}


def test_a_cable_that_is_out_is_said_and_no_repair_is_offered() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0")["carrier"] = False
    _switch(fleet, "carrier", "eth0", (2.0, False))
    process = cases.process("systemd-network", unit="systemd-networkd.service")
    cases.event(fleet, kind="address", action="delete", after=2.2, process=process)
    _own(fleet)["addresses"] = [item for item in _own(fleet)["addresses"] if item["link"] != "lan0"]
    found = cases.verdict(fleet, "no_carrier")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert "no carrier now" in found.summary
    assert cases.verdict(fleet, "carrier_loss_drops_config").status == "not_tested"
    assert cases.confirmed(fleet) == {("web1", "no_carrier")}


def test_a_port_that_flaps_is_named_with_its_rhythm() -> None:
    fleet = cases.healthy()
    times = [(start + add, value) for start in (1.0, 4.0, 7.0) for add, value in ((0.0, False), (1.5, True))]
    _switch(fleet, "carrier", "eth0", *times)
    assert cases.verdict(fleet, "port_flaps").status == "ruled_out", "nothing was lost"
    _lost_at(cases.lose(fleet, "gateway_from_parent"), (1.1, 2.6), (4.1, 5.6), (7.1, 8.6))
    found = cases.verdict(fleet, "port_flaps")
    assert found.status == "confirmed"
    assert "3 times, every 3.0 s, for 1.5 s each" in found.summary


def test_a_loss_at_another_time_is_not_explained_by_a_port_that_went_down() -> None:
    fleet = cases.healthy()
    _switch(fleet, "carrier", "eth0", (1.0, False), (1.4, True))
    fleet["web1"]["watch"]["duration"] = 20.0
    _lost_at(cases.lose(fleet, "gateway_from_link"), (12.0, 14.0))
    assert cases.verdict(fleet, "port_flaps").status == "ruled_out"


def _gateway_dies(fleet: dict[str, Any], *hosts: str, at: float = 1.0) -> None:
    for host in hosts:
        for kind in ("gateway_from_parent", "gateway_from_link"):
            cases.lose(fleet, kind, host, at)


def test_a_gateway_that_all_hosts_lose_is_one_verdict_about_the_fleet() -> None:
    fleet = cases.healthy()
    _gateway_dies(fleet, "web1", "web2")
    first, second = (cases.verdict(fleet, "gateway_dead", host) for host in ("web1", "web2"))
    assert (first.status, second.status) == ("confirmed", "confirmed")
    assert first.hosts == second.hosts == ("web1", "web2")
    assert first.summary == second.summary


def test_a_gateway_that_answers_another_host_is_not_dead() -> None:
    fleet = cases.healthy()
    _gateway_dies(fleet, "web1")
    assert cases.verdict(fleet, "gateway_dead").status == "ruled_out"


def test_a_gateway_that_hosts_lose_at_different_times_is_suspected() -> None:
    fleet = cases.healthy()
    for host in fleet:
        fleet[host]["watch"]["duration"] = 12.0
    _gateway_dies(fleet, "web1", at=1.0)
    _gateway_dies(fleet, "web2", at=9.0)
    assert cases.verdict(fleet, "gateway_dead").status == "suspected"


def _gateway_lossy(fleet: dict[str, Any], spans: list[list[tuple[float, float]]], duration: float = 12.0) -> None:
    """spans: the losses of each probe of the gateway, on both hosts."""
    for host in ("web1", "web2"):
        fleet[host]["watch"]["duration"], fleet[host]["watch"]["interval"] = duration, 0.5
        targets = [item for item in fleet[host]["watch"]["targets"] if item["kind"].startswith("gateway")]
        for item, own in zip(targets, spans, strict=True):
            losses = [list(span) for span in own]
            lost = sum(int((end - start) / 0.5) for start, end in own)
            item.update(sent=24, received=24 - lost, losses=losses, first_loss=losses[0][0])


#: What hosts lost of a gateway behind a port that drops 40 % (generated scenario 1/9): here and there, not together.
AT_RANDOM = [
    [(0.0, 1.0), (2.5, 3.0), (4.0, 5.5), (7.0, 7.5), (9.0, 10.0), (11.0, 11.5)],
    [(0.5, 1.0), (3.5, 4.5), (8.0, 9.5)],
    [(0.0, 0.5), (3.5, 5.0), (6.0, 6.5), (10.5, 11.5)],
]


def test_a_gateway_that_answers_now_and_then_is_not_dead() -> None:
    fleet = cases.healthy()
    _gateway_lossy(fleet, AT_RANDOM)
    assert cases.verdict(fleet, "gateway_dead").status == "ruled_out"


def test_a_gateway_that_was_dead_for_a_while_is_found() -> None:
    """As it was lost in generated scenario 2/15: later answers answered the latest ARP requests before them."""
    fleet = cases.healthy()
    arp = [(2.004, 3.541), (6.504, 7.005)]
    _gateway_lossy(fleet, [[(2.003, 4.5), (6.503, 8.745), (10.519, 13.514)], arp, arp])
    assert cases.verdict(fleet, "gateway_dead").hosts == ("web1", "web2")


def test_arp_that_answers_late_is_no_sign_of_a_gateway_that_was_there() -> None:
    """As in generated scenario 16/2: of ARP one request was lost, and answers came when the gateway was back."""
    fleet = cases.healthy()
    arp = [(3.005, 3.501)]
    _gateway_lossy(fleet, [[(3.005, 4.5), (6.003, 7.509), (9.008, 11.24)], arp, arp])
    assert cases.verdict(fleet, "gateway_dead").status == "ruled_out"
    for host in ("web1", "web2"):
        for item in fleet[host]["watch"]["targets"]:
            if item["method"] == "who_has":
                item["rtt_ms"] = {"min": 1.2, "avg": 549.6, "max": 2258.6}
    assert cases.verdict(fleet, "gateway_dead").hosts == ("web1", "web2")


def test_a_gateway_that_answered_another_host_meanwhile_is_not_dead() -> None:
    """As in generated scenario 20/10: the other host has lost what its own missing link asked, and nothing else."""
    fleet = cases.healthy()
    silent = [(1.5, 3.5)]
    _gateway_lossy(fleet, [silent] * 3)
    for item in fleet["web2"]["watch"]["targets"]:
        if item["kind"] == "gateway_from_parent":
            item.update(received=item["sent"], losses=[], first_loss=None)
    assert cases.verdict(fleet, "gateway_dead").status == "ruled_out"
    for item in fleet["web2"]["watch"]["targets"]:
        if item["kind"] == "gateway_from_parent":
            item.update(received=item["sent"] - 4, losses=[list(silent[0])], first_loss=1.5)
    assert cases.verdict(fleet, "gateway_dead").status == "confirmed"


def test_a_gateway_that_loses_some_and_then_dies_is_found() -> None:
    """As in generated scenario 110/7: a port of the gateway lost 40 %, and a second later it sent nothing more."""
    fleet = cases.healthy()
    gone = [(6.0, 12.0)]
    _gateway_lossy(fleet, [[(2.0, 2.5), (4.5, 5.0), *gone], gone, gone])
    verdict = cases.verdict(fleet, "gateway_dead")
    assert (verdict.status, verdict.hosts, verdict.after) == ("confirmed", ("web1", "web2"), 6.0)
    # as in 141/7: the last question to a lossy gateway, also by ARP, and then the watch waited for late answers
    last = (11.0, 14.5)
    _gateway_lossy(fleet, [[(0.0, 2.5), (4.5, 6.0), (9.5, 10.5), last], [last], [last]], 14.5)
    assert cases.verdict(fleet, "gateway_dead").status == "ruled_out"
    # two probes in a row are no silence where every second one is lost anyway
    _gateway_lossy(fleet, [[(2.0, 3.5), (5.0, 7.0), (8.5, 9.5), (11.0, 12.0)]] * 3)
    assert cases.verdict(fleet, "gateway_dead").status == "ruled_out"


def test_the_witnesses_of_a_segment_are_heard_once_for_all_hosts(monkeypatch) -> None:
    fleet = cases.healthy()
    for number in range(30):
        name = f"more{number}"
        fleet[name] = {**json.loads(json.dumps(fleet["web1"])), "host": name}
    _gateway_dies(fleet, *fleet)
    heard = []
    witness = gateway_dead.witness
    monkeypatch.setattr(gateway_dead, "witness", lambda *given: heard.append(given) or witness(*given))
    gathered = gather(fleet, {})
    for evidence in fleet.values():
        (network,) = networks(evidence, Problems())
        assert verdict(gateway_dead.CAUSE, Case(evidence, network, gathered)).hosts == tuple(sorted(fleet, key=natural))
    assert len(heard) == 2 * len(fleet)


def test_one_host_alone_can_only_suspect_the_gateway() -> None:
    fleet = cases.healthy()
    del fleet["web2"]
    _gateway_dies(fleet, "web1")
    assert cases.verdict(fleet, "gateway_dead").status == "suspected"


def test_hosts_of_one_lan_are_in_one_segment_whatever_families_they_have() -> None:
    fleet = cases.healthy()
    network = fleet["web2"]["networks"][0]
    network["subnets"] = [*network["subnets"], "2001:db8::/64"]
    network["segment"] = ", ".join(network["subnets"])
    _gateway_dies(fleet, "web1", "web2")
    assert cases.verdict(fleet, "gateway_dead").hosts == ("web1", "web2")


def test_a_missing_address_and_a_missing_route_are_confirmed_where_they_were_missing_before() -> None:
    fleet = cases.healthy()
    for moment in ("before", "after"):
        own = _own(fleet, moment)
        own["routes"] = [item for item in own["routes"] if item["link"] != "lan0"]
    assert cases.confirmed(fleet) == {("web1", "route_absent")}
    for moment in ("before", "after"):
        own = _own(fleet, moment)
        own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    assert cases.confirmed(fleet) == {("web1", "address_absent")}
