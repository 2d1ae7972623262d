# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which causes real engines are found guilty of, and that the remedy of each repairs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labkit.engines import ARCHIVE, IMAGE
from tests.integration.hosts import playbooks

from .hosts import DYNAMIC, GATEWAY, MACNET, SUBNET, WEB, EngineHost, chosen, declared

only_docker = pytest.mark.parametrize("engine_host", chosen("docker"), ids=lambda engine: engine.name, indirect=True)
only_podman = pytest.mark.parametrize("engine_host", chosen("podman"), ids=lambda engine: engine.name, indirect=True)

#: Of another network on the parent.
OTHER = "192.168.77.0/24"


@dataclass(frozen=True)
class Declared:
    """A host on which the declared network works, with the container web."""

    host: EngineHost
    inventory: Path
    folder: Path

    def set_up(self) -> None:
        self.host.clear()
        # web is declared, and does not run yet
        self.site("--skip-tags", "verify")
        self.host.start("web", "--ip", WEB)

    def site(self, *options: str) -> None:
        """With an operator's consent that it replaces networks which were made by hand."""
        consent = {"container_network_adopt": True, "container_network_recreate": True}
        run = playbooks.run("site", self.inventory, verify_soak_seconds=0, options=options, **consent)
        assert run.rc == 0, run.output

    def network_by_hand(self, *options: str, name: str = MACNET, parent: str = "eth0", subnet: str = SUBNET) -> None:
        gateway = ["--gateway", GATEWAY] if subnet == SUBNET else []
        link = ["-d", "macvlan", "-o", f"parent={parent}", "--subnet", subnet, *gateway]
        self.host.ctl("network", "create", *link, *options, name)

    def found(self) -> dict[str, dict]:
        """Cause -> verdict of what a diagnosis of three seconds confirms or suspects."""
        run = playbooks.run("diagnose", self.inventory, diagnose_seconds=3, diagnose_report_dir=str(self.folder))
        assert run.rc in (0, 2), run.output
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return {item["cause"]: item for item in report["verdicts"] if item["status"] in ("confirmed", "suspected")}

    def verdict(self, cause: str, status: str = "confirmed") -> str:
        """The summary and the remedy of the only cause of that status."""
        found = self.found()
        assert [name for name, item in found.items() if item["status"] == status] == [cause], found
        return f"{found[cause]['summary']}. Remedy: {found[cause]['remedy']}"

    def works(self) -> bool:
        return self.host.running("web") and not self.host.silent(web=WEB)

    def well(self) -> None:
        """Everybody reaches the container, and verify.yml finds nothing."""
        self.host.until(self.works, "an answer of all")
        run = playbooks.run("verify", self.inventory, verify_soak_seconds=0)
        assert run.rc == 0, run.output


@pytest.fixture(scope="module")
def installed(engine_host, tmp_path_factory) -> Iterator[Declared]:
    folder = tmp_path_factory.mktemp(engine_host.name)
    yield (made := Declared(engine_host, engine_host.inventory(folder, declared(engine_host.engine)), folder))
    engine_host.clear()
    removed = playbooks.run("teardown", made.inventory)
    assert removed.rc == 0, removed.output


@pytest.fixture
def net(installed) -> Declared:
    """Each test repairs what it breaks: only the first one, and one after a failure, has to set up anything."""
    if not installed.works():
        installed.set_up()
    return installed


def test_an_engine_that_assigns_what_it_likes(net):
    """The seeds' network has no ip-range: its first container gets the bottom of the LAN."""
    host = net.host
    host.clear()
    net.network_by_hand()
    host.start("web", "--ip", WEB)
    host.start("one")
    address = host.address("one")
    refused = playbooks.run("site", net.inventory, verify_soak_seconds=0)
    assert "was created by something else and differs" in refused.output
    verified = playbooks.run("site", net.inventory, verify_soak_seconds=0, options=("--skip-tags", "containers"))
    assert verified.rc != 0, verified.output
    assert "container_outside_range" in verified.output
    assert "route_order" not in verified.output
    found = net.found()
    assert {name: item["status"] for name, item in found.items()} == {
        "container_outside_range": "confirmed", "engine_range_absent": "suspected",
    }  # fmt: skip
    assert f"{address} (one ({host.engine.program}))" in found["container_outside_range"]["summary"]
    assert "with the container_range as its ip-range" in found["engine_range_absent"]["remedy"]
    net.site()
    assert host.address("one") != address
    net.well()
    assert net.found() == {}


@pytest.mark.parametrize(
    ("break_it", "cause"),
    [
        ("ip link set eth0 down", "container_link_down"),
        ("ip address flush dev eth0 scope global; ip address add {}/32 dev eth0", "container_address_wrong"),
        ("ip route flush dev eth0", "container_route_absent"),
    ],
)
def test_what_is_wrong_inside_of_a_container_is_found_there(net, break_it, cause):
    net.host.shell(f"nsenter --net --target {net.host.pid('web')} sh -c '{break_it.format(WEB)}'")
    verdict = net.verdict(cause)
    assert f"web ({net.host.engine.program})" in verdict
    assert "container" in verdict.partition("Remedy: ")[2]
    net.host.ctl("restart", "web")
    net.well()


