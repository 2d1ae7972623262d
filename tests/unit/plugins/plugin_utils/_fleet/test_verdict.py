# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.evidence import AddressEvidence, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import read as declared
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.verdict import FATAL, judge, unseen
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.words import SHARED_MAX, as_data, listing

STARTED = "2026-03-01T10:00:00.000Z"
SEEN = "2026-03-01T10:00:00.250Z"
STRANGER = "00:1b:21:00:00:01"


def mac(host: int, number: int) -> str:
    return f"02:00:00:00:{host:02x}:{number:02x}"


def shim(host: int) -> str:
    return f"192.168.100.{host}"


def container(host: int, number: int) -> str:
    return f"192.168.100.{112 + host * 16 + number}"


def seen(address: str, *holders: tuple, status: str = "in_use") -> dict:
    """A result of arp_conflict_check; a holder is MAC, owner, vantage and kind, the last two optional."""
    return {
        "parent": "eth0", "address": address, "status": status, "conflict": "", "reason": "",
        "holders": [
            {"mac": who, "owner": owner, "vantage": (rest or ["parent"])[0], "kind": (rest or ["", "reply"])[1],
             "count": 3, "first_seen": SEEN, "first_seen_seconds": 0.25, "own": owner == "host", "where": None}
            for who, owner, *rest in holders
        ],
    }  # fmt: skip


def evidence(
    number: int,
    results: list | None = None,
    *,
    containers: list | None = None,
    made: bool = True,
    absence: str = "",
    name: str = "",
    machine_id: str = "",
    twins: list | None = None,
    **changes: object,
) -> AddressEvidence:
    """Host hN with a link of its own (or not yet) and containers; by default one, in its range."""
    name = name or f"h{number}"
    network = {
        "name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "gateway": "192.168.100.254",
        "container_range": f"{container(number, 0)}/28", "host_address": shim(number), "mac": mac(number, 1), **changes,
    }  # fmt: skip
    problems = Problems(name)
    plan = declared(HostDeclaration(name, [network], []), problems)
    assert not problems, problems.report()
    links = (
        [{"namespace": "", "name": "lan0", "mac": mac(number, 1), "addresses": [f"{shim(number)}/32"]}] if made else []
    )
    for place, address in enumerate([container(number, 1)] if containers is None else containers):
        links.append(
            {"namespace": f"c{place}", "name": "eth0", "mac": mac(number, 10 + place), "addresses": [f"{address}/24"]}
        )
    probe = {
        "started": STARTED,
        "results": results or [],
        "vantages": [{"parent": "eth0", "vantage": "child", "asked": True, "reason": ""}],
        "host": {
            "machine_id": machine_id or f"id of {name}",
            "parents": [{"name": "eth0", "mac": mac(number, 0), "addresses": [f"192.168.100.{240 + number}/24"]}],
            "links": links,
        },
        "duplicate_macs": twins or [],
        "unseen_namespaces": [],
    }  # fmt: skip
    return read(plan, {} if absence else probe, {}, absence)


def reported(*hosts: AddressEvidence) -> list[tuple[str, str, str, list[str]]]:
    return [(one.status, one.cause, one.subject, one.hosts) for one in judge(hosts).conflicts]


def messages(*hosts: AddressEvidence) -> list[str]:
    data = as_data(judge(hosts), hosts, lambda text: "Intel" if text == STRANGER else "")
    return list(dict.fromkeys(item["message"] for items in data["conflicts"].values() for item in items))


def test_a_healthy_fleet_has_no_conflict() -> None:
    hosts = [evidence(number) for number in range(1, 6)]
    assert reported(*hosts) == []
    assert unseen(hosts) == {}
    summary = as_data(judge(hosts), hosts, str)["summary"]
    assert summary == {"hosts": 5, "asked": 5, "addresses": 15, "macs": 15, "conflicts": 0}


def test_a_stranger_has_an_address_that_shall_come_into_service() -> None:
    hosts = [evidence(1, [seen(shim(1), (STRANGER, "foreign"))], made=False), evidence(2)]
    assert reported(*hosts) == [("in_use", "duplicate_ip", shim(1), ["h1"])]
    who = f"{STRANGER} (Intel), seen by reply from parent of h1 at {SEEN}"
    assert messages(*hosts) == [f"192.168.100.1 on eth0 (host_address of h1) is in use by {who}"]


def test_a_stranger_beside_the_host() -> None:
    hosts = [evidence(1, [seen(shim(1), (STRANGER, "foreign"), status="duplicate")])]
    assert reported(*hosts) == [("duplicate", "duplicate_ip", shim(1), ["h1"])]


def test_an_address_on_two_hosts_of_which_each_sees_the_other_alone() -> None:
    one = evidence(1, [seen(container(1, 1), (mac(2, 10), "foreign"), status="duplicate")])
    two = evidence(2, containers=[container(1, 1)])
    assert reported(one, two) == [("duplicate", "duplicate_ip_in_fleet", container(1, 1), ["h1", "h2"])]
    (message,) = messages(one, two)
    assert f"eth0 of h2 in namespace c0 ({mac(2, 10)}), read at {STARTED}, seen by reply from parent of h1" in message


