# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Topology files: their defaults, and that all problems of a file are reported at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from labkit.topology import load, parse

TOPOLOGIES = sorted((Path(__file__).resolve().parents[2] / "lab" / "topologies").glob("*.yml"))


def small(**changes) -> dict:
    host = {"kind": "nspawn", "os": "trixie", "nics": [{"addresses": ["192.0.2.11/24"], "gateway": "192.0.2.1"}]}
    data = {"switches": {"sw0": {}}, "hosts": {"h1": host}, "stations": {}, "containers": {"c1": {"host": "h1"}}}
    return {**data, **changes}


def problems(data: object) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(data)
    return {item.key: item.problem for item in caught.value.problems.items}


def test_defaults():
    topology = parse(small())
    host, container = topology.hosts["h1"], topology.containers["c1"]
    nic = host.nics[0]
    assert (host.manager, host.engine, host.groups, host.variables) == ("none", "none", (), {})
    assert (nic.name, nic.switch, nic.mtu, nic.gateways) == ("eth0", "sw0", None, ("192.0.2.1",))
    assert (container.parent, container.mode) == ("eth0", "bridge")
    assert (topology.switches["sw0"].mcast_snooping, topology.switches["sw0"].ageing) == (False, 300)


def test_macs_are_stable_distinct_and_local():
    first, again = parse(small()), parse(small())
    macs = [first.hosts["h1"].nics[0].mac, first.containers["c1"].mac]
    assert macs == [again.hosts["h1"].nics[0].mac, again.containers["c1"].mac]
    assert len(set(macs)) == 2
    assert all(int(mac[:2], 16) & 0b11 == 0b10 for mac in macs)


def test_port_options_of_a_nic_add_to_those_of_its_switch():
    data = small(switches={"sw0": {"ports": {"hairpin": True, "learning": False}}})
    data["hosts"]["h1"]["nics"][0]["port"] = {"learning": True, "static": ["02-00-5E-10-00-01"]}
    port = parse(data).hosts["h1"].nics[0].port
    assert port.flags == {"hairpin": True, "learning": True}
    assert port.static == ("02:00:5e:10:00:01",)


def test_both_families():
    data = small(stations={"router": {"addresses": ["192.0.2.1/24", "2001:db8::1/64"]}})
    data["containers"]["c1"] = {
        "host": "h1",
        "addresses": ["192.0.2.129/24", "2001:db8::81/64"],
        "gateway": ["192.0.2.1", "2001:db8::1"],
    }
    assert parse(data).containers["c1"].gateways == ("192.0.2.1", "2001:db8::1")


def test_all_problems_at_once():
    data = {
        "switches": {"s1": {"ageing": -1, "color": "red"}, "s2": {}},
        "hosts": {
            "H_1": {
                "kind": "docker",
                "nics": [
                    {"mac": "01:00:00:00:00:01", "addresses": ["192.0.2.1"], "gateway": "198.51.100.1"},
                    {"name": "eth0", "switch": "s1", "mtu": 3, "port": {"hairpin": "yes"}},
                ],
            },
            "h2": {"kind": "netns", "manager": "networkd", "engine": "podman", "nics": []},
            "h3": {
                "kind": "vm",
                "os": "focal",
                "engine": "lxc",
                "groups": ["1st"],
                "nics": [{"name": "a/b", "switch": "s1"}],
            },
        },
        "stations": {"s1": {"switch": "s3"}},
        "containers": {"c1": {"host": "h9"}, "c2": {"host": "h3", "mode": "routed"}},
        "router": {},
    }
    assert set(problems(data)) == {
        "router",
        "switches.s1.ageing",
        "switches.s1.color",
        "hosts.H_1",
        "hosts.H_1.kind",
        "hosts.H_1.nics",
        "hosts.H_1.nics[0].switch",
        "hosts.H_1.nics[0].mac",
        "hosts.H_1.nics[0].addresses",
        "hosts.H_1.nics[0].gateway",
        "hosts.H_1.nics[1].mtu",
        "hosts.H_1.nics[1].port.hairpin",
        "hosts.h2.manager",
        "hosts.h2.engine",
        "hosts.h2.nics",
        "hosts.h3.os",
        "hosts.h3.engine",
        "hosts.h3.groups",
        "hosts.h3.nics[0].name",
        "stations.s1",
        "stations.s1.switch",
        "containers.c1.host",
        "containers.c2.mode",
    }


@pytest.mark.parametrize("data", [None, [], "text", {"hosts": []}, {"switches": {"sw0": 3}}, {"hosts": {"h1": None}}])
def test_other_shapes_are_problems_and_no_crash(data):
    assert problems(data)


def test_a_file_that_is_missing_or_no_yaml(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("hosts: [", encoding="utf-8")
    for path in (broken, tmp_path / "missing.yml"):
        with pytest.raises(InvalidInput, match=path.name):
            load(path)


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_the_topologies_that_come_along(path):
    data = load(path)
    topology = parse(data)
    assert parse(json.loads(json.dumps(data))) == topology, "a topology survives being kept as JSON"
    for host in topology.hosts.values():
        (network,) = host.variables["macvlan_networks"]
        declared = [item.addresses[0].split("/", maxsplit=1)[0] for item in topology.containers_of(host.name)]
        assert declared == network.get("containers", [])
