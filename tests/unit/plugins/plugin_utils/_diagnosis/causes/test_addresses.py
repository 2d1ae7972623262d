# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that lie in addresses, MAC addresses and ARP: what confirms each, and what resembles it and is not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import SOON

from . import causes_cases as cases


def _link(fleet: dict[str, Any], host: str, namespace: str, name: str = "eth0") -> dict[str, Any]:
    """A link of a namespace in the second snapshot."""
    space = next(item for item in fleet[host]["after"]["namespaces"] if item["label"] == namespace)
    return next(link for link in space["links"] if link["name"] == name)


def _container(fleet: dict[str, Any], host: str, namespace: str) -> dict[str, Any]:
    found = fleet[host]["after"]["networks"]["lan0"]["containers"]
    return next(item for item in found if item["namespace"] == namespace)


# ---- duplicate_mac_in_fleet ------------------------------------------------------------------------------------------


def _same_mac(fleet: dict[str, Any], mac: str = "02:00:5e:10:00:09") -> None:
    for host, namespace in (("web1", "web1-c1"), ("web2", "web2-c1")):
        _link(fleet, host, namespace)["mac"] = mac


def test_one_mac_address_on_two_hosts() -> None:
    fleet = cases.healthy()
    _same_mac(fleet)
    assert cases.confirmed(fleet) == {("web1", "duplicate_mac_in_fleet"), ("web2", "duplicate_mac_in_fleet")}
    found = cases.verdict(fleet, "duplicate_mac_in_fleet")
    assert found.culprit
    assert (found.culprit["host"], found.culprit["mac"]) == ("web2", "02:00:5e:10:00:09")


def test_one_mac_on_two_hosts_with_one_machine_id_means_clones() -> None:
    fleet = cases.healthy()
    _same_mac(fleet)
    fleet["web1"]["system"]["machine_id"] = fleet["web2"]["system"]["machine_id"] = "1"
    assert "machine ID" in cases.verdict(fleet, "duplicate_mac_in_fleet").remedy
    fleet["web2"]["system"]["machine_id"] = "2"
    assert "machine ID" not in cases.verdict(fleet, "duplicate_mac_in_fleet").remedy


def test_one_mac_on_two_hosts_is_only_suspected_if_down_or_moved() -> None:
    fleet = cases.healthy()
    _same_mac(fleet)
    _link(fleet, "web2", "web2-c1")["up"] = False
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").status == "suspected"
    fleet = cases.healthy()
    _same_mac(fleet)
    fleet["web2"].update(started=fleet["web1"]["ended"] + 60, ended=fleet["web1"]["ended"] + 70)
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").status == "suspected"


def test_macs_of_routers_bridges_and_other_segments_are_ruled_out() -> None:
    fleet = cases.healthy()
    _same_mac(fleet, "00:00:5e:00:01:0a")
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").status == "ruled_out"
    fleet = cases.healthy()
    for evidence in fleet.values():
        links = evidence["after"]["namespaces"][0]["links"]
        parent = next(link for link in links if link["name"] == "eth0")
        links.append({**parent, "name": "docker0", "kind": "bridge", "mac": "02:42:ac:11:00:01"})
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").status == "ruled_out"
    fleet = cases.healthy()
    _same_mac(fleet)
    fleet["web2"]["networks"][0]["segment"] = "another"
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").status == "ruled_out"


def test_one_host_alone_says_nothing_of_the_fleet() -> None:
    fleet = cases.healthy()
    del fleet["web2"]
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").status == "not_tested"


# ---- duplicate_mac_on_host -------------------------------------------------------------------------------------------


def _second(fleet: dict[str, Any], **fields: Any) -> None:
    _link(fleet, "web1", "web1-c2").update(mac=_link(fleet, "web1", "web1-c1")["mac"], **fields)


def test_the_second_link_with_one_mac_address_cannot_come_up() -> None:
    fleet = cases.healthy()
    _second(fleet, up=False)
    found = cases.verdict(fleet, "duplicate_mac_on_host")
    assert found.status == "confirmed"
    assert "web1-c2 cannot come up" in found.summary
    assert found.culprit
    assert found.culprit["text"] == "eth0 in namespace web1-c1"


