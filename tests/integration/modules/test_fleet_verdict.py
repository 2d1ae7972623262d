# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The merged findings of two real hosts: duplicates of which each sees one half, and no false ones."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.evidence import AddressEvidence, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import read as declared
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.verdict import Conflict, judge

#: Addresses that each host may use.
SHIMS = {"h1": "192.168.100.3", "h2": "192.168.100.4"}
RANGES = {"h1": "192.168.100.128/28", "h2": "192.168.100.144/28"}


def evidence(host, name: str, *addresses: str) -> AddressEvidence:
    """A host's result for these addresses, by default its range."""
    network = {
        "name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24",
        "host_address": SHIMS[name], "container_range": RANGES[name],
    }  # fmt: skip
    problems = Problems(name)
    plan = declared(HostDeclaration(name, [network], []), problems)
    assert not problems
    probes = [{"parent": "eth0", "addresses": list(addresses) or [SHIMS[name], RANGES[name]]}]
    result = host.module("arp_conflict_check", {"probes": probes})
    assert not result.get("failed"), result
    return read(plan, result, {})


def conflicts(*hosts: AddressEvidence) -> list[Conflict]:
    """Without the machine-id, which the namespaces of one machine share."""
    return [item for item in judge(hosts).conflicts if item.status != "cloned_machine"]


def test_an_address_on_containers_of_two_hosts(segment) -> None:
    one, two = segment.host("h1", ["192.168.100.11/24"]), segment.host("h2", ["192.168.100.12/24"])
    first = one.container("c1", ["192.168.100.129/24"])
    second = two.container("c2", ["192.168.100.129/24"])
    (conflict,) = conflicts(evidence(one, "h1"), evidence(two, "h2"))
    assert (conflict.status, conflict.cause) == ("duplicate", "duplicate_ip_in_fleet")
    assert (conflict.subject, conflict.hosts) == ("192.168.100.129", ["h1", "h2"])
    assert {holder.mac for holder in conflict.holders} == {first.mac(), second.mac()}
    (other,) = [holder for holder in conflict.holders if holder.place.host == "h2"]
    assert other.place.namespace == second.netns
    assert {(item.by, item.vantage) for item in other.seen} == {("h1", "parent"), ("h1", "child")}


def test_a_host_that_answers_with_two_macs_is_no_conflict(segment) -> None:
    """A shim with the subnet's prefix and the kernel's defaults: ARP flux."""
    one, two = segment.host("h1", ["192.168.100.11/24"]), segment.host("h2", ["192.168.100.12/24"])
    one.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    one.ip("address", "add", "192.168.100.3/24", "dev", "lan0")
    one.ip("link", "set", "lan0", "up")
    found = evidence(two, "h2", "192.168.100.3", "192.168.100.11", SHIMS["h2"])
    assert {item.status for item in found.asked if str(item.address) != SHIMS["h2"]} == {"duplicate"}
    assert conflicts(evidence(one, "h1"), found) == []


def test_a_foreign_holder_is_no_host_of_the_fleet(segment) -> None:
    one, two = segment.host("h1", ["192.168.100.11/24"]), segment.host("h2", ["192.168.100.12/24"])
    stranger = segment.host("lan", ["192.168.100.3/24"])
    found = conflicts(evidence(one, "h1"), evidence(two, "h2"))
    assert [(item.status, item.cause, item.subject) for item in found] == [("in_use", "duplicate_ip", "192.168.100.3")]
    (holder,) = found[0].holders
    assert (holder.mac, holder.place) == (stranger.mac(), None)


def test_one_mac_on_two_hosts_and_one_machine_id(segment) -> None:
    one, two = segment.host("h1", ["192.168.100.11/24"]), segment.host("h2", ["192.168.100.12/24"])
    one.container("c1", ["192.168.100.129/24"], mac="02:00:00:00:00:01")
    two.container("c2", ["192.168.100.145/24"], mac="02:00:00:00:00:01")
    hosts = [evidence(one, "h1"), evidence(two, "h2")]
    assert [(item.status, item.subject, item.hosts) for item in judge(hosts).conflicts] == [
        ("duplicate_mac", "02:00:00:00:00:01", ["h1", "h2"]),
        ("cloned_machine", hosts[0].machine_id, ["h1", "h2"]),
    ]
