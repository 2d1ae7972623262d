# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What virtual machines are started with: the order and the names of their nics."""

from __future__ import annotations

import pytest

from labkit import guest
from labkit.topology import parse


def host(*names: str):
    item = {"kind": "vm", "os": "trixie", "manager": "networkd", "nics": [{"name": name} for name in names]}
    return parse({"switches": {"sw0": {}}, "hosts": {"h1": item}}).hosts["h1"]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["eth0"], ["eth0", None]),
        (["eth0", "eth1"], ["eth0", "eth1", None]),
        (["eth1", "eth0"], ["eth0", "eth1", None]),
        (["eth1"], [None, "eth1"]),  # the management nic is eth0 at first
        (["eth7"], ["eth7", None]),
        (["lan0", "eth0", "dmz0"], ["eth0", "lan0", "dmz0", None]),
        (["eth2", "lan0"], ["lan0", None, "eth2"]),
    ],
)
def test_no_nic_comes_first_to_a_name_that_another_is_to_have(names, order):
    assert [nic.name if nic else None for nic in guest.slots(host(*names).nics)] == order


def test_every_nic_gets_its_name_by_its_mac():
    entries = {entry.path: entry.data.decode() for entry in guest.entries(host("eth0", "lan0"))}
    assert "Name=lan0\n" in entries["/etc/systemd/network/10-lan0.link"]
    assert f"MACAddress={host('eth0', 'lan0').nics[1].mac}\n" in entries["/etc/systemd/network/10-lan0.link"]
    assert "/etc/systemd/network/10-lab-management.link" in entries