def test_links_of_one_mac_address_on_one_host_that_are_none_of_it() -> None:
    fleet = cases.healthy()
    _second(fleet, up=False)
    _link(fleet, "web1", "web1-c1")["up"] = False
    assert cases.verdict(fleet, "duplicate_mac_on_host").status == "suspected"
    fleet = cases.healthy()
    _link(fleet, "web1", "web1-c1").update(mac=cases.own_link(fleet, "eth0")["mac"], mode="passthru")
    assert cases.verdict(fleet, "duplicate_mac_on_host").status == "ruled_out"


# ---- duplicate_ip_in_fleet, address_belongs_to_host ------------------------------------------------------------------


def test_one_address_on_two_hosts() -> None:
    fleet = cases.healthy()
    _container(fleet, "web1", "web1-c1")["address"] = "192.168.100.145"
    assert cases.confirmed(fleet) == {("web1", "duplicate_ip_in_fleet"), ("web2", "duplicate_ip_in_fleet")}
    found = cases.verdict(fleet, "duplicate_ip_in_fleet")
    assert found.culprit
    assert found.culprit["host"] == "web2"
    assert "container_range_per_host" in found.remedy
    fleet["web2"].update(started=fleet["web1"]["ended"] + 60, ended=fleet["web1"]["ended"] + 70)
    assert cases.verdict(fleet, "duplicate_ip_in_fleet").status == "suspected"
    fleet["web2"]["networks"][0]["segment"] = "another"
    assert cases.verdict(fleet, "duplicate_ip_in_fleet").status == "ruled_out"


def test_one_address_in_two_containers_of_one_host() -> None:
    fleet = cases.healthy()
    _container(fleet, "web1", "web1-c2")["address"] = "192.168.100.129"
    assert cases.confirmed(fleet) == {("web1", "duplicate_ip_in_fleet")}


def test_a_container_with_an_address_of_its_host() -> None:
    fleet = cases.healthy()
    _container(fleet, "web1", "web1-c1")["address"] = "192.168.100.11"
    assert cases.confirmed(fleet) == {("web1", "address_belongs_to_host")}
    found = cases.verdict(fleet, "address_belongs_to_host")
    assert "web1-c1" in found.summary
    assert "on eth0" in found.summary
    assert found.remedy.endswith(SOON)


# ---- arp_flux --------------------------------------------------------------------------------------------------------


def _asked(fleet: dict[str, Any], answered: list[str]) -> None:
    result = {
        "link": "lan0",
        "mac": cases.own_link(fleet, "lan0")["mac"],
        "results": [{"address": "192.168.100.11", "answered": answered}],
    }
    cases.experiment(fleet, "flux_ask", result)


def test_the_link_answers_strangers_for_the_address_of_its_parent() -> None:
    fleet = cases.healthy()
    fleet["web1"]["experiments"] = [item for item in fleet["web1"]["experiments"] if item["id"] != "flux_ask"]
    assert cases.verdict(fleet, "arp_flux").status == "not_tested"
    _asked(fleet, [cases.own_link(fleet, "lan0")["mac"]])
    found = cases.verdict(fleet, "arp_flux")
    assert found.status == "confirmed"
    assert cases.own_link(fleet, "lan0")["mac"] in found.summary
    fleet["web1"]["experiments"].pop()
    _asked(fleet, [])
    assert cases.verdict(fleet, "arp_flux").status == "ruled_out"


# ---- stale_neighbour -------------------------------------------------------------------------------------------------


def _outdated(fleet: dict[str, Any], mac: str = "02:00:5e:10:00:07", state: str = "REACHABLE") -> dict[str, Any]:
    found = fleet["web1"]["after"]["namespaces"][0]["neighbours"]
    entry = next(item for item in found if item["address"] == "192.168.100.129")
    entry.update(mac=mac, state=state)
    return entry


def test_all_losses_of_several_outdated_entries_are_explained() -> None:
    fleet = cases.healthy()
    for address in ("192.168.100.129", "192.168.100.130"):
        found = fleet["web1"]["after"]["namespaces"][0]["neighbours"]
        next(item for item in found if item["address"] == address).update(mac="02:00:5e:10:00:07")
    lost = cases.lose(fleet, "host_to_container")
    assert {item["id"] for item in lost} <= set(cases.verdict(fleet, "stale_neighbour").targets)


