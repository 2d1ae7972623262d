# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of real engines are changed, changed back, replaced under running and stopped containers, and restored."""

from __future__ import annotations

import json

import pytest
import yaml

from .hosts import DYNAMIC, GATEWAY, MACNET, SHIM, SUBNET, WEB, EngineHost, chosen

RECORDS = "/var/lib/linuxnet-macvlan/container-networks"
OTHER = "192.168.1.144/28"
MAC = "02:11:22:33:44:55"
#: The command of the seeds, without the name.
CREATE = ("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", SUBNET, "--gateway", GATEWAY)
CONSENT = {"recreate": True, "adopt": True}

only_docker = pytest.mark.parametrize("engine_host", chosen("docker"), ids=lambda engine: engine.name, indirect=True)


def declared(host: EngineHost, **changes: object) -> dict:
    return {
        "name": MACNET, "engine": host.engine.program, "parent": "eth0", "subnets": [SUBNET], "gateways": [GATEWAY],
        "ranges": [DYNAMIC], "reserved": [SHIM], **changes,
    }  # fmt: skip


def module(host: EngineHost, *networks: dict, **options: object) -> dict:
    """What the module returned on the host."""
    return host.module("container_network", networks=list(networks), **options)


def changed(host: EngineHost, network: dict, **options: object) -> list[str]:
    """The changes of a run. A check predicts exactly these, and a second run changes nothing."""
    expected = module(host, network, check=True, **options)
    made = module(host, network, **options)
    assert not made["failed"], made["msg"]
    assert (made["changed"], made["messages"]) == (expected["changed"], expected["messages"])
    again = module(host, network, **options)
    assert (again["changed"], again["messages"]) == (False, [])
    assert host.shell(f"ls {RECORDS} 2>/dev/null", check=False) == ""
    return made["messages"]


def refused(host: EngineHost, network: dict, **options: object) -> str:
    """The message of a run that changed nothing."""
    before = host.inspect(MACNET, kind="network"), host.containers().keys()
    made = module(host, network, **options)
    assert made["failed"], made
    assert (host.inspect(MACNET, kind="network"), host.containers().keys()) == before
    return made["msg"]


def test_change_and_change_back(host):
    assert changed(host, declared(host)) == [f"{host.engine.program} network {MACNET}: add"]
    wider = declared(host, ranges=[OTHER], labels={"team": "net"}, mode="private")
    assert len(changed(host, wider)) == 3
    assert len(changed(host, declared(host))) == 3
    made = module(host, engines=[host.engine.program], purge=True)
    assert made["messages"] == [f"{host.engine.program} network {MACNET}: remove"]


def test_containers_keep_what_was_chosen_for_them(host):
    changed(host, declared(host))
    loses = host.engine.name == "docker26"
    host.start("web", "--ip", WEB, "--network-alias", "www", *(() if loses else ("--mac-address", MAC)))
    host.start("one")
    host.start("off", "--ip", "192.168.1.101")
    host.ctl("stop", "off")
    other = declared(host, ranges=[OTHER])

    message = refused(host, other)
    assert all(name in message for name in ("web (192.168.1.100)", "one (192.168.1.", "off (stopped"))
    assert "container_network_recreate" in message

    assert len(changed(host, other, recreate=True)) == 1
    assert (host.address("web"), host.address("one") in ("192.168.1.144", "192.168.1.145")) == (WEB, True)
    connected = host.inspect("web")[0]["NetworkSettings"]["Networks"][MACNET]
    assert loses or connected["MacAddress"] == MAC
    assert "www" in connected["Aliases"]
    assert not host.containers()["off"].startswith("Up")
    host.ctl("start", "off")
    assert host.address("off") == "192.168.1.101"
    assert [host.pings("lan", address) for address in (WEB, "192.168.1.101")] == [True, True]


@only_docker
def test_a_chosen_mac_address_is_never_lost(host):
    """Docker 26.1 takes it and ignores it when it connects a container: there the run is refused."""
    changed(host, declared(host))
    host.start("web", "--ip", WEB, "--mac-address", MAC)
    other = declared(host, ranges=[OTHER])
    if host.engine.name == "docker26":
        assert f"web has the MAC address {MAC}" in refused(host, other, recreate=True)
    else:
        changed(host, other, recreate=True)
    assert host.inspect("web")[0]["NetworkSettings"]["Networks"][MACNET]["MacAddress"] == MAC


