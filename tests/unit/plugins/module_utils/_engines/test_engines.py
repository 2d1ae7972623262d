# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker, model, podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.api import EngineError
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import NetworkSpec, Pool

RECORDED = Path(__file__).parent / "recorded"
DOCKER = json.loads((RECORDED / "docker-20.10.json").read_text())
PODMAN = json.loads((RECORDED / "podman-4.3.json").read_text())


def ip(text):
    return ipaddress.ip_address(text)


def of_docker(name="macnet"):
    return docker.network(next(item for item in DOCKER["networks"] if item["Name"] == name))


def of_podman(name="pnet"):
    return podman.network(next(item for item in PODMAN["networks"] if item["name"] == name))


def docker_end(name, **changed):
    return docker.endpoint({**DOCKER["containers"][name], **changed}, of_docker(), DOCKER["version"])


def podman_end(name):
    return podman.endpoint(PODMAN["containers"][name], of_podman())


SPEC = NetworkSpec(
    "macnet", "eth0", "bridge", False,
    (Pool(ipaddress.ip_network("192.168.100.0/24"), ip("192.168.100.1"), (ip("192.168.100.128"), ip("192.168.100.143")),
          (ip("192.168.100.3"),)),
     Pool(ipaddress.ip_network("fd00:100::/64"), None, (ip("fd00:100::80"), ip("fd00:100::8f")))),
    {"linuxnet.macvlan": "managed"}, {},
)  # fmt: skip


def test_docker_network():
    found = of_docker()
    assert (found.driver, found.parent, found.mode, found.internal, found.owned) == (
        "macvlan", "eth0", "bridge", False, True,
    )  # fmt: skip
    assert found.pools == (SPEC.pools[0],)


def test_docker_network_without_addresses():
    assert of_docker("host").pools == ()


def test_podman_network():
    found = of_podman()
    assert (found.driver, found.parent, found.owned) == ("macvlan", "eth1", True)
    assert found.pools[0].assigned == (ip("192.168.101.160"), ip("192.168.101.175"))


def test_running_container_of_docker():
    found = docker_end("web")
    assert (found.name, found.running, found.mac, found.by_id) == ("web", True, "02:11:22:33:44:55", False)
    assert found.fixed == found.addresses == (ip("192.168.100.140"),)
    assert found.settings == {
        "IPAMConfig": {"IPv4Address": "192.168.100.140"}, "Aliases": ["www"], "MacAddress": "02:11:22:33:44:55",
    }  # fmt: skip


def test_stopped_container_of_docker():
    found = docker_end("db")
    assert (found.running, found.addresses, found.fixed, found.mac, found.settings) == (False, (), (), "", {})


def test_container_of_docker_that_names_the_network_by_its_id():
    assert docker_end("web", HostConfig={"NetworkMode": of_docker().id}).by_id
    assert not docker_end("web", HostConfig={"NetworkMode": "macnet"}).by_id


@pytest.mark.parametrize(
    ("version", "mac", "fixed"),
    [
        ("26.1.5", "02:42:c0:a8:64:80", ""),
        ("26.1.5", "02:11:22:33:44:55", "02:11:22:33:44:55"),
        ("28.0.0", "02:11:22:33:44:55", ""),
    ],
)
def test_a_derived_or_random_mac_is_not_kept(version, mac, fixed):
    end = {"IPAddress": "192.168.100.128", "MacAddress": mac}
    item = {**DOCKER["containers"]["db"], "NetworkSettings": {"Networks": {"macnet": end}}}
    assert docker.endpoint(item, of_docker(), version).mac == fixed


@pytest.mark.parametrize(("version", "kept"), [("20.10.24", True), ("26.1.5", False)])
def test_which_docker_gives_a_chosen_mac_again(version, kept):
    found = docker.endpoint(DOCKER["containers"]["web"], of_docker(), version)
    assert (found.mac, found.mac_kept) == ("02:11:22:33:44:55", kept)


def test_running_container_of_podman():
    found = podman_end("pw")
    assert (found.name, found.running, found.fixed) == ("pw", True, (ip("192.168.101.140"),))


def test_stopped_container_of_podman_keeps_what_its_command_line_says():
    found = podman_end("pe")
    assert (found.running, found.addresses, found.fixed) == (False, (), (ip("192.168.101.200"),))


@pytest.mark.parametrize(
    ("command", "fixed"),
    [
        (None, None),
        (["podman", "run", "bb"], ()),
        (["podman", "run", "--ip=192.0.2.5", "bb"], (ip("192.0.2.5"),)),
        (["podman", "run", "--network", "lan0:ip=192.0.2.5,mac=02:00:00:00:00:01", "bb"], (ip("192.0.2.5"),)),
        (["podman", "run", "--ip6", "fd00::5", "--ip", "192.0.2.5", "bb"], (ip("fd00::5"), ip("192.0.2.5"))),
    ],
)
def test_chosen_addresses_of_podman(command, fixed):
    assert podman.chosen(command) == fixed


def test_what_docker_is_asked_to_create_is_what_it_then_says():
    made = docker.network({**docker.body(SPEC), "Id": "1"})
    assert (made.parent, made.mode, made.ipv6, made.pools) == (SPEC.parent, SPEC.mode, True, SPEC.pools)
    assert docker.body(SPEC)["IPAM"]["Config"][0] == {
        "Subnet": "192.168.100.0/24", "IPRange": "192.168.100.128/28", "Gateway": "192.168.100.1",
        "AuxiliaryAddresses": {"reserved0": "192.168.100.3"},
    }  # fmt: skip


def test_a_network_of_docker_is_created_again_as_it_was():
    raw = next(item for item in DOCKER["networks"] if item["Name"] == "macnet")
    again = docker.network({**docker.again(raw), "Id": raw["Id"]})
    assert (again.pools, again.labels, again.parent) == (of_docker().pools, of_docker().labels, "eth0")


def test_what_podman_is_asked_to_create_is_what_it_then_says():
    made = podman.network({**podman.body(SPEC), "id": "1"})
    assert (made.parent, made.mode, made.ipv6) == (SPEC.parent, SPEC.mode, True)
    assert [pool.assigned for pool in made.pools] == [pool.assigned for pool in SPEC.pools]


def test_a_replaced_network_of_podman_keeps_its_id_and_what_is_not_declared():
    kept = next(item for item in PODMAN["networks"] if item["name"] == "pnet")
    made = podman.replaced(kept, SPEC)
    assert (made["id"], made["dns_enabled"], made["network_interface"]) == (kept["id"], kept["dns_enabled"], "eth0")


def test_an_old_docker_is_refused():
    with pytest.raises(EngineError, match=r"1\.39 of its API, and 1\.41 is needed.*Docker 20\.10 or newer"):
        docker._api({"Version": "18.09", "ApiVersion": "1.39"})


@pytest.mark.parametrize(
    ("newest", "oldest", "used"), [("1.41", "1.12", "1.41"), ("1.45", "1.24", "1.45"), ("1.52", "1.44", "1.47")]
)
def test_version_of_the_api(newest, oldest, used):
    assert docker._api({"ApiVersion": newest, "MinAPIVersion": oldest}) == used


def test_a_range_that_is_no_network():
    assert model.cidr((ip("192.0.2.1"), ip("192.0.2.6"))) is None
    assert model.size((ip("192.0.2.1"), ip("192.0.2.6"))) == 6
