# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes inside containers: link, address, route, settings and filters; and containers that are elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report import HostResult, make

from . import causes_cases as cases

ADDRESS, PLACE = "192.168.100.129", "web1-c1"


def _space(fleet: dict[str, Any], label: str = PLACE, moment: str = "after") -> dict[str, Any]:
    return next(item for item in fleet["web1"][moment]["namespaces"] if item["label"] == label)


def _lose(fleet: dict[str, Any], losses: list[list[float]] | None = None) -> None:
    """All probes to and from the first container, or those of some intervals."""
    watch = fleet["web1"]["watch"]
    for target in watch["targets"]:
        if target["target"] == ADDRESS or target["from"]["namespace"] == PLACE:
            target.update(received=len(losses or []), first_loss=0.0, losses=losses or [[0.0, watch["duration"]]])


def _vanish(fleet: dict[str, Any], *moments: str) -> None:
    """The container is not there, and its address is declared."""
    for moment in moments:
        part = fleet["web1"][moment]
        part["namespaces"] = [item for item in part["namespaces"] if item["label"] != PLACE]
        scope = part["networks"]["lan0"]
        scope["containers"] = [item for item in scope["containers"] if item["namespace"] != PLACE]


def test_a_container_with_its_link_down() -> None:
    fleet = cases.healthy()
    link = next(item for item in _space(fleet)["links"] if item["name"] == "eth0")
    link["up"] = False
    assert cases.verdict(fleet, "container_link_down").status == "ruled_out", "nothing is lost"
    _lose(fleet)
    found = cases.verdict(fleet, "container_link_down")
    assert found.status == "confirmed"
    assert "eth0 in web1-c1" in found.summary


def test_a_container_whose_link_was_down_and_is_up_again() -> None:
    fleet = cases.healthy()
    _lose(fleet)
    data = {"up": False, "changed": {"up": [True, False]}}
    cases.event(fleet, after=0.9, action="change", link="eth0", namespace="web1-c1", what="eth0 down", data=data)
    found = cases.verdict(fleet, "container_link_down")
    assert (found.status, found.after) == ("confirmed", 0.9)
    assert "is up again" in found.summary
    assert "container_route_absent" not in {cause for dummy, cause in cases.confirmed(fleet)}


def test_a_container_without_address_whose_link_is_down_is_the_one_that_is_asked_for() -> None:
    """Of IPv6 alone the kernel removes the address with the link."""
    fleet = cases.healthy()
    watch = fleet["web1"]["watch"]
    for moment in ("before", "after"):
        space = next(item for item in fleet["web1"][moment]["namespaces"] if item["label"] == PLACE)
        space["addresses"] = []
        scope = fleet["web1"][moment]["networks"]["lan0"]
        scope["containers"] = [item for item in scope["containers"] if item["namespace"] != PLACE]
        for link in space["links"]:
            link["up"] = False
    watch["targets"] = [item for item in watch["targets"] if ADDRESS not in item["target"]]
    watch["targets"] = [item for item in watch["targets"] if item["from"]["namespace"] != PLACE]
    found = cases.verdict(fleet, "container_link_down")
    assert (found.status, found.steps[0].namespace) == ("confirmed", PLACE)
    assert "so nothing could be asked of it" in found.summary
    before = next(item for item in fleet["web1"]["before"]["namespaces"] if item["label"] == PLACE)
    before["links"] = []
    assert cases.verdict(fleet, "container_link_down").status == "ruled_out", "it is being started"
    asked = {**watch["targets"][0], "id": f"target/host/{ADDRESS}/echo", "network": "", "kind": "target",
             "target": ADDRESS, "received": 0}  # fmt: skip
    watch["targets"].append(asked)
    found = cases.verdict(fleet, "container_link_down")
    assert (found.status, found.steps[0].namespace) == ("confirmed", PLACE)
    asked["target"] = "192.168.100.200"
    assert cases.verdict(fleet, "container_link_down").status == "ruled_out", "it is none of the network's containers"


