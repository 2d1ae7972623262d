# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io
import json

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.mac_list import (
    COLUMNS,
    Row,
    as_csv,
    as_json,
    is_ours,
    ports,
    rows,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, HostPlan, read

LINK = {"kind": "macvlan", "parent": "eth0", "parent_namespace": "", "mode": "bridge"}
SHIM = {**LINK, "namespace": "", "name": "lan0", "mac": "02:00:00:00:00:01", "addresses": ["192.168.100.3/32"]}
INNER = {**LINK, "namespace": "c1", "name": "eth0", "mac": "02:00:00:00:00:02", "addresses": ["192.168.100.129/24"]}
HEARD = {"port": "eth0", "chassis_id": "00:1c:73:00:00:01", "port_id": "Ethernet12", "system_name": "sw1",
         "port_description": "to h1"}  # fmt: skip
PARENT = {"name": "eth0", "mac": "52:54:00:00:00:01", "addresses": ["192.168.100.11/24"], "lldp": [HEARD]}


def planned(*links: dict) -> HostPlan:
    problems = Problems()
    plan = read(HostDeclaration("h1", [], list(links)), problems)
    assert not problems
    return plan


def reported(found: list[Row]) -> list[tuple[str, str, str]]:
    return [(row.parent, row.role, row.mac) for row in found]


def test_parent_link_containers_and_what_is_declared() -> None:
    other = {"name": "mv1", "parent": {"default_route": True}, "mac": "02:00:00:00:00:09"}
    plan = planned({"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:01"}, other)
    resolved = [{"given": "eth0", "name": "eth0"}, {"given": {"default_route": True}, "name": "eth0"}]
    found = rows(plan, {"links": [INNER, SHIM], "parents": [PARENT], "resolved": resolved})
    assert reported(found) == [
        ("eth0", "parent", "52:54:00:00:00:01"),
        ("eth0", "link", "02:00:00:00:00:01"),
        ("eth0", "container", "02:00:00:00:00:02"),
        ("eth0", "declared", "02:00:00:00:00:09"),
    ]
    assert {(row.switch, row.switch_port, row.switch_port_description) for row in found} == {
        ("sw1", "Ethernet12", "to h1")
    }
    assert (found[2].namespace, found[2].addresses) == ("c1", "192.168.100.129/24")
    assert ports(found) == [{"host": "h1", "parent": "eth0", "switch": "sw1", "switch_port": "Ethernet12", "macs": 4}]


def test_a_host_that_was_not_asked_is_listed_by_its_declaration() -> None:
    plan = planned({"name": "lan0", "parent": {"subnet": "192.168.100.0/24"}, "mac": "02:00:00:00:00:01"})
    assert reported(rows(plan, {})) == [("subnet: 192.168.100.0/24", "declared", "02:00:00:00:00:01")]
    stable = rows(planned({"name": "lan0", "parent": "eth0"}), {})
    assert len(stable) == 1
    assert stable[0].mac


def test_one_row_for_each_mac_of_a_parent() -> None:
    passthru = {**LINK, "namespace": "", "name": "pt0", "mac": PARENT["mac"], "mode": "passthru", "addresses": []}
    assert reported(rows(planned(), {"links": [passthru], "parents": [PARENT]})) == [("eth0", "parent", PARENT["mac"])]


def test_links_behind_other_links_are_not_on_the_port() -> None:
    nested = {**INNER, "parent": "eth0", "parent_namespace": "c1"}
    unknown = {**INNER, "parent": None, "parent_namespace": None}
    assert rows(planned(), {"links": [nested, unknown], "parents": [PARENT]}) == []


def test_a_bond_leads_to_two_ports() -> None:
    second = {**HEARD, "system_name": "sw2", "port_description": ""}
    (parent, dummy) = rows(planned(), {"links": [SHIM], "parents": [{**PARENT, "lldp": [HEARD, second]}]})
    assert (parent.switch, parent.switch_port, parent.switch_port_description) == (
        "sw1; sw2", "Ethernet12; Ethernet12", "to h1",
    )  # fmt: skip


def test_the_csv_file_can_be_read_back_and_calculates_nothing() -> None:
    listed = [
        Row("h1", "eth0", "02:00:00:00:00:01", "link", switch='=HYPERLINK("http://x")', switch_port='a,"b";\n'),
        Row("h1", "eth0", "02:00:00:00:00:02", "link", switch="-1", switch_port="@SUM(A1)"),
    ]
    header, first, second = csv.reader(io.StringIO(as_csv(listed), newline=""))
    assert header == list(COLUMNS)
    assert (first[8], first[10]) == ("'" + listed[0].switch, 'a,"b";\\n')
    assert (second[8], second[10]) == ("'-1", "'@SUM(A1)")


def test_what_we_wrote_is_known_again() -> None:
    listed = [Row("h1", "eth0", "02:00:00:00:00:01", "link")]
    text = as_json(listed, {"h2": "it is unreachable"})
    assert json.loads(text)["unseen"] == {"h2": "it is unreachable"}
    assert text == as_json(listed, {"h2": "it is unreachable"})
    assert is_ours(text)
    assert is_ours(as_csv([]))
    assert not is_ours("host,mac\n")
    assert not is_ours("{}")