def test_a_neighbour_entry_with_the_mac_address_of_before() -> None:
    fleet = cases.healthy()
    _outdated(fleet)
    assert cases.verdict(fleet, "stale_neighbour").status == "ruled_out"
    cases.lose(fleet, "host_to_container")
    found = cases.verdict(fleet, "stale_neighbour")
    assert found.status == "confirmed"
    assert found.culprit
    assert found.culprit["mac"] == _container(fleet, "web1", "web1-c1")["mac"]
    assert "arping" in found.remedy
    _outdated(fleet, state="PERMANENT")
    assert "neighbour delete" in cases.verdict(fleet, "stale_neighbour").remedy


def test_neighbour_entries_that_are_not_the_reason() -> None:
    for fields in (
        {"state": "FAILED"},
        # merely in state STALE
        {"state": "STALE", "mac": _container(cases.healthy(), "web1", "web1-c1")["mac"]},
    ):
        fleet = cases.healthy()
        _outdated(fleet, **fields)
        cases.lose(fleet, "host_to_container")
        assert cases.verdict(fleet, "stale_neighbour").status == "ruled_out"


def test_a_container_that_came_a_moment_ago_was_not_there_to_be_asked() -> None:
    fleet = cases.healthy()
    _outdated(fleet)
    cases.lose(fleet, "host_to_container")
    for link in (_link(fleet, "web1", "web1-c1"), _container(fleet, "web1", "web1-c1")):
        link["mac"] = "02:00:5e:10:00:0a"
    assert cases.verdict(fleet, "stale_neighbour").status == "ruled_out"
    data = {"address": "192.168.100.129/24"}
    place = {"kind": "address", "action": "new", "namespace": "web1-c1", "link": "eth0", "data": data}
    came = cases.event(fleet, after=fleet["web1"]["watch"]["duration"] - 0.3, **place)
    assert cases.verdict(fleet, "stale_neighbour").status == "ruled_out"
    came["after"] = 0.5
    assert cases.verdict(fleet, "stale_neighbour").status == "confirmed"


def test_neighbour_entries_for_a_removed_links_mac_are_no_cause() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "container_to_host", at=0.0)
    after = fleet["web1"]["after"]
    for space in after["namespaces"][1:]:
        for entry in space["neighbours"]:
            entry["mac"] = "02:00:5e:10:00:08"
    assert cases.verdict(fleet, "stale_neighbour").status == "confirmed"
    own = after["namespaces"][0]
    own["links"] = [link for link in own["links"] if link["name"] != "lan0"]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    after["networks"]["lan0"].update(link=None, link_problem="there is no link lan0")
    assert cases.verdict(fleet, "stale_neighbour").status == "ruled_out"


def test_a_stranger_that_answers_is_no_stale_neighbour_entry() -> None:
    fleet = cases.healthy()
    entry = _outdated(fleet)
    cases.lose(fleet, "host_to_container")
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "holders")
    result = next(item for item in made["result"]["results"] if item["address"] == entry["address"])
    result["holders"].append(cases.holder(entry["mac"]))
    assert cases.verdict(fleet, "stale_neighbour").status == "ruled_out"


# ---- sticky_mac_elsewhere, mac_limit_after_ageing --------------------------------------------------------------------


def _ask_gateway(fleet: dict[str, Any], **answered: bool) -> None:
    """Replace what the gateway was asked. answered: by vantage; those with c are containers."""
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")
    made["result"]["asked"] = [
        {
            "vantage": f"container {name}" if name in ("c1", "c2") else name,
            "link": "eth0",
            "mac": f"02:00:5e:00:00:{number:02x}",
            "sent": 3,
            "answered": ["3a:02:61:87:13:c9"] if said else [],
            "why_not": "",
        }
        for number, (name, said) in enumerate(answered.items())
    ]


def test_only_the_mac_address_of_the_link_is_not_answered() -> None:
    fleet = cases.healthy()
    _ask_gateway(fleet, parent=True, link=False, child=True)
    assert cases.verdict(fleet, "sticky_mac_elsewhere").status == "ruled_out"
    cases.lose(fleet, "gateway_from_link")
    assert cases.confirmed(fleet) == {("web1", "sticky_mac_elsewhere")}
    assert "02:00:5e:00:00:01" in cases.verdict(fleet, "sticky_mac_elsewhere").summary
    _ask_gateway(fleet, parent=True, link=False, child=False)
    assert cases.verdict(fleet, "sticky_mac_elsewhere").status == "ruled_out"
    _ask_gateway(fleet, parent=True, child=True)
    assert cases.verdict(fleet, "sticky_mac_elsewhere").status == "not_tested"