def test_a_declared_container_that_does_not_run() -> None:
    fleet = cases.healthy()
    _vanish(fleet, "before", "after")
    _lose(fleet)
    assert cases.verdict(fleet, "container_not_running").status == "ruled_out", "it is not declared"
    fleet["web1"]["networks"][0]["containers"] = [ADDRESS]
    assert cases.verdict(fleet, "container_not_running").status == "confirmed"
    fleet["web1"]["after"]["unseen_namespaces"] = ["process 7: no permission"]
    assert cases.verdict(fleet, "container_not_running").status == "suspected"


def test_what_a_container_itself_lost_at_its_end_is_about_that_as_well() -> None:
    fleet = cases.healthy()
    _vanish(fleet, "after")
    _lose(fleet)
    fleet["web1"]["networks"][0]["containers"] = [ADDRESS]
    about = cases.verdict(fleet, "container_not_running").targets
    lost = {item["id"] for item in fleet["web1"]["watch"]["targets"] if item["received"] < item["sent"]}
    assert {name for name in lost if "container_to_host/web1-c1" in name} <= set(about)


def test_a_container_that_came_to_an_end_and_is_not_declared_is_no_alarm() -> None:
    fleet = cases.healthy()
    _vanish(fleet, "after")
    assert cases.confirmed(fleet) == set()


def test_a_declared_container_on_another_host_is_found_though_it_answers() -> None:
    fleet = cases.healthy()
    _vanish(fleet, "before", "after")
    fleet["web1"]["networks"][0]["containers"] = [ADDRESS]
    other = fleet["web2"]["after"]["networks"]["lan0"]["containers"]
    other.append({**other[0], "address": ADDRESS})
    found = cases.verdict(fleet, "container_elsewhere")
    assert (found.status, found.culprit["host"]) == ("confirmed", "web2")
    assert "with an address of its container_range" in found.remedy, "its own is refused outside of it"
    assert cases.confirmed(fleet) == {("web1", "container_elsewhere")}


def test_a_deleted_address_names_who_deleted_it() -> None:
    fleet = cases.healthy()
    space = _space(fleet)
    space["addresses"] = [item for item in space["addresses"] if ADDRESS not in item["address"]]
    scope = fleet["web1"]["after"]["networks"]["lan0"]
    scope["containers"] = [item for item in scope["containers"] if item["namespace"] != PLACE]
    data = {"address": f"{ADDRESS}/24"}
    process = cases.process("agent", 99)
    deleted = cases.event(
        fleet, kind="address", action="delete", namespace=PLACE, link="eth0", after=1.5, data=data, process=process
    )
    _lose(fleet)
    found = cases.verdict(fleet, "container_address_wrong")
    assert (found.status, found.after, found.culprit["name"]) == ("confirmed", 1.5, "agent")
    deleted["process"] = None
    deleted["data"].update(permanent=False, valid_seconds=0, tentative=False, dadfailed=False)
    assert cases.verdict(fleet, "container_address_wrong").status == "ruled_out", "its lease ended"


@pytest.mark.parametrize(
    ("subnet", "step"), [("", "create"), ("192.168.100.0/25", "create"), ("192.168.100.0/24", "restart")]
)
def test_a_wrong_prefix_is_the_engines_or_was_set_inside(subnet: str, step: str) -> None:
    fleet = cases.healthy()
    _lose(fleet)
    for one in _space(fleet)["addresses"]:
        one["address"] = one["address"].replace(f"{ADDRESS}/24", f"{ADDRESS}/32")
    pool = {"subnet": subnet, "assigned": None}
    known = {"name": "lan0", "driver": "macvlan", "parent": "eth0", "user": "", "dhcp": False, "pools": [pool]}
    docker = {"problem": "", "remedy": "", "networks": [known] if subnet else [], "stopped": [], "proxy": False}
    fleet["web1"]["system"]["engines"] = {"docker": docker}
    found = cases.verdict(fleet, "container_address_wrong")
    assert (found.status, [one.text.split()[0] for one in found.steps]) == ("confirmed", [step])


