# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.lldp import LldpNeighbour, parse

HEADER = bytes.fromhex("0180c200000e001c7300000188cc")
CHASSIS = b"\x04" + bytes.fromhex("001c73000001")
PORT = b"\x05Ethernet12"


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!H", kind << 9 | len(value)) + value


def frame(*units: tuple[int, bytes], chassis: bytes = CHASSIS, port: bytes = PORT, ttl: int = 120) -> bytes:
    first = [(1, chassis), (2, port), (3, struct.pack("!H", ttl))]
    return HEADER + b"".join(tlv(kind, value) for kind, value in (*first, *units, (0, b""))) + bytes(10)


def test_a_frame_as_a_switch_sends_it() -> None:
    sent = frame((4, b"to h1"), (5, b"sw1.example.net"), (6, b"some system"), (127, b"\x00\x80\xc2\x01\x00\x01"))
    assert parse(sent) == LldpNeighbour(
        "00:1c:73:00:00:01", "mac", "Ethernet12", "interface_name", 120, "sw1.example.net", "to h1"
    )


@pytest.mark.parametrize(
    ("chassis", "expected"),
    [
        (b"\x05\x01\xc0\xa8\x64\x02", ("192.168.100.2", "network_address")),
        (b"\x05\x02" + bytes(15) + b"\x01", ("::1", "network_address")),
        (b"\x05\x01\xc0", ("01:c0", "network_address")),
        (b"\x04\x00\x1c", ("00:1c", "mac")),
        (b"\x07rack 7", ("rack 7", "local")),
        (b"\x07\x01\x02", ("01:02", "local")),
        (b"\x63odd", ("6f:64:64", "reserved")),
    ],
)
def test_kinds_of_ids(chassis: bytes, expected: tuple[str, str]) -> None:
    found = parse(frame(chassis=chassis))
    assert found is not None
    assert (found.chassis_id, found.chassis_id_type) == expected


def test_texts_from_the_wire_show_what_is_not_printable() -> None:
    found = parse(frame((5, b"sw\x1b[2J\r\n1\xff")))
    assert found is not None
    assert found.system_name == "sw\\x1b[2J\\r\\n1\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEADER,
        HEADER.replace(b"\x88\xcc", b"\x08\x06") + frame()[14:],
        HEADER + tlv(2, PORT) + tlv(1, CHASSIS) + tlv(3, b"\0\x78"),
        HEADER + tlv(1, CHASSIS) + tlv(2, PORT),
        frame((1, CHASSIS)),
        frame(chassis=b"\x04"),
        frame()[:30],
    ],
)
def test_what_is_no_valid_frame(data: bytes) -> None:
    assert parse(data) is None


@given(st.binary(max_size=200))
def test_no_octets_do_harm(data: bytes) -> None:
    parse(data)
    parse(HEADER + data)


@given(
    st.text(max_size=60), st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60), st.integers(0, 65535)
)
def test_what_was_said_is_read(name: str, port: str, ttl: int) -> None:
    found = parse(frame((5, name.encode()), port=b"\x05" + port.encode(), ttl=ttl))
    assert found is not None
    assert (found.port_id, found.ttl) == (port, ttl)
    assert found.system_name.isprintable()