@pytest.mark.parametrize(("hop", "status"), [("eth0", "confirmed"), ("web1-c1/eth0", "ruled_out")])
def test_only_the_mac_address_of_a_container_is_not_answered(hop: str, status: str) -> None:
    """Where what it asks passes the parent: else it is a filter of its own."""
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    _ask_gateway(fleet, parent=True, link=True, child=True)
    silent = {"vantage": "container web1-c1", "link": "eth0", "mac": "02:00:5e:00:00:c1", "sent": 3, "answered": [],
              "why_not": ""}  # fmt: skip
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")
    made["result"]["asked"].append(silent)
    assert cases.verdict(fleet, "sticky_mac_elsewhere").status == "ruled_out", "the watch was answered"
    target = _lost_by(fleet, "web1-c1")
    fleet["web1"]["paths"] = _paths(target, request_hop=hop)
    found = cases.verdict(fleet, "sticky_mac_elsewhere")
    assert found.status == status
    if status == "confirmed":
        assert "02:00:5e:00:00:c1 of eth0 in web1-c1" in found.summary
        assert target["id"] in found.targets


def _lost_by(fleet: dict[str, Any], namespace: str) -> dict[str, Any]:
    """What one container asks the gateway is lost from the start; the target."""
    watch = fleet["web1"]["watch"]
    (target,) = [
        item
        for item in watch["targets"]
        if (item["kind"], item["from"]["namespace"]) == ("container_to_gateway", namespace)
    ]
    target.update(received=0, first_loss=0.0, losses=[[0.0, watch["duration"]]])
    return target


def _paths(target: dict[str, Any], **fields: Any) -> dict[str, Any]:
    path = {
        "target": target["id"], "address": target["target"], "probe": 9, "mac": "02:00:5e:00:00:c1",
        "hops": ["web1-c1/eth0", "eth0"], "end": "network", "sent": target["sent"], "answered": 0,
        "request_hop": "eth0", "answer_hop": "", "edges": [], **fields,
    }  # fmt: skip
    return {"nonce": "00" * 8, "targets": [path], "foreign": [], "not_traced": "", "limits": []}


@pytest.mark.parametrize(
    ("misdirected", "after", "status"),
    [
        ({"02:00:5e:00:00:99": 8}, 0, "confirmed"),
        ({"02:00:5e:00:00:99": 1}, 0, "ruled_out"),
        ({}, 0, "ruled_out"),
        ({"02:00:5e:00:00:99": 8}, 3, "ruled_out"),
    ],
    ids=["all", "one of many", "none", "repaired by an announcement"],
)
def test_the_gateway_answers_a_container_at_a_mac_address_that_nobody_has(
    misdirected: dict[str, int], after: int, status: str
) -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    fleet["web1"]["paths"] = _paths(_lost_by(fleet, "web1-c1"), misdirected=misdirected)
    pair = {"namespace": "web1-c1", "link": "eth0", "mac": "02:00:5e:00:00:c1", "address": "192.168.100.129",
            "target": "192.168.100.1", "before": 0, "after": after, "why_not": ""}  # fmt: skip
    cases.experiment(fleet, "announce", {"pairs": [pair]})
    found = cases.verdict(fleet, "stale_neighbour")
    assert found.status == status
    if status == "confirmed":
        assert "the entry of 192.168.100.129" in found.remedy
        assert "which has 02:00:5e:00:00:99" in found.remedy


def test_only_some_mac_addresses_of_the_port_are_answered() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_link")
    _ask_gateway(fleet, parent=True, link=False, c1=True, c2=True, child=False)
    assert cases.confirmed(fleet) == {("web1", "mac_limit_after_ageing")}
    assert cases.verdict(fleet, "mac_filtering_upstream").explained_by == "mac_limit_after_ageing"
    # none but the parent's: that is a filter
    _ask_gateway(fleet, parent=True, link=False, c1=False, c2=False, child=False)
    assert cases.confirmed(fleet) == {("web1", "mac_filtering_upstream")}
    _ask_gateway(fleet, parent=False, link=False, c1=True, child=False)
    assert cases.verdict(fleet, "mac_limit_after_ageing").status == "not_tested"
    _ask_gateway(fleet, parent=True, link=True, c1=True, child=True)
    assert cases.verdict(fleet, "mac_limit_after_ageing").status == "ruled_out"


