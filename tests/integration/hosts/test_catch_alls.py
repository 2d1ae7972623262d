# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A .network file of an administrator that takes every interface: it never reaches the link, not even for a moment."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from labkit.lab import Lab

from .persistent import GONE, HostOfLab

DIRECTORY = "/etc/systemd/network"
MAC = "02:00:5e:00:00:77"
#: One of them for each test, or both.
EVERY = "EVERY_SYSTEM" in os.environ
SYSTEMS = {"old": ("bookworm", 11), "new": ("trixie", 12)}
TOPOLOGY = {
    "switches": {"sw0": {}},
    "hosts": {
        name: {
            "kind": "nspawn",
            "os": system,
            "manager": "networkd",
            "nics": [{"name": "eth0", "switch": "sw0", "addresses": [f"192.168.100.{number}/24"]}],
        }
        for name, (system, number) in SYSTEMS.items()
    },
}

#: Frames from the link's MAC address to a DHCP server, and addresses on the link, as JSON once standard input ends.
WATCH = f"""
import json, select, socket, subprocess, sys
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
frames.bind(("eth0", 0))
monitor = subprocess.Popen(["ip", "-o", "-4", "monitor", "address"], stdout=subprocess.PIPE, text=True)
requests, addresses = 0, []
print("ready", flush=True)
while True:
    ready = select.select([frames, monitor.stdout, sys.stdin], [], [])[0]
    if frames in ready:
        frame = frames.recv(2048)
        udp = frame[12:14] == b"\\x08\\x00" and frame[23] == 17
        requests += frame[6:12].hex(":") == "{MAC}" and udp and frame[36:38] == b"\\x00\\x43"
    if monitor.stdout in ready:
        words = monitor.stdout.readline().split()
        if "lan0" in words and "inet" in words and "Deleted" not in words:
            addresses.append(words[words.index("inet") + 1])
    if sys.stdin in ready:
        monitor.terminate()
        print(json.dumps([requests, sorted(set(addresses))]))
        break
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


class CatchAllHost(HostOfLab):
    def __init__(self, lab: Lab, module, name: str) -> None:
        super().__init__(lab, module, "nd")
        self.name = name
        self.host_address = f"192.168.100.{SYSTEMS[name][1]}/24"
        self.before = self.shell(f"cd {DIRECTORY} && tar -c .  | base64")

    def wanted(self) -> dict:
        return {"name": "lan0", "parent": "eth0", "mac": MAC, "addresses": ["192.168.100.77/32"], "routes": []}

    def put(self, name: str, match: str, rest: str = "") -> None:
        network = f"[Network]\nDHCP=yes\nAddress={self.host_address}\n"
        self.lab.exec(self.name, "tee", f"{DIRECTORY}/{name}", input=f"[Match]\n{match}\n{rest}{network}")

    def restart(self) -> None:
        self.run("systemctl", "restart", "systemd-networkd")
        self.shell("until networkctl list --no-legend eth0 | grep -qE 'configur(ed|ing)'; do sleep 0.1; done; sleep 1")

    def container_comes_and_goes(self) -> None:
        """The same file takes the interface of a container, which changes nothing."""
        self.shell("ip netns add c; ip link add veth0 up type veth peer name veth1 netns c")
        self.shell("until networkctl status veth0 | grep -q 'Network File: /etc'; do sleep 0.1; done")
        assert self.link(links=[self.wanted()], check=True)["messages"] == []
        self.run("ip", "netns", "delete", "c")

    def restore(self) -> None:
        self.link(links=GONE)
        self.shell(f"ip netns delete c 2>/dev/null; rm -r {DIRECTORY} && mkdir {DIRECTORY}")
        self.lab.exec(self.name, "sh", "-c", f"base64 -d | tar -x -C {DIRECTORY}", input=self.before)
        self.restart()

    @contextmanager
    def watched(self) -> Iterator[list]:
        """What came from the link meanwhile: DHCP requests, and addresses that it had."""
        seen: list = []
        argv = [*self.lab.entry(self.name), "python3", "-c", WATCH]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watch:
            assert watch.stdout.readline() == "ready\n"
            yield seen
            seen += json.loads(watch.communicate("\n", timeout=20)[0])


@pytest.fixture
def host(request, lab, lab_module) -> Iterator[CatchAllHost]:
    made = CatchAllHost(lab, lab_module, request.param)
    yield made
    made.restore()


def only_file(host: CatchAllHost) -> list[str]:
    return [path for path in host.files() if path.startswith(DIRECTORY)]


@pytest.mark.parametrize("host", SYSTEMS if EVERY else ["old"], indirect=True)
def test_a_catch_all_never_reaches_the_link(host):
    host.run("rm", f"{DIRECTORY}/10-eth0.network")
    host.put("00-ether.network", "Type=ether")
    host.restart()
    before = host.snapshot()
    with host.watched() as seen:
        made = host.link(links=[host.wanted()])
        host.shell("sleep 2")
    assert seen == [0, ["192.168.100.77/32"]]
    assert made["links"][0]["persistence"] == "systemd"
    assert "can take other interfaces than eth0" in made["links"][0]["reason"]
    assert only_file(host) == [f"{DIRECTORY}/00-0-linuxnet-macvlan-lan0.network"]

    host.container_comes_and_goes()
    host.restart()
    assert host.link(links=[host.wanted()])["changed"] is False
    with host.watched() as seen:
        host.link(links=[], purge=True)
    assert seen == [0, []]
    assert host.snapshot() == before


@pytest.mark.parametrize("host", SYSTEMS if EVERY else ["new"], indirect=True)
def test_a_catch_all_beside_the_file_of_the_parent(host):
    """The native form: systemd-networkd knows the link's file before the link is there."""
    host.put("20-wired.network", "Type=ether")
    host.restart()
    before = host.snapshot()
    with host.watched() as seen:
        made = host.link(links=[host.wanted()])
        host.shell("sleep 2")
    assert seen == [0, ["192.168.100.77/32"]]
    assert made["links"][0]["persistence"] == "networkd"
    host.container_comes_and_goes()
    with host.watched() as seen:
        host.link(links=[], purge=True)
    assert seen == [0, []]
    assert host.snapshot() == before


@pytest.mark.parametrize("host", SYSTEMS if EVERY else ["new"], indirect=True)
def test_what_cannot_be_outdone_is_refused_by_its_name(host):
    host.put("0-all.network", "Name=e* lan*")
    host.restart()
    before = host.snapshot()
    for options in ({"check": True}, {}, {"persistence": "none"}):
        result = host.link(links=[host.wanted()], fails=True, **options)
        assert f"{DIRECTORY}/0-all.network ([Match] Name=e* lan*), which applies to it" in result["msg"]
        assert "Name=!lan0" in result["msg"]
    assert host.snapshot() == before
    # The remedy works.
    host.put("0-all.network", "Name=e* lan*\nName=!lan0")
    host.restart()
    with host.watched() as seen:
        host.link(links=[host.wanted()])
    assert seen == [0, ["192.168.100.77/32"]]
