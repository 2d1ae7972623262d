# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which causes real engines are found guilty of, and that the remedy of each repairs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.linuxnet.macvlan.plugins.filter.intent import intent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.judge import judge, understood
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CONFIRMED,
    SUSPECTED,
    CauseVerdict,
)
from labkit.engines import ARCHIVE, IMAGE

from .hosts import DYNAMIC, GATEWAY, MACNET, SUBNET, WEB, EngineHost, chosen, declared

only_docker = pytest.mark.parametrize("engine_host", chosen("docker"), ids=lambda engine: engine.name, indirect=True)
only_podman = pytest.mark.parametrize("engine_host", chosen("podman"), ids=lambda engine: engine.name, indirect=True)

#: Of another network on the parent.
OTHER = "192.168.77.0/24"


class Declared:
    """A host on which the declared network works, with the container web. The modules run as site.yml, verify.yml and
    diagnose.yml have them, without Ansible around them."""

    def __init__(self, host: EngineHost) -> None:
        self.host = host
        self.intent = intent({"inventory_hostname": host.name}, [declared(host.engine)])

    def set_up(self) -> None:
        self.host.clear()
        self.link(self.intent["links"])
        assert not self.site()["failed"]
        self.host.start("web", "--ip", WEB)

    def link(self, links: list) -> None:
        made = self.host.module("macvlan_link", links=links, purge=True, host_id=self.host.name, confirm_timeout=0)
        assert not made["failed"], made

    def site(self, **consent: bool) -> dict:
        """Its step containers."""
        return self.host.module("container_network", networks=self.intent["container_networks"], **consent)

    def replaced(self) -> None:
        """With an operator's consent."""
        made = self.site(adopt=True, recreate=True)
        assert not made["failed"], made

    def network_by_hand(self, *options: str, name: str = MACNET, parent: str = "eth0", subnet: str = SUBNET) -> None:
        gateway = ["--gateway", GATEWAY] if subnet == SUBNET else []
        link = ["-d", "macvlan", "-o", f"parent={parent}", "--subnet", subnet, *gateway]
        self.host.ctl("network", "create", *link, *options, name)

    def verified(self) -> dict:
        return self.host.module("macvlan_verify", networks=self.intent["diagnosed"], soak_seconds=0)

    def found(self) -> dict[str, CauseVerdict]:
        """What a diagnosis of three seconds confirms or suspects, by cause."""
        given = {"networks": self.intent["diagnosed"], "links": self.intent["links"], "host_id": self.host.name}
        made = self.host.module("macvlan_diagnose", duration=3, **given)
        assert not made["failed"], made
        verdicts = judge({self.host.name: understood(made["evidence"])})
        return {item.cause: item for item in verdicts if item.status in (CONFIRMED, SUSPECTED)}

    def verdict(self, cause: str, status: str = CONFIRMED) -> CauseVerdict:
        """Of the only cause of that status."""
        found = self.found()
        assert [name for name, item in found.items() if item.status == status] == [cause], found
        return found[cause]

    def works(self) -> bool:
        return self.host.running("web") and not self.host.silent(web=WEB)

    def well(self) -> None:
        """Everybody reaches the container, and nothing is found wrong."""
        self.host.until(self.works, "an answer of all")
        made = self.verified()
        assert not made["failed"], made


@pytest.fixture(scope="module")
def installed(engine_host) -> Iterator[Declared]:
    yield (made := Declared(engine_host))
    engine_host.clear()
    made.link([])


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
    assert "was created by something else and differs" in net.site()["msg"]
    verified = net.verified()
    assert verified["failed"]
    assert "container_outside_range" in str(verified)
    assert "route_order" not in str(verified)
    found = net.found()
    assert {name: item.status for name, item in found.items()} == {
        "container_outside_range": CONFIRMED, "engine_range_absent": SUSPECTED,
    }  # fmt: skip
    assert f"{address} (one ({host.engine.program}))" in found["container_outside_range"].summary
    assert "with the container_range as its ip-range" in found["engine_range_absent"].remedy
    net.replaced()
    assert host.address("one") != address
    net.well()
    assert net.found() == {}