def test_what_was_made_by_hand_is_adopted_explicitly(host):
    """The seeds' own network, with the container that has an address from the bottom of the LAN."""
    host.ctl(
        "network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", SUBNET, "--gateway", GATEWAY, MACNET
    )
    host.start("web", "--ip", WEB)
    assert "was created by something else" in refused(host, declared(host), recreate=True)
    changed(host, declared(host), **CONSENT)
    assert host.address("web") == WEB
    assert host.pings("lan", WEB)


def test_an_equal_network_that_is_not_ours_is_left_alone(host):
    reserved = ["--aux-address", f"host={SHIM}"] if host.engine.program == "docker" else []
    host.ctl(*CREATE, "--ip-range", DYNAMIC, *reserved, MACNET)
    assert module(host, declared(host))["changed"] is False
    assert module(host, engines=[host.engine.program], purge=True)["changed"] is False


def test_what_fails_after_the_first_step_is_undone(host):
    """A link in the mode passthru has its parent to itself: the engine notices that when it connects a container."""
    changed(host, declared(host))
    host.start("web", "--ip", WEB)
    host.start("off", "--ip", "192.168.1.101")
    host.ctl("stop", "off")
    host.run("ip", "link", "add", "other", "link", "eth0", "type", "macvlan", "mode", "bridge")
    made = module(host, declared(host, mode="passthru"), recreate=True)
    host.run("ip", "link", "delete", "other")
    assert made["failed"], made
    assert "The network is as it was, and so is web, off" in made["msg"]
    assert (host.address("web"), host.pings("lan", WEB)) == (WEB, True)
    host.ctl("start", "off")
    assert host.address("off") == "192.168.1.101"
    assert changed(host, declared(host)) == []


def test_an_absent_parent_is_refused_before_anything_is_touched(host):
    changed(host, declared(host))
    host.start("web", "--ip", WEB)
    assert "this host has no such interface" in refused(host, declared(host, parent="eth9"), recreate=True)
    assert host.pings("lan", WEB)


@only_docker
def test_containers_of_compose_are_refused_with_the_command(host):
    changed(host, declared(host))
    host.run("mkdir", "-p", "/root/app")
    service = {"image": "busybox", "command": ["sleep", "100000"], "stop_signal": "KILL",
               "networks": {MACNET: {"ipv4_address": WEB}}}  # fmt: skip
    file = {"version": "3.5", "services": {"web": service}, "networks": {MACNET: {"external": True}}}
    host.run("tee", "/root/app/docker-compose.yml", input=yaml.safe_dump(file))
    host.compose("up", "--detach")
    other = declared(host, ranges=[OTHER])
    if host.engine.version.startswith("20."):
        changed(host, other, recreate=True)
    else:
        message = refused(host, other, recreate=True)
        assert "docker compose -p app -f /root/app/docker-compose.yml down" in message
        host.compose("down")
        changed(host, other, recreate=True)
        host.compose("up", "--detach")
    assert host.pings("lan", WEB)


def test_a_killed_run_is_completed_by_the_next(host):
    """The record is what a run leaves that was killed after it had disconnected everything."""
    changed(host, declared(host))
    host.start("web", "--ip", WEB, "--network-alias", "www")
    if host.engine.program == "docker":
        network, container = host.inspect(MACNET, kind="network")[0], host.inspect("web")[0]
        kept = {"container": container["Id"], "name": "web", "running": True, "addresses": [WEB],
                "settings": {"IPAMConfig": {"IPv4Address": WEB}, "Aliases": ["www"]}}  # fmt: skip
        host.ctl("network", "disconnect", MACNET, "web")
        host.ctl("network", "rm", MACNET)
    else:
        network = host.inspect(MACNET, kind="network")[0]
        kept = {"container": host.inspect("web")[0]["Id"], "name": "web", "running": True, "addresses": [WEB],
                "settings": None}  # fmt: skip
        host.ctl("stop", "web")
    record = {"engine": host.engine.program, "name": MACNET, "raw": network, "containers": [kept]}
    host.run("install", "-d", "-m", "700", "/var/lib/linuxnet-macvlan", RECORDS)
    host.run("tee", f"{RECORDS}/{host.engine.program}-{MACNET}.json", input=json.dumps(record))
    (message,) = changed(host, declared(host))
    assert "complete what a run that was killed has left (web)" in message
    assert (host.address("web"), host.pings("lan", WEB)) == (WEB, True)
