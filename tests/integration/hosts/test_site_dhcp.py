# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DHCP server that hands out declared addresses: the playbooks report it before and after they are configured."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import dhcp
from labkit.lab import Lab

from . import playbooks
from .station import Station

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
ONCE = {"verify_soak_seconds": 0}


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def test_an_address_that_a_server_hands_out_is_not_put_into_service(lab: Lab, tmp_path: Path) -> None:
    station = Station(lab, "gateway")
    # it reaches into the range of h1, 192.168.100.128/28
    server = dhcp.dnsmasq(station, tmp_path, "--dhcp-range=192.168.100.100,192.168.100.135,1h")
    try:
        first = playbooks.run("site", lab.inventory_path, **ONCE)
        meant = playbooks.run("site", lab.inventory_path, interfaces_dhcp_fail_on=[], **ONCE)
        later = playbooks.run("verify", lab.inventory_path, verify_dhcp_check=True, **ONCE)
    finally:
        server.process.kill()
        server.process.wait()
    said = "192.168.100.128/28 is declared here, and the DHCP server 192.168.100.1 ("
    assert (first.rc, first.failed, first.changed) == (2, ["h1"], {"h1": 0, "h2": 1}), first.output
    assert said in first.output
    assert (meant.rc, meant.changed) == (0, {"h1": 1, "h2": 0}), meant.output
    assert f"[WARNING]: {said}" in meant.output
    assert (later.rc, later.failed) == (2, ["h1"]), later.output
    assert said in later.output
    assert server.leases == []
