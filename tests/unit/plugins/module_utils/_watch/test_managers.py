# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import selectors
import struct

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.bus import (
    SIGNAL,
    BusMessage,
    marshal,
    message_size,
    unmarshal,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.managers import NM, Managers, index_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Record

NETWORKD_PATH = "/org/freedesktop/network1/link/_34"


def signal(path: str, member: str, signature: str, body: bytes) -> bytes:
    """A signal in this machine's byte order."""

    def field(code: int, kind: str, text: str) -> bytes:
        length = struct.pack("<B" if kind == "g" else "<I", len(text))
        return bytes((code, 1)) + kind.encode() + b"\0" + length + text.encode() + b"\0"

    head = b""
    for code, kind, text in ((1, "o", path), (2, "s", "a.b"), (3, "s", member), (8, "g", signature)):
        head += b"\0" * (-len(head) % 8) + field(code, kind, text)
    start = struct.pack("<BBBBIII", ord("l"), SIGNAL, 1, 1, len(body), 7, len(head)) + head
    return start + b"\0" * (-len(start) % 8) + body


def test_a_call_is_read_back():
    data = marshal("org.example", "/a", "org.example.I", "Get", "ss", ("one", "ä"), 0, 5)
    assert message_size(data) == len(data)
    assert message_size(data + b"more") == len(data)
    assert message_size(data[:10]) == 0
    found = unmarshal(data)
    assert (found.path, found.interface, found.member, found.body) == ("/a", "org.example.I", "Get", ("one", "ä"))


def test_numbers_and_containers_are_read():
    found = unmarshal(signal("/d/1", "StateChanged", "uuu", struct.pack("<III", 120, 70, 5)))
    assert (found.path, found.member, found.body) == ("/d/1", "StateChanged", (120, 70, 5))
    # sa{sv}as with one pair and one string, each with its padding
    pair = struct.pack("<I", 3) + b"Key\0" + b"\1s\0" + b"\0" + struct.pack("<I", 2) + b"up\0"
    body = struct.pack("<I", 1) + b"i\0" + b"\0\0" + struct.pack("<I", len(pair)) + b"\0\0\0\0" + pair
    body += b"\0" * (-len(body) % 4) + struct.pack("<I", 6) + struct.pack("<I", 1) + b"x\0"
    assert unmarshal(signal("/l", "PropertiesChanged", "sa{sv}as", body)).body == ("i", {"Key": "up"}, ["x"])


@pytest.mark.parametrize(
    ("path", "index"),
    [(NETWORKD_PATH, 4), ("/org/freedesktop/network1/link/_310", 10), ("/org/freedesktop/network1", 0), ("", 0)],
)
def test_the_index_in_a_path_of_networkd(path, index):
    assert index_of(path) == index


@pytest.fixture
def reported():
    record = Record()
    with selectors.DefaultSelector() as selector:
        managers = Managers(selector, record, {4: "eth0"}.get, lambda dummy: 1.5, address="/nowhere")

        def take(member: str, path: str, *body) -> list[dict]:
            before = len(record.events)
            managers._take(BusMessage(SIGNAL, path=path, member=member, body=body))
            return record.events[before:]

        yield record, take


def test_missing_bus_is_a_blind_spot(reported):
    record, dummy = reported
    (limit,) = record.limits
    assert limit == (
        "states of NetworkManager and systemd-networkd are not known: "
        "the system bus cannot be asked: No such file or directory"
    )


def test_a_device_of_networkmanager_that_fails(reported):
    (event,) = reported[1]("StateChanged", "/org/freedesktop/NetworkManager/Devices/3", 120, 70, 5)
    assert event["what"].endswith("ip-config -> failed (ip-config-unavailable)")
    assert event["data"]["changed"] == {"state": ["ip-config", "failed"]}
    assert (event["kind"], event["data"]["manager"], event["after"]) == ("manager", "NetworkManager", 1.5)


def test_link_of_networkd_is_reported_when_a_state_changes(reported):
    take = reported[1]
    states = {"OperationalState": "degraded", "CarrierState": "carrier", "Other": 3}
    (event,) = take("PropertiesChanged", NETWORKD_PATH, "i", states, [])
    assert (event["link"], event["data"]["state"]) == ("eth0", "degraded")
    assert take("PropertiesChanged", NETWORKD_PATH, "i", {"CarrierState": "carrier"}, []) == []
    (event,) = take("PropertiesChanged", NETWORKD_PATH, "i", {"OperationalState": "no-carrier"}, [])
    assert event["data"]["changed"] == {"OperationalState": ["degraded", "no-carrier"]}


def test_daemon_that_starts_or_stops_is_reported(reported):
    take = reported[1]
    (event,) = take("NameOwnerChanged", "/org/freedesktop/DBus", NM, ":1.7", "")
    assert event["what"] == "NetworkManager stopped"
    (event,) = take("NameOwnerChanged", "/org/freedesktop/DBus", NM, "", ":1.9")
    assert event["data"] == {"manager": "NetworkManager", "state": "started"}
    assert take("NameOwnerChanged", "/org/freedesktop/DBus", "org.example", "", ":1.9") == []
