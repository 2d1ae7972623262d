# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host: units, daemons and who owns a device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import systemd
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import Output
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import (
    ifupdown,
    networkd,
    networkmanager,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkd import NetworkdLink

from .persistence_cases import ETH0, NETPLAN_FILE


class TestUnitStates:
    """systemctl is the door to systemd; what it says comes from `answers`, one for each time it is asked."""

    @pytest.fixture
    def answers(self, monkeypatch) -> list[str]:
        given: list[str] = []
        monkeypatch.setattr(systemd, "run", lambda _argv: Output(0, given.pop(0), ""))
        monkeypatch.setattr(systemd, "PAUSE", 0)
        return given

    def test_several_and_one_that_does_not_exist(self, answers):
        answers.append(
            "Id=a.service\nActiveState=active\nUnitFileState=enabled\n\n"
            "Id=b.service\nActiveState=inactive\nUnitFileState=\n"
        )
        assert systemd.unit_states(["a.service", "b.service"]) == {
            "a.service": UnitState(True, True),
            "b.service": UnitState(False, False),
        }

    def test_one_that_is_starting_is_waited_for(self, answers):
        answers += ["Id=a.service\nActiveState=activating\nUnitFileState=enabled\n"] * 3
        answers.append("Id=a.service\nActiveState=active\nUnitFileState=enabled\n")
        assert systemd.unit_states(["a.service"]) == {"a.service": UnitState(True, True)}

    def test_one_that_never_gets_there(self, answers, monkeypatch):
        monkeypatch.setattr(systemd, "SETTLE", -1)
        answers.append("Id=a.service\nActiveState=activating\nUnitFileState=enabled\n")
        assert systemd.unit_states(["a.service"]) == {"a.service": UnitState(True, False)}

    @pytest.mark.parametrize(
        ("text", "number"),
        [("systemd 252 (252.39-1~deb12u2)\n+PAM", 252), ("systemd 257~rc1 (x)\n", 257), ("systemd 255.4-1\n", 255)],
    )
    def test_version(self, answers, text, number):
        answers.append(text)
        assert systemd.version() == number

    def test_nothing_is_not_asked(self, answers):
        assert systemd.unit_states([]) == {}
        assert answers == []


class TestDetection:
    def test_a_link_of_networkd(self):
        text = (
            "# This is private data. Do not parse.\nADMIN_STATE=configured\nOPER_STATE=routable\n"
            f'NETWORK_FILE={NETPLAN_FILE}\nNETWORK_FILE_DROPINS="/a.conf:/b.conf"\nDNS=\n'
        )
        assert networkd.parse_link(2, "eth0", text) == replace(ETH0, drop_ins=("/a.conf", "/b.conf"))
        assert networkd.parse_link(2, "eth0", "ADMIN_STATE=unmanaged\n") == NetworkdLink(2, "eth0", "unmanaged")
        assert networkd.parse_link(2, "eth0", 'NETWORK_FILE_DROPINS=""\n').drop_ins == ()

    def test_nmcli(self):
        text = "eth0:connected\nlo:connected (externally)\nodd\\:name:unmanaged\n"
        assert networkmanager.parse_nmcli(text) == {
            "eth0": "connected",
            "lo": "connected (externally)",
            "odd:name": "unmanaged",
        }

    def test_ifupdown(self):
        assert ifupdown.parse_state("lo=lo\neth0=eth0\neth1=home\n") == {"eth0", "eth1"}

    @pytest.mark.parametrize(
        ("data", "found"),
        [
            ({}, False),
            ({"Addresses": [{"Address": [10, 0, 0, 1], "ConfigSource": "static"}]}, False),
            ({"Addresses": [{"Address": [10, 0, 0, 1], "ConfigSource": "foreign"}]}, True),
            ({"Addresses": [{"Address": [0xFE, 0x80] + [0] * 14, "ConfigSource": "foreign"}]}, False),
            ({"Routes": [{"ConfigSource": "foreign", "ProtocolString": "kernel"}]}, False),
            ({"Routes": [{"ConfigSource": "foreign", "ProtocolString": "boot"}]}, True),
        ],
    )
    def test_foreign_configuration(self, data, found):
        assert networkd.has_foreign(data) is found
