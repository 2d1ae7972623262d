# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service that announces containers, on a real kernel: what it sends, and what it never sends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import bundle
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import claim
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Neighbour, parse

FRAMES = Path(__file__).resolve().parents[1] / "frames.py"
TARGETS = ["192.168.100.128/28", "fd00:100::80/124"]
WEB = ["192.168.100.130/24", "fd00:100::82/64"]
#: A container whose announcements show that those of containers before it would have been sent.
MARK = "192.168.100.142"
PROBED = "probe"


class Lan:
    """A host with the service, a station that hears everything, and what it has heard."""

    def __init__(self, segment, directory: Path) -> None:
        self.segment = segment
        self.directory = directory
        self.script = directory / "announce.py"
        self.script.write_text(bundle.script("eth0", TARGETS), encoding="utf-8")
        self.host = segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])
        self.host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
        self.host.ip("link", "set", "lan0", "up")
        for address, reached in (("192.168.100.3/32", TARGETS[0]), ("fd00:100::3/128", TARGETS[1])):
            self.host.ip("address", "add", address, "dev", "lan0", "nodad")
            self.host.ip("route", "add", reached, "dev", "lan0")
        self.station = segment.host("station", addresses=["192.168.100.12/24", "fd00:100::12/64"])
        self.heard: list[tuple[str, str, str]] = []
        hearing = self.station.start(sys.executable, str(FRAMES), "hear", "eth0", stdout=subprocess.PIPE)
        hearing.stdout.readline()
        threading.Thread(target=self._hear, args=(hearing,), daemon=True).start()

    def _hear(self, hearing: subprocess.Popen) -> None:
        """Announcements and probes, as (address, MAC address, kind)."""
        for line in hearing.stdout:
            frame = parse(bytes.fromhex(line.strip()))
            found = claim(frame) if frame is not None else None
            if found is not None:
                body = frame.body
                sent = isinstance(body, Neighbour) and not body.solicitation and body.override and not body.solicited
                kind = "announcement" if sent else found[2]
                self.heard.append((str(found[0]), found[1], kind))

    def announced(self) -> list[tuple[str, str]]:
        return [(address, mac) for address, mac, kind in self.heard if kind == "announcement"]

    def service(self) -> subprocess.Popen:
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(self.directory)}
        return self.host.start(sys.executable, "-I", "-B", str(self.script), env=environment)

    def mark(self, name: str = "mark") -> None:
        """Start one more container, and wait for its last announcement."""
        made = self.host.container(name, [f"{MARK}/24"])
        until(lambda: self.announced().count((MARK, made.mac())) == 2)

    def neighbour(self, namespace, device: str, address: str) -> str:
        found = namespace.json("neighbour", "show", address, "dev", device)
        return found[0].get("lladdr", "") if found else ""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.05)


@pytest.fixture
def lan(segment, tmp_path) -> Lan:
    return Lan(segment, tmp_path)


def plain(addresses: list[str]) -> list[str]:
    return [address.partition("/")[0] for address in addresses]


def test_a_container_with_a_new_mac_is_known_at_once_to_lan_and_host(lan):
    lan.service()
    web = lan.host.container("web", WEB)
    ends = [(lan.station, "eth0"), (lan.host, "lan0")]
    for namespace, _device in ends:
        assert all(namespace.pings(address) for address in plain(WEB))
    old = web.mac()
    lan.segment.remove(web)
    web = lan.host.container("web2", WEB)
    assert web.mac() != old
    for address in plain(WEB):
        until(lambda address=address: (address, web.mac()) in lan.announced())
        for namespace, device in ends:
            until(lambda a=address, n=namespace, d=device: lan.neighbour(n, d, a) == web.mac())
    source = [entry for entry in lan.announced() if entry[0] not in plain(WEB)]
    assert source == [], "nothing else is announced"


def test_only_declared_addresses_of_containers_are_announced(lan):
    """A hostile container takes the gateway's address, that of the host, and a thousand more."""
    lan.service()
    lines = [f"address add 10.{number // 250}.{number % 250}.1/32 dev eth0" for number in range(1000)]
    bad = lan.host.container("bad", ["192.168.100.1/24", "192.168.100.3/24", "192.168.100.11/24", "192.168.100.200/24"])
    batch = lan.directory / "batch"
    batch.write_text("\n".join(lines), encoding="ascii")
    bad.ip("-batch", str(batch))
    lan.mark()
    assert {address for address, _mac in lan.announced()} == {MARK}


def test_an_address_that_another_station_holds_is_never_announced(lan):
    other = lan.segment.host("other", addresses=WEB)
    lan.service()
    web = lan.host.container("web", WEB)
    until(lambda: {(address, web.mac(), PROBED) for address in plain(WEB)} <= set(lan.heard))
    lan.mark()
    assert not [entry for entry in lan.announced() if entry == (entry[0], web.mac())]
    # Once that station is gone, the container is announced.
    lan.segment.remove(other)
    until(lambda: {(address, web.mac()) for address in plain(WEB)} <= set(lan.announced()))


def test_an_address_of_two_containers_stays_with_the_one_that_was_announced(lan):
    lan.service()
    first = lan.host.container("first", WEB[:1])
    until(lambda: lan.announced().count((plain(WEB)[0], first.mac())) == 2)
    lan.host.container("second", WEB[:1])
    lan.mark()
    assert {mac for address, mac in lan.announced() if address == plain(WEB)[0]} == {first.mac()}


def test_a_restart_announces_nothing_again_and_what_started_meanwhile(lan):
    service = lan.service()
    web = lan.host.container("web", WEB[:1])
    until(lambda: lan.announced().count((plain(WEB)[0], web.mac())) == 2)
    service.terminate()
    service.wait()
    lan.host.container("late", ["192.168.100.131/24"])
    lan.service()
    until(lambda: "192.168.100.131" in dict(lan.announced()))
    lan.mark()
    assert lan.announced().count((plain(WEB)[0], web.mac())) == 2


def test_a_spoilt_state_file_is_no_obstacle(lan):
    (lan.directory / "announced").write_text("[[1,", encoding="ascii")
    lan.service()
    lan.mark()


def test_a_parent_that_is_deleted_and_comes_back(lan):
    service = lan.service()
    lan.mark()
    lan.host.ip("link", "delete", "eth0")
    lan.segment.plug(lan.host, "eth0")
    lan.mark("again")
    assert service.poll() is None


def test_namespaces_that_vanish_meanwhile_are_survived(lan):
    service = lan.service()
    for number in range(12):
        made = lan.host.container(f"c{number}", [f"192.168.100.{129 + number % 4}/24"])
        lan.segment.remove(made)
    lan.mark()
    assert service.poll() is None


def test_links_of_another_host_with_the_same_index_are_not_its_own(lan):
    lan.service()
    other = lan.segment.host("other", addresses=["192.168.100.13/24"])
    assert other.link("eth0")["ifindex"] == lan.host.link("eth0")["ifindex"]
    foreign = other.container("foreign", WEB[:1])
    lan.mark()
    assert foreign.mac() not in {mac for _address, mac in lan.announced()}