# ---- dhcp_pool_overlap -----------------------------------------------------------------------------------------------


def test_a_dhcp_server_offers_what_is_declared_for_containers() -> None:
    fleet = cases.healthy()
    fleet["web1"]["experiments"] = [item for item in fleet["web1"]["experiments"] if item["id"] != "dhcp_ask"]
    assert cases.verdict(fleet, "dhcp_pool_overlap").status == "not_tested"
    result: dict[str, Any] = {"servers": [], "overlaps": []}
    cases.experiment(fleet, "dhcp_ask", result)
    assert cases.verdict(fleet, "dhcp_pool_overlap").status == "ruled_out"
    result["servers"].append({"server": "192.168.100.2", "macs": ["02:00:5e:10:00:05"], "lease_seconds": 3600})
    assert cases.verdict(fleet, "dhcp_pool_overlap").status == "ruled_out"
    result["overlaps"].append(
        {
            "parent": "eth0", "kind": "overlap", "message": "offered", "servers": ["192.168.100.2"],
            "addresses": ["192.168.100.135"], "declared": "192.168.100.128/28",
        }
    )  # fmt: skip
    found = cases.verdict(fleet, "dhcp_pool_overlap")
    assert found.status == "confirmed"
    assert found.culprit
    assert found.culprit["mac"] == "02:00:5e:10:00:05"
    assert "192.168.100.128/28" in found.remedy


# ---- announcement_lost -----------------------------------------------------------------------------------------------


def _announced(fleet: dict[str, Any], **changed: Any) -> None:
    """The gateway stops answering the parent, and the announcement has been tried."""
    targets = fleet["web1"]["watch"]["targets"]
    ping = next(item for item in targets if (item["kind"], item["method"]) == ("gateway_from_parent", "echo"))
    ping.update(received=ping["sent"] // 2, first_loss=1.0, losses=[[1.0, fleet["web1"]["watch"]["duration"]]])
    pair = {
        "namespace": "", "link": "eth0", "mac": "ae:2c:8f:df:ed:2a", "address": "192.168.100.11",
        "target": "192.168.100.1", "before": 0, "after": 3, "why_not": "", **changed,
    }  # fmt: skip
    cases.experiment(fleet, "announce", {"pairs": [pair]})


def test_a_neighbour_answers_again_once_the_address_is_announced() -> None:
    fleet = cases.healthy()
    _announced(fleet)
    assert cases.confirmed(fleet) == {("web1", "announcement_lost")}
    found = cases.verdict(fleet, "announcement_lost")
    assert found.after == 1.0
    assert "ae:2c:8f:df:ed:2a" in found.summary
    assert "192.168.100.11" in found.remedy


def test_an_announcement_that_repairs_nothing_is_not_the_reason() -> None:
    for changed in (
        {"after": 0},
        {"after": 1},
        {"before": 1},
        {"why_not": "another machine answers for 192.168.100.11 too", "after": 3},
    ):
        fleet = cases.healthy()
        _announced(fleet, **changed)
        assert cases.verdict(fleet, "announcement_lost").status == "ruled_out", changed


def test_a_neighbour_that_answers_now_and_then_may_answer_by_chance() -> None:
    fleet = cases.healthy()
    _announced(fleet)
    targets = [item for item in fleet["web1"]["watch"]["targets"] if item["losses"]]
    end = fleet["web1"]["watch"]["duration"]
    targets[0]["losses"] = [[1.0, 1.5], [2.0, end]]
    found = cases.verdict(fleet, "announcement_lost")
    assert (found.status, "without an announcement" in found.summary) == ("not_tested", True)


def test_an_announcement_that_was_not_made() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, "announcement_lost").status == "ruled_out"
    _announced(fleet)
    fleet["web1"]["experiments"].pop()
    assert cases.verdict(fleet, "announcement_lost").status == "not_tested"