@pytest.mark.parametrize(
    ("break_it", "cause"),
    [
        ("ip link set {link} down", "container_link_down"),
        ("ip address flush dev {link} scope global; ip address add {web}/32 dev {link}", "container_address_wrong"),
        ("ip route flush dev {link}", "container_route_absent"),
    ],
)
def test_what_is_wrong_inside_of_a_container_is_found_there(net, break_it, cause):
    inside = f"nsenter --net --target {net.host.pid('web')}"
    # Docker has called it eth1 if it was connected again
    link = net.host.shell(f"{inside} ip -o link show type macvlan").split()[1].partition("@")[0]
    net.host.shell(f"{inside} sh -c '{break_it.format(link=link, web=WEB)}'")
    verdict = net.verdict(cause)
    assert f"web ({net.host.engine.program})" in verdict.summary
    assert [step.text for step in verdict.steps] == ["restart the container"]
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
    assert WEB in verdict.summary
    assert f"{host.engine.program} says that web ({host.engine.program}) is stopped" in verdict.summary
    if host.engine.name != "podman4":
        reason = "Address already in use" if host.engine.program == "docker" else "is already allocated to container"
        assert reason in said
        assert reason in verdict.summary
    assert "start the container" in verdict.remedy
    host.ctl("start", "web")
    net.well()


@only_docker
def test_a_stopped_engine_is_never_ok(net):
    host = net.host
    host.shell("systemctl stop docker.socket docker.service")
    for made in (net.verified(), net.site()):
        assert made["failed"], made
        assert "docker does not run" in str(made)
        assert "systemctl start docker.service" in str(made)
    assert host.run("systemctl", "show", "--property=ActiveState", "docker.service") == "ActiveState=inactive"
    for step in net.verdict("engine_stopped").steps:
        host.shell(step.text)
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
        assert "(parent eth1) is not on eth0" in verdict.summary
        assert f"{MACNET} again with parent=eth0" in verdict.remedy
        net.replaced()
    finally:
        host.run("ip", "link", "delete", "eth1")
    net.well()


@only_docker
def test_docker_has_another_network_on_the_parent(net):
    host = net.host
    host.clear()
    net.network_by_hand(name="other", subnet=OTHER)
    verdict = net.verdict("engine_networks_collide")
    assert "one macvlan network for each parent" in verdict.summary
    assert "remove the docker network other" in verdict.remedy
    host.ctl("network", "rm", "other")
    net.set_up()
    net.well()


@only_podman
def test_podman_has_two_networks_with_the_same_addresses(net):
    host = net.host
    net.network_by_hand("--ip-range", DYNAMIC, name="other")
    assert "assign the same addresses" in net.verdict("engine_networks_collide", SUSPECTED).summary
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
    host.shell(net.verdict("podman_dhcp_stopped").remedy)
    # there is no DHCP server here
    assert "unable to obtain lease" in host.refuses("start", "one")
    host.ctl("rm", "--force", "one")
    assert net.found() == {}
    host.ctl("network", "rm", "leased")


@pytest.fixture
def joe(engine_host) -> Iterator[str]:
    """A user without rights, as whom a shell runs what follows."""
    engine_host.shell("useradd --create-home joe && install -d -m 700 -o joe -g joe /run/user/$(id -u joe)")
    yield "cd / && runuser -u joe -- env XDG_RUNTIME_DIR=/run/user/$(id -u joe)"
    engine_host.shell("kill -KILL $(ps -o pid= -u joe); sleep 1; rm -r /run/user/$(id -u joe)", check=False)
    engine_host.run("userdel", "--remove", "joe")


@only_podman
def test_a_rootless_engine(net, joe):
    """Podman 5 reports success, and nobody reaches its container; Podman 4.3 cannot start it, and gives no reason."""
    host = net.host
    host.ctl("stop", "web")
    host.shell(f"{joe} podman import {ARCHIVE} {IMAGE}")
    link = f"-d macvlan -o parent=eth0 --subnet {SUBNET} --gateway {GATEWAY} {MACNET}"
    host.shell(f"{joe} podman network create {link}")
    host.shell(f"{joe} podman run --detach --name idle --network none {IMAGE} sleep 100000")
    run = f"run --detach --name web --network {MACNET} --ip {WEB} {IMAGE} sleep 100000"
    host.shell(f"{joe} podman {run}", check=host.engine.name != "podman4")
    assert not host.pings("lan", WEB)
    verdict = net.verdict("engine_rootless")
    assert f"podman network {MACNET} of joe (parent eth0) is rootless" in verdict.summary
    assert "with the engine of root (sudo podman" in verdict.remedy
    host.ctl("start", "web")
    net.well()