def test_an_address_that_is_back_because_the_container_was_restarted() -> None:
    fleet = cases.healthy()
    more = {"permanent": True, "valid_seconds": None, "tentative": False, "dadfailed": False}
    where = {"namespace": PLACE, "link": "eth0", "data": {"address": f"{ADDRESS}/24", **more}}
    cases.event(fleet, kind="address", action="delete", after=1.5, process=cases.process("agent", 99), **where)
    down = {"namespace": PLACE, "link": "eth0", "after": 2.9}
    cases.event(fleet, kind="link", action="change", data={"changed": {"up": [True, False]}}, **down)
    cases.event(fleet, kind="address", action="new", after=3.0, **where)
    _lose(fleet, [[2.0, 3.0]])
    found = cases.verdict(fleet, "container_address_wrong")
    assert (found.status, found.after, found.culprit["name"]) == ("confirmed", 1.5, "agent")
    assert "is there again" in found.summary
    assert cases.verdict(fleet, "container_link_down").status == "ruled_out", "that came later"


def test_a_container_without_a_route() -> None:
    fleet = cases.healthy()
    for path in _space(fleet)["paths"]:
        if not path["local"]:
            path.update(link="", source=None, error="Network is unreachable")
    _lose(fleet)
    found = cases.verdict(fleet, "container_route_absent")
    assert found.status == "confirmed"
    assert "has no route over eth0" in found.summary


def test_a_container_that_ignores_pings() -> None:
    fleet = cases.healthy()
    _space(fleet)["settings"]["all"]["icmp_echo_ignore_all"] = 1
    assert cases.verdict(fleet, "pings_ignored").status == "ruled_out"
    silent = cases.lose(fleet, "host_to_container", at=0.0)
    assert cases.verdict(fleet, "pings_ignored").status == "confirmed"
    for target in silent:
        target["declined"] = "it drops pings, and works"
    found = cases.verdict(fleet, "pings_ignored")
    assert (found.status, "it drops pings, and works" in found.summary) == ("ruled_out", True)
    assert not cases.confirmed(fleet)


def test_a_host_whose_container_declines_pings_is_healthy_with_a_note() -> None:
    fleet = cases.healthy()
    for target in cases.lose(fleet, "host_to_container", at=0.0):
        target["declined"] = "it drops pings, and works"
    made = make([HostResult(name, evidence) for name, evidence in fleet.items()], "", "", {})
    (web1, dummy) = made.data["hosts"]
    assert (web1["state"], web1["accounts"]) == ("healthy", [])
    assert all("it drops pings, and works" in note for note in web1["notes"])
    assert web1["notes"]


def _rule(**fields: Any) -> dict[str, Any]:
    made = {
        "tool": "nftables", "place": "inet f in", "hooks": ["input"], "handle": 4, "verdict": "drop", "packets": 0,
        "text": "icmp type echo-request counter drop", "protocols": ["icmp"], "iif": [], "oif": [], "sources": [],
        "targets": [], "partial": False,
    }  # fmt: skip
    return {**made, **fields}


def _filter(fleet: dict[str, Any], label: str, before: int | None, after: int | None, **fields: Any) -> str:
    """The status and the summary with such a rule in a namespace."""
    for moment, packets in (("before", before), ("after", after)):
        _space(fleet, label, moment)["filters"] = [_rule(packets=packets, **fields)]
    _lose(fleet)
    found = cases.verdict(fleet, "filter_drops")
    return f"{found.status} {found.summary}"


def test_a_rule_whose_counter_grew_as_much_as_was_lost_is_confirmed() -> None:
    said = _filter(cases.healthy(), PLACE, 3, 500)
    assert said.startswith("confirmed a rule in the container web1-c1 on web1 drops")
    assert "inet f in handle 4: icmp type echo-request counter drop" in said


def test_a_rule_that_dropped_nothing_meanwhile_is_not_the_cause() -> None:
    assert _filter(cases.healthy(), PLACE, 500, 500).startswith("ruled_out")


def test_a_rule_that_does_not_count_is_suspected_unless_it_demands_what_is_not_understood() -> None:
    assert _filter(cases.healthy(), PLACE, None, None).startswith("suspected")
    assert _filter(cases.healthy(), PLACE, None, None, partial=True).startswith("ruled_out")