def test_an_announcement_repairs_a_doubly_held_address_only_briefly() -> None:
    fleet = cases.healthy()
    _announced(fleet)
    # that of web1's parent, from which the gateway was asked
    _link(fleet, "web2", "web2-c1")["mac"] = "ae:2c:8f:df:ed:2a"
    assert cases.verdict(fleet, "announcement_lost").explained_by == "duplicate_mac_in_fleet"
    _same_mac(fleet)
    assert cases.verdict(fleet, "announcement_lost").status == "confirmed"


# ---- dhcp_lease_lost -------------------------------------------------------------------------------------------------


def _expire(fleet: dict[str, Any], namespace: str = "web1-c1", link: str = "eth0", address: str = "192.168.100.129/24",
            **changed: Any) -> dict[str, Any]:  # fmt: skip
    """An address at the end of its lifetime, gone in the second snapshot."""
    space = next(item for item in fleet["web1"]["after"]["namespaces"] if item["label"] == namespace)
    space["addresses"] = [item for item in space["addresses"] if item["address"] != address]
    data = {"address": address, "permanent": False, "valid_seconds": 0, "tentative": False, "dadfailed": False}
    data.update(changed.pop("data", {}))
    what = f"address {address} removed from {link}"
    return cases.event(fleet, kind="address", action="delete", namespace=namespace, link=link, what=what, data=data,
                       **changed)  # fmt: skip


def test_a_lease_that_nobody_renewed() -> None:
    fleet = cases.healthy()
    _expire(fleet)
    assert cases.verdict(fleet, "dhcp_lease_lost").status == "suspected"
    cases.lose(fleet, "host_to_container")
    assert ("web1", "dhcp_lease_lost") in cases.confirmed(fleet)
    found = cases.verdict(fleet, "dhcp_lease_lost")
    assert found.after == 1.0
    assert "192.168.100.129" in found.summary
    cases.experiment(fleet, "dhcp_ask", {"servers": [], "overlaps": []})
    assert "no DHCP server answers" in cases.verdict(fleet, "dhcp_lease_lost").summary


def test_an_expired_lease_of_the_hosts_link_was_removed_by_no_process() -> None:
    fleet = cases.healthy()
    ended = _expire(fleet, "", "lan0", "192.168.100.3/32")
    cases.lose(fleet, "container_to_host")
    cases.event(
        fleet, kind="route", action="delete", what="route 192.168.100.128/28 dev lan0 metric 0 removed",
        data={"destination": "192.168.100.128/28", "table": 254, "silent": True, "with": ended["what"]},
    )  # fmt: skip
    own = fleet["web1"]["after"]["namespaces"][0]
    own["routes"] = [item for item in own["routes"] if item["link"] != "lan0"]
    found = cases.verdict(fleet, "dhcp_lease_lost")
    assert (found.status, [step.kind for step in found.steps]) == ("confirmed", ["by_hand"])
    assert cases.verdict(fleet, "address_removed_by_other").status == "ruled_out"


def test_addresses_that_went_otherwise_than_with_their_lease() -> None:
    process = cases.process("ip", command="ip address delete")
    for changed in (
        {"process": process},
        {"data": {"valid_seconds": 3000}},
        {"data": {"permanent": True, "valid_seconds": None}},
        {"link": "eth9"},
        {"address": "10.0.0.1/24"},
    ):
        fleet = cases.healthy()
        _expire(fleet, **changed)
        cases.lose(fleet, "host_to_container")
        assert cases.verdict(fleet, "dhcp_lease_lost").status == "ruled_out", changed


def test_a_lease_that_was_given_again_or_another_address_in_its_place() -> None:
    fleet = cases.healthy()
    _expire(fleet)
    space = next(item for item in fleet["web1"]["after"]["namespaces"] if item["label"] == "web1-c1")
    space["addresses"].append(
        {"link": "eth0", "address": "192.168.100.131/24", "permanent": False, "tentative": False, "dadfailed": False}
    )
    assert cases.verdict(fleet, "dhcp_lease_lost").status == "ruled_out"


# ---- unicast_filter_full ---------------------------------------------------------------------------------------------


def _card(fleet: dict[str, Any], silent: bool = True, lost: bool = True, **changed: Any) -> None:
    """The parent is a card, and the gateway does not answer the link on it."""
    cases.own_link(fleet, "eth0").update({"kind": "", "promiscuity": 0, **changed})
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")
    if silent:
        next(item for item in made["result"]["asked"] if item["vantage"] == "link")["answered"] = []
    if lost:
        cases.lose(fleet, "gateway_from_link")


