# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums of TCP and UDP in frames."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.datagram import Datagram, build
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.checksum import UDP, read

MACS = "02:00:00:00:00:01", "02:00:00:00:00:02"
ENDS = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
#: Where the checksum of UDP stands.
PLACE = {4: 14 + 20 + 6, 6: 14 + 40 + 6}


def _frame(version: int, payload: bytes = b"abc") -> bytes:
    source, destination = (ipaddress.ip_address(text) for text in ENDS[version])
    return build(Datagram(*MACS, source, destination, 5000, 9, payload))


@pytest.mark.parametrize("version", [4, 6])
def test_a_checksum_is_right_until_an_octet_changes(version: int) -> None:
    frame = _frame(version)
    found = read(frame)
    assert found is not None
    assert (found.protocol, found.source_port, found.destination_port, found.right) == (UDP, 5000, 9, True)
    assert str(found) == f"udp from {ENDS[version][0]} port 5000 to {ENDS[version][1]} port 9"
    other = read(frame[:-1] + bytes([frame[-1] ^ 1]))
    assert other is not None
    assert not other.right
    padded = read(frame.ljust(90, b"x"))
    assert padded is not None
    assert padded.right


@pytest.mark.parametrize("version", [4, 6])
def test_a_tcp_segment_has_its_checksum_elsewhere(version: int) -> None:
    frame = bytearray(_frame(version, bytes(20)))
    frame[14 + (9 if version == 4 else 6)] = 6
    found = read(bytes(frame))
    assert found is not None
    assert not found.right
    assert str(found).startswith("tcp from ")


def test_what_says_nothing_of_its_checksum_is_left_out() -> None:
    frame = _frame(4)
    silent = frame[: PLACE[4]] + b"\0\0" + frame[PLACE[4] + 2 :]
    fragment = frame[:20] + b"\x20\x00" + frame[22:]
    icmp = frame[:23] + b"\x01" + frame[24:]
    for octets in (silent, fragment, icmp, frame[:-1], frame[:30], frame[:14], b"", _frame(6)[:40]):
        assert read(octets) is None, octets