def test_only_rules_that_match_the_lost_packets_count() -> None:
    for other in (
        {"hooks": ["forward"]},
        {"protocols": ["tcp"]},
        {"iif": ["eth7"]},
        {"sources": ["10.0.0.0-10.0.0.255"]},
        {"place": "ip6 f in"},
    ):
        assert _filter(cases.healthy(), PLACE, 0, 500, **other).startswith("ruled_out"), other


def test_a_rule_of_the_host_that_drops_one_container() -> None:
    place = {"tool": "iptables-legacy", "place": "filter INPUT", "handle": None, "protocols": [], "iif": ["lan0"]}
    said = _filter(cases.healthy(), "", 0, 500, sources=[f"{ADDRESS}-{ADDRESS}"], **place)
    assert said.startswith("confirmed a rule on web1 drops")


def _stray(fleet: dict[str, Any]) -> None:
    """The first container has .5, which is not declared, and the host sends it out of the parent."""
    for moment in ("before", "after"):
        scope = fleet["web1"][moment]["networks"]["lan0"]
        (mine,) = [item for item in scope["containers"] if item["address"] == ADDRESS]
        scope["containers"].remove(mine)
        scope["strays"].append({**mine, "address": "192.168.100.5"})
        for item in _space(fleet, moment=moment)["addresses"]:
            item["address"] = item["address"].replace(ADDRESS, "192.168.100.5")
        paths = fleet["web1"][moment]["namespaces"][0]["paths"]
        paths.append({**paths[0], "target": "192.168.100.5", "link": "eth0"})
    watch = fleet["web1"]["watch"]
    watch["targets"] = [item for item in watch["targets"] if item["from"]["namespace"] != PLACE]
    for target in watch["targets"]:
        if target["target"] == ADDRESS:
            target.update(target="192.168.100.5", id=target["id"].replace(ADDRESS, "192.168.100.5"))


def test_a_container_outside_of_the_range_is_not_blamed_on_the_hosts_routes() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, "container_outside_range").status == "ruled_out"
    _stray(fleet)
    assert cases.verdict(fleet, "container_outside_range").status == "ruled_out", "it answers"
    for target in fleet["web1"]["watch"]["targets"]:
        if target["target"] == "192.168.100.5":
            target.update(received=0, first_loss=0.0, losses=[[0.0, fleet["web1"]["watch"]["duration"]]])
    found = cases.verdict(fleet, "container_outside_range")
    assert found.status == "confirmed"
    assert "192.168.100.5 (web1-c1) on web1 is outside of container_range 192.168.100.128/28" in found.summary
    assert cases.confirmed(fleet) == {("web1", "container_outside_range")}
    assert "to containers" not in found.remedy, "that is refused outside of the range"
    fleet["web1"]["networks"][0].update(container_ranges=[], containers=[ADDRESS])
    (step,) = cases.verdict(fleet, "container_outside_range").steps
    assert step.values == {"containers": [ADDRESS, "192.168.100.5"]}


def test_a_container_that_another_host_declares_has_moved() -> None:
    fleet = cases.healthy()
    _stray(fleet)
    for target in fleet["web1"]["watch"]["targets"]:
        if target["target"] == "192.168.100.5":
            target.update(received=0, first_loss=0.0, losses=[[0.0, fleet["web1"]["watch"]["duration"]]])
    fleet["web2"]["networks"][0]["containers"] = ["192.168.100.5"]
    found = cases.verdict(fleet, "container_elsewhere")
    assert found.status == "confirmed"
    assert "declared on web2 and runs on web1" in found.summary
    assert cases.confirmed(fleet) == {("web1", "container_elsewhere"), ("web2", "container_elsewhere")}


# ---- container_default_route -----------------------------------------------------------------------------------------

NO_ROUTER = "192.168.100.9"


def _default(fleet: dict[str, Any], gateway: str | None, *moments: str) -> None:
    """The default route of the first container, None for none."""
    for moment in moments:
        space = _space(fleet, moment=moment)
        other = [route for route in space["routes"] if route["destination"] != "0.0.0.0/0"]
        given = next(route for route in space["routes"] if route["destination"] == "0.0.0.0/0")
        space["routes"] = [*([{**given, "gateway": gateway}] if gateway else []), *other]