def test_nobody_probed_and_the_inventories_alone_show_it() -> None:
    assert reported(evidence(1), evidence(2, containers=[container(1, 1)])) == [
        ("duplicate", "duplicate_ip_in_fleet", container(1, 1), ["h1", "h2"])
    ]


def test_a_container_with_an_address_out_of_another_hosts_range() -> None:
    assert reported(evidence(1, containers=[]), evidence(2, containers=[container(1, 5)])) == [
        ("in_use", "duplicate_ip_in_fleet", container(1, 5), ["h1", "h2"])
    ]


def test_two_containers_of_one_host_with_one_address() -> None:
    (conflict,) = judge([evidence(1, containers=[container(1, 1)] * 2)]).conflicts
    assert (conflict.status, conflict.hosts) == ("duplicate", ["h1"])


def test_a_host_with_the_macs_of_parent_and_link_is_one_holder() -> None:
    """ARP flux: another host, asked for h1's address, hears two strangers."""
    flux = seen(shim(1), (mac(1, 0), "foreign"), (mac(1, 1), "foreign"), status="duplicate")
    assert reported(evidence(1), evidence(2, [flux])) == []


def test_hosts_that_were_not_asked_are_known_by_what_they_declare() -> None:
    absent = evidence(1, absence="not in this run")
    other = evidence(2, [seen(shim(1), (mac(1, 1), "foreign"))])
    assert reported(absent, other) == []
    assert unseen([absent, other]) == {"not in this run": ["h1"]}
    taken = evidence(3, [seen(shim(3), (mac(1, 1), "foreign"))], made=False)
    assert "lan0 of h1 (02:00:00:00:01:01), as it is declared, seen by reply" in messages(absent, taken)[0]


def test_a_copy_of_a_host_is_a_stranger_to_it() -> None:
    """What a host declares and has not made yet answers on the LAN: somebody has its configuration."""
    copied = evidence(1, [seen(shim(1), (mac(1, 1), "foreign"))], made=False)
    assert reported(copied) == [("in_use", "duplicate_ip", shim(1), ["h1"])]


def test_what_is_no_holder() -> None:
    results = [
        seen(shim(1), ("00:00:5e:00:01:07", "virtual_router"), status="virtual_router"),
        seen(container(1, 1), (STRANGER, "proxy_arp"), status="own"),
        seen(container(1, 2), (mac(1, 1), "host", "inventory", "dad_failed"), status="own"),
    ]
    found = reported(evidence(1, results, made=False))
    assert found == [("virtual_router", "", shim(1), ["h1"])]


def test_a_virtual_router_beside_the_host_that_has_the_address() -> None:
    router = ("00:00:5e:00:01:07", "virtual_router")
    own = (mac(1, 1), "host", "inventory", "configured")
    twice = seen(shim(1), own, router, (*router, "child", "reply"), status="duplicate")
    (conflict,) = judge([evidence(1, [twice])]).conflicts
    assert (conflict.status, conflict.subject, conflict.hosts) == ("virtual_router", shim(1), ["h1"])
    assert [(holder.mac, len(holder.seen)) for holder in conflict.holders] == [(router[0], 2)]
    assert conflict.status in FATAL
    for holder in twice["holders"]:
        holder["where"] = {"namespace": "", "link": "vrrp7"}
    assert reported(evidence(1, [twice])) == [], "it is the host's own, which answers for all of its addresses"
    both = seen(shim(1), (STRANGER, "foreign"), router, status="duplicate")
    assert [item[0] for item in reported(evidence(1, [both], made=False))] == ["in_use"], "once is enough"


def test_somebody_who_only_asks_for_the_address_yet() -> None:
    soft = seen(shim(1), (STRANGER, "foreign", "parent", "probe"))
    (conflict,) = judge([evidence(1, [soft], made=False)]).conflicts
    assert (conflict.status, conflict.reason) == ("in_use", "it only asks for it yet")
    assert reported(evidence(1, [soft])) == [], "who has the address defends it"


def test_where_nobody_could_be_asked() -> None:
    results = [
        {**seen(text), "status": "unknown", "reason": "eth0 has no carrier"} for text in (shim(1), container(1, 0))
    ]
    host = evidence(1, results, containers=[], made=False)
    assert messages(host) == [
        "192.168.100.1 and 1 more on eth0 (host_address of h1): it could not be tested: eth0 has no carrier"
    ]


def test_one_mac_on_two_hosts() -> None:
    one, two = evidence(1, mac=mac(9, 9), made=False), evidence(2, mac=mac(2, 10), made=False)
    assert reported(one, two) == []
    taken = evidence(3, mac=mac(2, 10), made=False)
    assert reported(two, taken) == [("duplicate_mac", "duplicate_mac_in_fleet", mac(2, 10), ["h2", "h3"])]
    (conflict,) = judge([two, taken]).conflicts
    assert dict(conflict.wanted) == {"h2": "lan0", "h3": "lan0"}
    assert "lan0 of h3 (02:00:00:00:02:0a), as it is declared" in messages(two, taken)[0]