def test_a_card_with_a_full_mac_filter_is_suspected_at_most() -> None:
    fleet = cases.healthy()
    _card(fleet)
    found = cases.verdict(fleet, "unicast_filter_full")
    assert found.status == "suspected"
    assert found.remedy.startswith("ip link set eth0 promisc on")


def test_parents_whose_filter_is_not_full() -> None:
    for changed in ({"promiscuity": 1}, {"kind": "veth"}, {"silent": False}, {"lost": False}):
        fleet = cases.healthy()
        _card(fleet, **changed)
        assert cases.verdict(fleet, "unicast_filter_full").status == "ruled_out", changed
    fleet = cases.healthy()
    _card(fleet)
    _link(fleet, "web1", "web1-c1")["up"] = False
    assert cases.verdict(fleet, "unicast_filter_full").status == "ruled_out"
    fleet = cases.healthy()
    _card(fleet, kind="bond")
    assert cases.verdict(fleet, "unicast_filter_full").status == "not_tested"


# ---- martian_source --------------------------------------------------------------------------------------------------


def _own_subnet(fleet: dict[str, Any], address: str) -> None:
    """One more address of the host's link."""
    fleet["web1"]["after"]["namespaces"][0]["addresses"].append(
        {"link": "lan0", "address": address, "permanent": True, "tentative": False, "dadfailed": False}
    )


def test_a_container_whose_address_is_a_broadcast_address_of_the_host() -> None:
    fleet = cases.healthy()
    _container(fleet, "web1", "web1-c2")["address"] = "192.168.100.143"
    _own_subnet(fleet, "192.168.100.142/28")
    assert cases.verdict(fleet, "martian_source").status == "ruled_out"
    for target in cases.lose(fleet, "host_to_container", at=0.0):
        if target["target"] == "192.168.100.130":
            target["target"] = "192.168.100.143"
    found = cases.verdict(fleet, "martian_source")
    assert found.status == "confirmed"
    assert "192.168.100.142/28 on lan0" in found.summary
    assert found.remedy.startswith("ip address replace 192.168.100.142/32 dev lan0")


def test_a_container_whose_address_is_the_host_s_own_by_a_route() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    next(item for item in own["paths"] if item["target"] == "192.168.100.129")["local"] = True
    cases.lose(fleet, "container_to_host")
    assert cases.confirmed(fleet) == {("web1", "martian_source")}
    found = cases.verdict(fleet, "martian_source")
    assert [step.text for step in found.steps] == ["ip route delete $(ip route get fibmatch 192.168.100.129)"]
    assert found.remedy.endswith(SOON)
    own["settings"]["lan0"]["accept_local"] = 1
    assert cases.verdict(fleet, "martian_source").status == "ruled_out"


def _reflect(fleet: dict[str, Any], dropped: int = 4, **fields: Any) -> None:
    """The question of eth0 for the address of lan0 came back from the switch."""
    data = {
        "what": "request", "address": "192.168.100.11", "mac": "52:54:00:00:00:11", "asked": "192.168.100.3",
        "incoming": True, "own_mac": True, "count": 4, "last": 3.0, **fields,
    }  # fmt: skip
    cases.event(fleet, kind="arp", action="seen", link="eth0", after=0.6, data=data)
    own = fleet["web1"]["after"]["namespaces"][0]
    own["neighbours"].append({"link": "eth0", "address": "192.168.100.3", "mac": None, "state": "incomplete"})
    for moment, number in (("before", 7), ("after", 7 + dropped)):
        fleet["web1"][moment]["namespaces"][0]["netstat"]["RouteInMartianSrc"] = number


def test_a_host_whose_question_for_itself_comes_back() -> None:
    fleet = cases.healthy()
    _reflect(fleet)
    found = cases.verdict(fleet, "martian_source")
    assert (found.status, found.after) == ("confirmed", 0.6)
    assert "asks for its own address 192.168.100.3 from 192.168.100.11 over the wire" in found.summary
    assert "192.168.100.3 is incomplete" in [item.value for item in found.evidence]
    assert cases.confirmed(fleet) == {("web1", "martian_source")}
    fleet["web1"]["after"]["namespaces"][0]["settings"]["lan0"]["accept_local"] = 1
    assert cases.verdict(fleet, "martian_source").status == "ruled_out"
    fleet["web1"]["after"]["namespaces"][0]["settings"]["lan0"]["accept_local"] = 0
    cases.event(fleet, kind="address", action="delete", link="lan0", data={"address": "192.168.100.3/32"})
    assert cases.verdict(fleet, "martian_source").status != "confirmed", "it was nobody's for a while"