def _hop(fleet: dict[str, Any], address: str, *answered: str) -> None:
    hop = {"namespace": PLACE, "link": "eth0", "address": address, "answered": list(answered)}
    cases.experiment(fleet, "next_hops", {"hops": [hop]})


def test_a_default_route_that_is_deleted_during_the_watch() -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    assert cases.verdict(fleet, "container_default_route").status == "ruled_out"
    _default(fleet, None, "after")
    data = {"destination": "0.0.0.0/0", "gateway": "192.168.100.1"}
    cases.event(
        fleet, kind="route", action="delete", namespace=PLACE, link="eth0", after=2.0, data=data,
        process=cases.process("dhclient"),
    )  # fmt: skip
    found = cases.verdict(fleet, "container_default_route")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert found.culprit is not None
    assert "dhclient" in found.culprit["text"]
    assert [step.namespace for step in found.steps] == [PLACE]


def test_a_container_that_never_had_a_default_route_may_be_meant_so() -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _default(fleet, None, "before", "after")
    assert cases.verdict(fleet, "container_default_route").status == "suspected"
    for host in fleet.values():
        for space in (*host["before"]["namespaces"], *host["after"]["namespaces"]):
            if space["label"]:
                space["routes"] = [route for route in space["routes"] if route["destination"] != "0.0.0.0/0"]
    assert cases.verdict(fleet, "container_default_route").status == "ruled_out", "no other has one"


def test_a_container_that_may_be_starting_has_no_default_route_yet() -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _default(fleet, None, "after")
    fleet["web1"]["before"]["namespaces"] = [
        item for item in fleet["web1"]["before"]["namespaces"] if item["label"] != PLACE
    ]
    assert cases.verdict(fleet, "container_default_route").status == "ruled_out"


@pytest.mark.parametrize(
    ("answered", "status"),
    [([], "confirmed"), (["02:00:5e:00:00:07"], "ruled_out"), (None, "ruled_out")],
    ids=["nobody", "another router", "not asked"],
)
def test_only_a_next_hop_that_is_not_there_is_the_wrong_one(answered: list[str] | None, status: str) -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _default(fleet, NO_ROUTER, "before", "after")
    if answered is not None:
        _hop(fleet, NO_ROUTER, *answered)
    found = cases.verdict(fleet, "container_default_route")
    assert found.status == status
    if status == "confirmed":
        assert f"via {NO_ROUTER} instead of 192.168.100.1" in found.summary


@pytest.mark.parametrize(("forwarding", "status"), [(0, "confirmed"), (1, "ruled_out")])
def test_a_next_hop_of_the_fleet_has_to_forward(forwarding: int, status: str) -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _default(fleet, "192.168.100.130", "before", "after")
    _space(fleet, "web1-c2")["settings"]["eth0"]["forwarding"] = forwarding
    assert cases.verdict(fleet, "container_default_route").status == status


def test_a_default_route_over_another_link_or_by_rules_is_not_judged() -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _default(fleet, NO_ROUTER, "before", "after")
    _hop(fleet, NO_ROUTER)
    assert cases.verdict(fleet, "container_default_route").status == "confirmed"
    route = next(item for item in _space(fleet)["routes"] if item["destination"] == "0.0.0.0/0")
    vpn = {**route, "destination": "0.0.0.0/1", "link": "tun0", "gateway": None}
    _space(fleet)["routes"].append(vpn)
    assert cases.verdict(fleet, "container_default_route").status == "ruled_out"
    _space(fleet)["routes"].remove(vpn)
    _space(fleet)["rules"] = [
        {"family": "ipv4", "priority": 100, "table": 7, "from": None, "to": None, "iif": None, "oif": None,
         "mark": None}
    ]  # fmt: skip
    assert cases.verdict(fleet, "container_default_route").status == "ruled_out"


def test_without_an_answer_of_the_gateway_something_else_is_broken_first() -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _default(fleet, None, "after")
    assert cases.verdict(fleet, "container_default_route").status == "confirmed"
    _lose(fleet)
    assert cases.verdict(fleet, "container_default_route").status == "ruled_out"
