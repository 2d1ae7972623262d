# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of container engines: files, sockets, processes. Nothing is started, and hostile files are bounded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers import run as container_run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import podman, presence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence import engines, podman_stopped
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes import docker as docker_files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host

ID = "0123456789abcdef" * 4
LEASES = {"start_ip": "192.168.100.160", "end_ip": "192.168.100.175"}
#: In the form of podman 4.3, of which _engines/recorded has a real one.
KEPT = {
    "name": "pnet", "id": ID, "driver": "macvlan", "network_interface": "eth0", "ipv6_enabled": False,
    "subnets": [{"subnet": "192.168.100.0/24", "lease_range": LEASES}],
    "internal": False, "dns_enabled": False, "ipam_options": {"driver": "host-local"},
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(podman, "CONFIGS", ())
    monkeypatch.setattr(presence, "find", lambda name: None)
    return tmp_path


def write(root: Path, path: str, text: object) -> Path:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text if isinstance(text, str) else json.dumps(text))
    return place


def process(root: Path, pid: int, name: str, user: int) -> None:
    write(root, f"/proc/{pid}/comm", f"{name}\n")
    os.chown(root / f"proc/{pid}", user, user)


def declared(engine: str = "none"):
    given = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24"], "engine": engine}
    return networks([given], Problems())


def test_a_host_without_engines_has_none(root: Path) -> None:
    assert engines.gather(declared(), Host(str(root))) == {}


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_a_declared_engine_that_is_missing(root: Path, engine: str) -> None:
    found = engines.gather(declared(engine), Host(str(root)))[engine]
    assert (found["problem"], bool(found["remedy"])) == (f"{engine} is not installed on this host", True)


def test_docker_is_installed_and_does_not_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "find", lambda name: f"/usr/sbin/{name}")
    problem = presence.problem("docker", Host(str(root)))
    assert problem is not None
    assert problem.problem == "docker does not run"
    assert "systemctl start docker.service" in problem.remedy
    # that of a container is in another network namespace
    process(root, 7, "dockerd", 0)
    write(root, "/proc/7/ns/net", "")
    assert not presence.runs(Host(str(root)))


def test_a_rootless_docker_is_named_with_its_user(root: Path) -> None:
    process(root, 7, "dockerd", 65534)
    problem = presence.problem("docker", Host(str(root)))
    assert problem is not None
    assert "rootless here, as nobody" in problem.problem


def test_podmans_networks_are_read_from_their_files(root: Path) -> None:
    write(root, "/etc/containers/networks/pnet.json", KEPT)
    write(root, "/etc/containers/networks/bridge.json", {**KEPT, "driver": "bridge"})
    write(root, "/etc/containers/networks/broken.json", "{")
    write(root, "/etc/containers/networks/odd.json", {"name": 1})
    write(root, "/etc/containers/networks/leased.json", {**KEPT, "subnets": [], "ipam_options": {"driver": "dhcp"}})
    found = engines.gather(declared(), Host(str(root)))["podman"]["networks"]
    assert found is not None
    assert [(item["name"], item["parent"], item["dhcp"]) for item in found] == [
        ("pnet", "eth0", True), ("pnet", "eth0", False),
    ]  # fmt: skip
    assert found[1]["pools"] == [{"subnet": "192.168.100.0/24", "assigned": ["192.168.100.160", "192.168.100.175"]}]


def test_networks_of_another_user_who_runs_containers(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "home", lambda user: "/home/alice")
    monkeypatch.setattr(presence, "user_name", lambda user: "alice")
    place = write(root, "/home/alice/.local/share/containers/storage/networks/pnet.json", KEPT)
    assert engines.gather(declared(), Host(str(root))) == {}, "alice runs nothing"
    process(root, 7, "pasta.avx2", 4711)
    os.chown(place, 4711, 4711)
    found = engines.gather(declared(), Host(str(root)))["podman"]["networks"]
    assert [(item["name"], item["user"]) for item in found or []] == [("pnet", "alice")]
    os.chown(place, 4712, 4712)
    assert engines.gather(declared(), Host(str(root))) == {}, "the file is not hers"


def test_a_proxy_that_listens() -> None:
    head = "Num       RefCount Protocol Flags    Type St Inode Path\n"
    line = "0000000000000000: 00000002 00000000 {} 0001 01 25371 /run/podman/nv-proxy.sock\n"
    assert engines._listens(head + line.format("00010000"), engines.PROXY)
    assert not engines._listens(head + line.format("00000000"), engines.PROXY)
    assert not engines._listens(head, engines.PROXY)


def test_a_container_that_docker_could_not_start(root: Path) -> None:
    state = {
        "ID": ID, "Name": "/web", "Config": {"Labels": {}},
        "State": {"Running": False, "ExitCode": 137, "OOMKilled": False, "Error": "Address already in use\x1b[2J"},
        "NetworkSettings": {"Networks": {"lan0": {"IPAMConfig": {"IPv4Address": "192.168.100.144"}}, "b": None}},
    }  # fmt: skip
    write(root, f"/var/lib/docker/containers/{ID}/config.v2.json", state)
    other = ID[::-1]
    write(
        root, f"/var/lib/docker/containers/{other}/config.v2.json", {**state, "ID": other, "State": {"Running": True}}
    )
    (found,) = docker_files.stopped(Host(str(root)))
    assert (str(found.name), found.addresses, found.exit_code) == ("web (docker)", ("192.168.100.144",), 137)
    assert found.error == "Address already in use\\x1b[2J"


def test_what_of_the_networks_differs_is_evidence_even_where_a_run_would_refuse_it(monkeypatch) -> None:
    texts = [{"text": "docker network lan0: parent: declared eth0, found eth1. Remedy: run site.yml."}]

    def refuses(_options: object, check: bool) -> dict:
        assert check
        error = container_run.NotConsented(Problems())
        error.drift = texts
        raise error

    monkeypatch.setattr(container_run, "converge", refuses)
    assert engines.drift([{"name": "lan0"}]) == [texts[0]["text"]]
    assert engines.drift([]) == []


def test_a_container_that_podman_could_not_start() -> None:
    """As podman 5.4 has it; 4.3 says nothing of errors, and a container that was never started has no state."""
    item = {
        "Name": "web", "Config": {"CreateCommand": ["podman", "run", "--ip", "192.168.100.144", "busybox"]},
        "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": False, "Error": "IPAM error\x1b[2J"},
        "NetworkSettings": {"Networks": {"lan0": {"IPAddress": ""}}},
    }  # fmt: skip
    assert podman_stopped.container(item) == {
        "name": "web (podman)", "addresses": ["192.168.100.144"], "networks": ["lan0"], "error": "IPAM error\\x1b[2J",
        "exit_code": 137, "out_of_memory": False,
    }  # fmt: skip
    assert podman_stopped.container({"Name": "one"})["addresses"] == []
