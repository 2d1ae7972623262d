# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that others chose reach a module's result without control characters for terminals."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import datagram, message
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import namespaces
from labkit.segment import Host, Namespace

from .lan import CONTAINER, GATEWAY, NETWORK, PARENT, SHIM
from .shown import assert_clean

FRAMES = Path(__file__).resolve().parents[1] / "frames.py"
#: Sets the terminal's title; turns the direction of writing; a name of an interface has at most 15 octets.
TITLE, TURN, LINK = "\x1b]0;pwned\x07", "\u202e", "e\x1b[2J\u202e"

#: Runs until its input ends, under a hostile name.
NAMED = 'import sys; open("/proc/self/comm", "w").write(sys.argv[1]); print(flush=True); sys.stdin.read()'
#: Removes an address from the host's link, under such a name.
CULPRIT = """
import socket, struct, sys
open("/proc/self/comm", "w").write(sys.argv[1])
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); sock.bind((0, 0))
address = socket.inet_aton("192.168.100.3")
body = struct.pack("=BBBBI", 2, 32, 0, 0, socket.if_nametoindex("lan0")) + struct.pack("=HH4s", 8, 2, address)
sock.send(struct.pack("=IHHII", 16 + len(body), 21, 1, 1, 0) + body)
print(flush=True); sys.stdin.read()
"""


@pytest.fixture
def container(segment) -> Namespace:
    host = segment.host("h1", [f"{PARENT}/24"])
    segment.host("gw", [f"{GATEWAY}/24"])
    inner = host.container(f"c1{TITLE}{TURN}", [f"{CONTAINER}/24"])
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "up")
    host.ip("address", "add", f"{SHIM}/32", "dev", "lan0")
    host.ip("route", "add", "192.168.100.128/28", "dev", "lan0")
    inner.host = host
    return inner


def start(host: Host, script: str, name: str, *wrapper: str) -> subprocess.Popen:
    argv = [*wrapper, sys.executable, "-c", script, name]
    process = host.start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "\n"
    return process


def test_links_in_namespaces_and_processes_with_such_names(container) -> None:
    host = container.host
    container.ip("link", "set", "eth0", "down")
    container.ip("link", "set", "eth0", "name", LINK)
    process = start(host, NAMED, TITLE, "unshare", "--net")
    host.ip("link", "add", "link", "eth0", "name", "mv1", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "mv1", "netns", str(process.pid))
    result = host.module("macvlan_info", {})
    assert_clean(result, "c1\\x1b]0;pwned\\x07\\u202e", "e\\x1b[2J\\u202e", "(\\x1b]0;pwned\\x07)")
    # other tests have namespaces on this machine at the same time
    hostile = [link["namespace"] for link in result["links"] if "\\x1b" in link["namespace"]]
    assert len(hostile) == 2
    assert len({*hostile}) == 2


def test_namespaces_whose_names_would_look_the_same_stay_distinct(container) -> None:
    container.host.container("c1\\x1b]0;pwned\\x07\\u202e", [])
    labels = [item.label for item in namespaces() if item.label.startswith(container.segment.prefix)]
    assert len(set(labels)) == len(labels)


def test_checks_from_and_to_such_a_container(container) -> None:
    host = container.host
    arguments = {"networks": [NETWORK], "soak_seconds": 1, "interval": 0.2, "fail": False}
    passed = host.module("macvlan_verify", arguments)
    assert passed["passed"]
    assert_clean(passed, "c1\\x1b]0;pwned\\x07\\u202e")
    container.ip("link", "set", "eth0", "down")
    failed = host.module("macvlan_verify", arguments)
    assert not failed["passed"]
    assert_clean(failed, "c1\\x1b]0;pwned\\x07\\u202e")
    probes = [{"parent": "eth0", "addresses": [CONTAINER]}]
    asked = {"probes": probes, "vantages": [{"link": "eth0", "namespace": container.netns}], "fail_on": []}
    assert_clean(host.module("arp_conflict_check", asked), "c1\\x1b]0;pwned\\x07\\u202e")


def test_a_process_with_such_a_name_that_breaks_something(container) -> None:
    host, found = container.host, {}
    arguments = {"networks": [NETWORK], "duration": 4, "interval": 0.25}
    watching = threading.Thread(target=lambda: found.update(host.module("macvlan_watch", arguments)))
    watching.start()
    time.sleep(2)
    start(host, CULPRIT, TITLE)
    watching.join()
    assert not found.get("failed"), found
    assert_clean(found, "\\x1b]0;pwned\\x07", "c1\\x1b]0;pwned\\x07\\u202e")
    assert "\\x1b]0;pwned\\x07" in {(event.get("process") or {}).get("name") for event in found["events"]}


def test_evidence_of_such_a_host(container) -> None:
    host = container.host
    host.ip("link", "set", "lan0", "alias", TITLE)
    arguments = {"networks": [NETWORK], "host_id": "h1", "duration": 2, "active": False}
    result = host.module("macvlan_diagnose", arguments)
    assert not result.get("failed"), result
    assert_clean(result, "c1\\x1b]0;pwned\\x07\\u202e")


def test_a_switch_and_a_server_that_say_such_things(container) -> None:
    host, segment = container.host, container.segment
    units = [(1, b"\x04\x00\x1c\x73\x00\x00\x01"), (2, b"\x05" + TITLE.encode()), (3, b"\x00\x78")]
    units += [(5, f"{TITLE}{TURN}".encode()), (4, b"\xff\x1b[2J"), (0, b"")]
    body = b"".join((kind << 9 | len(value)).to_bytes(2, "big") + value for kind, value in units)
    lldp = bytes.fromhex("0180c200000e001c7300000188cc") + body
    say(segment.switch, host.port, lldp)
    result = host.module("macvlan_info", {"parent": "eth0", "lldp_seconds": 2})
    assert_clean(result, "\\x1b]0;pwned\\x07\\u202e", "\N{REPLACEMENT CHARACTER}\\x1b[2J")
    say(segment.switch, host.port, offer(host.mac()))
    arguments = {"probes": [{"parent": "eth0", "addresses": []}], "samples": 0, "listen_seconds": 1, "wait": 0.5}
    result = host.module("dhcp_check", {**arguments, "vantage": "parent"})
    assert [server["server"] for server in result["servers"]] == [GATEWAY]
    assert_clean(result)


def offer(mac: str) -> bytes:
    """An offer with such texts in host name (12), domain name (15), message (56) and vendor class (60)."""
    hostile = dict.fromkeys((12, 15, 56, 60), f"{TITLE}{TURN}".encode())
    options = {message.MESSAGE_TYPE: bytes((message.OFFER,)), message.SERVER_ID: bytes((192, 168, 100, 1)), **hostile}
    sent = message.build(message.DhcpMessage(message.BOOTREPLY, 1, mac, options))
    client = datagram.from_client("00:1c:73:00:00:01", sent)
    source, target = client.source, client.destination
    frame = datagram.Datagram(client.source_mac, client.destination_mac, source, target, 67, 68, sent)
    return datagram.build(frame)


def say(namespace: Namespace, device: str, frame: bytes) -> None:
    process = namespace.start(
        sys.executable, str(FRAMES), "say", device, frame.ljust(60, b"\0").hex(), stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == "\n"