def test_a_host_whose_packets_for_itself_come_back() -> None:
    """Its request was answered, before the watch, by another one of its own that came back."""
    fleet = cases.healthy()
    _reflect(fleet)
    fleet["web1"]["watch"]["events"] = []
    own = fleet["web1"]["after"]["namespaces"][0]
    own["neighbours"][-1].update(mac=cases.own_link(fleet, "lan0")["mac"], state="DELAY")
    found = cases.verdict(fleet, "martian_source")
    assert (found.status, found.after) == ("confirmed", None)
    assert "192.168.100.3 is DELAY" in [item.value for item in found.evidence]
    own["neighbours"][-1]["state"] = "STALE"
    assert cases.verdict(fleet, "martian_source").status == "ruled_out"


def test_frames_of_ours_that_come_back_and_are_no_martians() -> None:
    for dropped, fields in (
        (0, {}),  # the kernel dropped nothing for that
        (4, {"incoming": False}),  # the switch does not send it back
        (4, {"own_mac": False}),  # another machine's
        (4, {"asked": "192.168.100.11"}),  # an announcement
        (4, {"asked": "192.168.100.1"}),  # a question for the gateway
        (4, {"address": "192.168.100.129"}),  # of a container
    ):
        fleet = cases.healthy()
        _reflect(fleet, dropped, **fields)
        assert cases.verdict(fleet, "martian_source").status == "ruled_out", fields


def test_subnets_of_the_host_that_make_nobody_a_martian() -> None:
    for address in ("192.168.100.142/32", "192.168.100.128/31", "192.168.100.142/27", "192.168.100.129/28"):
        fleet = cases.healthy()
        _own_subnet(fleet, address)
        cases.lose(fleet, "host_to_container")
        cases.lose(fleet, "container_to_host")
        assert cases.verdict(fleet, "martian_source").status == "ruled_out", address


def _claim(fleet: dict[str, Any], mac: str, address: str, first: float, last: float, count: int = 9) -> None:
    data = {"what": "reply", "address": address, "mac": mac, "count": count, "last": last}
    cases.event(fleet, kind="arp", action="seen", link="eth0", after=first, data=data)


#: Machines outside of the fleet, the gateway's address, and the MAC address of a virtual router (VRRP).
ONE, OTHER, ROUTER, VIRTUAL = "02:00:5e:aa:00:01", "02:00:5e:aa:00:02", "192.168.100.1", "00:00:5e:00:01:07"


def test_two_machines_that_answer_for_the_gateway_are_one_too_many() -> None:
    fleet = cases.healthy()
    _claim(fleet, ONE, ROUTER, 0.0, 5.9)
    assert cases.verdict(fleet, "duplicate_ip").status != "confirmed"
    _claim(fleet, OTHER, ROUTER, 2.0, 5.8)
    _claim(fleet, OTHER, "192.168.100.77", 2.0, 2.0)
    found = cases.verdict(fleet, "duplicate_ip")
    assert (found.status, found.after, found.culprit["mac"]) == ("confirmed", 2.0, OTHER)
    assert f"{ONE} and {OTHER}" in found.summary


@pytest.mark.parametrize(
    ("mac", "first", "last", "also"),
    [
        (VIRTUAL, 2.0, 5.8, ""),
        (OTHER, 5.5, 5.9, ""),
        (OTHER, 2.0, 5.8, "192.168.100.129"),
    ],
    ids=["virtual router", "takes over", "proxy ARP"],
)
def test_routers_that_share_or_hand_over_an_address_are_none_too_many(
    mac: str, first: float, last: float, also: str
) -> None:
    fleet = cases.healthy()
    _claim(fleet, ONE, ROUTER, 0.0, 5.6)
    _claim(fleet, mac, ROUTER, first, last)
    if also:
        _claim(fleet, mac, also, 1.0, 1.0, 1)
    assert cases.verdict(fleet, "duplicate_ip").status != "confirmed"