def test_a_container_that_does_not_run(net):
    """Another one has its address, and is removed too late. Podman 4.3 does not keep why it could not start one."""
    host = net.host
    host.ctl("stop", "web")
    host.start("thief", "--ip", WEB)
    said = host.refuses("start", "web")
    host.ctl("rm", "--force", "thief")
    verdict = net.verdict("container_not_running")
    assert WEB in verdict
    assert f"{host.engine.program} says that web ({host.engine.program}) is stopped" in verdict
    if host.engine.name != "podman4":
        reason = "Address already in use" if host.engine.program == "docker" else "is already allocated to container"
        assert reason in said
        assert reason in verdict
    assert "start the container" in verdict
    host.ctl("start", "web")
    net.well()


@only_docker
def test_a_stopped_engine_is_never_ok(net):
    host = net.host
    host.shell("systemctl stop docker.socket docker.service")
    for playbook in ("verify", "site"):
        run = playbooks.run(playbook, net.inventory, verify_soak_seconds=0)
        assert run.rc != 0, run.output
        said = " ".join(run.output.split())
        assert "docker does not run" in said, run.output
        assert "systemctl start docker.service" in said, run.output
        assert host.run("systemctl", "show", "--property=ActiveState", "docker.service") == "ActiveState=inactive"
    assert "Remedy: run systemctl start docker.service" in net.verdict("engine_stopped")
    host.run("systemctl", "start", "docker.service")
    host.ctl("start", "web")
    net.well()


def test_an_engine_network_on_another_parent(net):
    host = net.host
    host.clear()
    host.shell("ip link add eth1 type veth peer name eth1p && ip link set eth1 up && ip link set eth1p up")
    try:
        net.network_by_hand("--ip-range", DYNAMIC, parent="eth1")
        host.start("web", "--ip", WEB)
        verdict = net.verdict("engine_parent_differs")
        assert "(parent eth1) is not on eth0" in verdict
        assert f"{MACNET} again with parent=eth0" in verdict
        net.site()
    finally:
        host.run("ip", "link", "delete", "eth1")
    net.well()


@only_docker
def test_docker_has_another_network_on_the_parent(net):
    host = net.host
    host.clear()
    net.network_by_hand(name="other", subnet=OTHER)
    verdict = net.verdict("engine_networks_collide")
    assert "one macvlan network for each parent" in verdict
    assert "docker network rm other" in verdict
    host.ctl("network", "rm", "other")
    net.set_up()
    net.well()


@only_podman
def test_podman_has_two_networks_with_the_same_addresses(net):
    host = net.host
    net.network_by_hand("--ip-range", DYNAMIC, name="other")
    assert "assign the same addresses" in net.verdict("engine_networks_collide", "suspected")
    host.ctl("network", "rm", "other")
    assert net.found() == {}


@only_podman
def test_leases_without_podmans_dhcp_proxy(net):
    host = net.host
    if "netavark-dhcp-proxy.socket" not in host.shell("systemctl list-unit-files netavark-dhcp-proxy.socket", False):
        pytest.skip("this release of Podman has no DHCP proxy")
    host.ctl("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--ipam-driver", "dhcp", "leased")
    # as an installation leaves it until the next boot
    host.shell("systemctl stop netavark-dhcp-proxy.socket netavark-dhcp-proxy.service")
    refused = host.refuses("run", "--detach", "--name", "one", "--network", "leased", IMAGE, "sleep", "100000")
    assert "/run/podman/nv-proxy.sock" in refused
    host.shell(net.verdict("podman_dhcp_stopped").partition("Remedy: ")[2])
    # there is no DHCP server here
    assert "unable to obtain lease" in host.refuses("start", "one")
    host.ctl("rm", "--force", "one")
    assert net.found() == {}
    host.ctl("network", "rm", "leased")


@only_podman
def test_a_rootless_engine(net):
    """It reports success, and its container has an address of the LAN that nobody can reach."""
    host = net.host
    host.ctl("stop", "web")
    host.run("useradd", "--create-home", "joe")
    host.run("loginctl", "enable-linger", "joe")
    for command in (
        f"import {ARCHIVE} {IMAGE}",
        f"network create -d macvlan -o parent=eth0 --subnet {SUBNET} --gateway {GATEWAY} {MACNET}",
        f"run --detach --name web --network {MACNET} --ip {WEB} --stop-signal KILL {IMAGE} sleep 100000",
    ):
        host.shell(f"cd / && runuser -u joe -- env XDG_RUNTIME_DIR=/run/user/$(id -u joe) podman {command}")
    verdict = net.verdict("engine_rootless")
    assert f"podman network {MACNET} of joe (parent eth0) is rootless" in verdict
    assert "sudo podman" in verdict
    host.run("loginctl", "terminate-user", "joe")
    host.run("userdel", "--remove", "joe")
    host.ctl("start", "web")
    net.well()
