# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The story of the seeds: an operator follows their commands, finds the host cut off, and declares the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from labkit.engines import ARCHIVE
from tests.integration.hosts import playbooks

from . import figures
from .hosts import GATEWAY, HOST, MACNET, STATION, SUBNET, WEB, EngineHost, chosen, declared

#: The commands of the seeds, word for word but for the program. Their container pings for ever; --rm, with which it
#: would not outlive its first restart, is left out.
CREATE = f"network create -d macvlan -o parent=eth0 --subnet={SUBNET} --gateway={GATEWAY} macnet"
RUN = f"--net macnet --ip {WEB} my-ping-container"
COMMAND = 'CMD ["/bin/sh","-c","while true; do ping -c 1 8.8.8.8; sleep 2; done"]'

#: Podman has neither a daemon nor a compose of its own.
only_docker = pytest.mark.parametrize("engine_host", chosen("docker"), ids=lambda engine: engine.name, indirect=True)

#: A container with a fixed address, and two with addresses that the engine chooses.
CONTAINERS = {"web": ("--ip", WEB), "one": (), "two": ()}


@pytest.fixture
def inventory(host, tmp_path) -> Iterator[Path]:
    """The declaration; what it creates on the host is removed at the end."""
    path = host.inventory(tmp_path, declared(host.engine))
    yield path
    host.clear()
    removed = playbooks.run("teardown", path)
    assert removed.rc == 0, removed.output


def site(inventory: Path, *options: str) -> playbooks.Run:
    done = playbooks.run("site", inventory, verify_soak_seconds=0, options=options)
    assert done.rc == 0, done.output
    return done


def settled(host: EngineHost, inventory: Path) -> None:
    """Another run changes nothing, and verify.yml finds nothing wrong."""
    assert site(inventory).changed == {host.name: 0}
    verified = playbooks.run("verify", inventory, verify_soak_seconds=0)
    assert verified.rc == 0, verified.output


def create_network(host: EngineHost, inventory: Path) -> None:
    """The playbook does, and prints no command for it. No container runs yet, and the declaration has one: the step
    verify would fail."""
    run = site(inventory, "--skip-tags", "verify")
    assert "network create" not in run.output
    assert host.inspect(MACNET, kind="network")


def start_all(host: EngineHost, *names: str) -> None:
    for name in names or CONTAINERS:
        host.start(name, *CONTAINERS[name], "--restart", "always")


def answers(host: EngineHost, event: str = "") -> None:
    """Everybody reaches everybody. event: what came before, for the figures."""
    seconds = host.until(lambda: host.running(*CONTAINERS), "the containers run")
    found = {name: host.address(name) for name in CONTAINERS}
    assert found["web"] == WEB
    seconds += host.until(lambda: not host.silent(**found), "an answer of all")
    if event:
        figures.record(host.name, event, seconds)


def restart_engine(host: EngineHost) -> None:
    """Podman has no daemon: its containers are restarted instead."""
    if host.engine.program == "docker":
        host.run("systemctl", "restart", "docker")
    else:
        host.ctl("restart", "--all")


def test_the_seeds_commands_and_then_the_declaration(host, inventory):
    host.ctl("import", "--change", COMMAND, ARCHIVE, "my-ping-container")
    host.ctl(*CREATE.split())
    host.ctl("run", "--detach", "--name", "web", *RUN.split())
    assert (host.pings("web", GATEWAY), host.pings("lan", WEB)) == (True, True)
    assert (host.pings(host.name, WEB), host.pings("web", HOST)) == (False, False)
    adopted = playbooks.run(
        "site", inventory, verify_soak_seconds=0, container_network_adopt=True, container_network_recreate=True
    )
    assert adopted.rc == 0, adopted.output
    assert host.silent(web=WEB) == []
    settled(host, inventory)


def test_all_reach_all_whatever_happens(host, inventory):
    create_network(host, inventory)
    start_all(host)
    answers(host)

    restart_engine(host)
    answers(host, "engine restarted")

    host.ctl("rm", "--force", "web")
    start_all(host, "web")
    answers(host, "container recreated")

    host.ctl("stop", *CONTAINERS)
    for name in reversed(CONTAINERS):
        host.ctl("start", name)
    answers(host, "containers started in another order")

    host.lab.reboot(host.name)
    answers(host, "host rebooted")
    settled(host, inventory)


@only_docker
def test_an_upgrade_of_the_daemon(host, inventory):
    """It stops the daemon for a while: with live-restore the containers go on, without it they start again."""
    create_network(host, inventory)
    start_all(host)
    for live in (True, False):
        host.live_restore(live)
        answers(host)
        pids = [host.pid(name) for name in CONTAINERS]
        host.run("systemctl", "stop", "docker.socket", "docker")
        assert [host.pings(source, WEB) for source in (host.name, "lan")] == [live, live]
        host.run("systemctl", "start", "docker")
        answers(host, f"daemon upgraded, live-restore {'on' if live else 'off'}")
        assert ([host.pid(name) for name in CONTAINERS] == pids) is live
    settled(host, inventory)


@only_docker
def test_compose(host, inventory):
    create_network(host, inventory)
    host.run("mkdir", "-p", "/root/app")
    host.run("tee", "/root/app/docker-compose.yml", input=compose_file())
    for again in (False, True):
        host.compose("up", "--detach")
        answers(host, f"compose up{', after down' if again else ''}")
        settled(host, inventory)
        host.compose("down")
        assert host.containers() == {}
    assert host.pings(host.name, STATION)


def compose_file() -> str:
    common = {"image": "busybox", "command": ["sleep", "100000"], "stop_signal": "KILL", "restart": "always"}
    services = {name: {**common, "container_name": name, "networks": [MACNET]} for name in CONTAINERS}
    services["web"]["networks"] = {MACNET: {"ipv4_address": WEB}}
    return yaml.safe_dump({"version": "3.5", "services": services, "networks": {MACNET: {"external": True}}})