def test_a_machine_outside_of_the_fleet_with_a_mac_of_the_fleet() -> None:
    host = evidence(1, twins=[{"parent": "eth0", "mac": mac(1, 10), "first_seen": SEEN}])
    assert reported(host) == [("duplicate_mac", "", mac(1, 10), ["h1"])]
    who = (
        f"eth0 of h1 in namespace c0 ({mac(1, 10)}), read at {STARTED}; {mac(1, 10)}, seen by frames from parent of h1"
    )
    assert messages(host) == [f"MAC address {mac(1, 10)} is there more than once: {who} at {SEEN}"]
    other = evidence(2, mac=mac(1, 10))
    assert [item[1] for item in reported(host, other)] == ["duplicate_mac_in_fleet"], "then it is known who that is"


def test_an_address_that_the_kernel_refuses() -> None:
    refused = {**seen("fd00::1", (mac(1, 1), "host", "inventory", "dad_failed")), "reason": "its detection has failed"}
    dual = {"subnet": ["192.168.100.0/24", "fd00::/64"], "host_address": [shim(1), "fd00::1"]}
    dual["container_range"] = [f"{container(1, 0)}/28", "fd00::100/120"]
    host = evidence(1, [refused], **dual)
    assert messages(host) == ["fd00::1 on eth0 (host_address of h1) is in use: its detection has failed"]


def test_segments_keep_addresses_and_macs_apart() -> None:
    here, there = evidence(1, segment="a"), evidence(1, segment="b", name="h9")
    assert reported(here, there) == []
    assert {item[0] for item in reported(here, evidence(1, segment="a", name="h9"))} == {"duplicate", "duplicate_mac"}


def test_copies_of_one_installation() -> None:
    hosts = [evidence(1, machine_id="same"), evidence(2, machine_id="same"), evidence(3)]
    assert reported(*hosts) == [("cloned_machine", "", "same", ["h1", "h2"])]
    assert messages(*hosts) == ["h1, h2 have one machine-id: they are copies of one installation"]


def test_what_was_made_since_counts_and_not_what_was_there_before() -> None:
    before = evidence(1)
    plan = declared(HostDeclaration("h1", [], []), Problems())
    probe = {
        "started": STARTED, "results": [],
        "host": {"parents": [], "machine_id": "x", "links": [
            {"namespace": "", "name": "lan0", "mac": mac(1, 1), "addresses": ["192.168.100.1/32"]},
            {"namespace": "", "name": "old0", "mac": mac(1, 2), "addresses": ["192.168.100.2/32"]},
        ]},
    }  # fmt: skip
    made = {"links": [{"name": "lan0", "mac": mac(1, 3), "addresses": ["192.168.100.3/32"]}], "removed": ["old0"]}
    after = read(plan, probe, made)
    assert [(item.mac, str(item.address)) for item in after.held] == [(mac(1, 3), "192.168.100.3")]
    assert len(before.held) == 3


@given(st.lists(st.integers(1, 6), unique=True, min_size=1), st.data())
def test_a_fleet_that_holds_only_what_it_declares_has_no_conflict(numbers: list[int], data: st.DataObject) -> None:
    """Whoever asked whom, whatever part of the fleet gave evidence, and with how many of its MACs a host answers."""
    absent = data.draw(st.sets(st.sampled_from(numbers)))
    hosts = []
    for number in numbers:
        results = []
        for other in data.draw(st.sets(st.sampled_from(numbers))):
            if other == number:
                continue
            known = [1] if other in absent else [0, 1]
            macs = data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
            results.append(seen(shim(other), *((mac(other, one), "foreign") for one in macs), status="duplicate"))
        hosts.append(evidence(number, results, absence="unreachable" if number in absent else ""))
    assert reported(*hosts) == []


def test_everything_that_was_merged_can_be_listed() -> None:
    hosts = [evidence(1), evidence(2, absence="unreachable")]
    listed = listing(judge(hosts))
    assert {item["mac"] for item in listed["macs"]} == {mac(1, 0), mac(1, 1), mac(1, 10), mac(2, 1)}
    addresses = [item["address"] for item in listed["addresses"]]
    assert addresses == sorted(addresses, key=ipaddress.ip_address)
    assert listed["addresses"][0]["holders"][0]["link"] == "lan0"


def test_of_a_whole_fleet_with_one_address_only_the_first_host_lists_all() -> None:
    count = SHARED_MAX + 10
    fleet = [evidence(1, name=f"m{number:02}", containers=[]) for number in range(count)]
    conflicts = {name: items[0] for name, items in as_data(judge(fleet), fleet, lambda dummy: "")["conflicts"].items()}
    first, *others = conflicts.values()
    assert (len(first["hosts"]), len(first["holders"]), "hosts_left_out" in first) == (count, count, False)
    assert {item["hosts_left_out"] for item in others} == {count - SHARED_MAX}
    last = conflicts[f"m{count - 1:02}"]
    assert last["holders"][-1]["host"] == f"m{count - 1:02}"
    assert last["holders_left_out"] == count - SHARED_MAX - 1
    assert f"and {count - 5} more" in last["message"]
