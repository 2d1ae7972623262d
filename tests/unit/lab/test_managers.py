# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of the network managers, and how their answers are read."""

from __future__ import annotations

import configparser

import pytest
import yaml

from labkit import managers
from labkit.topology import parse

NIC = {"addresses": ["192.0.2.11/24", "2001:db8::11/64"], "gateway": ["192.0.2.1", "2001:db8::1"], "mtu": 1400}


def host(manager: str, nic: dict | None = None):
    item = {"kind": "nspawn", "os": "bookworm", "manager": manager, "nics": [NIC if nic is None else nic]}
    return parse({"switches": {"sw0": {}}, "hosts": {"h1": item}}).hosts["h1"]


def only(manager: str, nic: dict | None = None) -> str:
    (text,) = managers.files(host(manager, nic)).values()
    return text


def test_networkmanager():
    profile = configparser.ConfigParser()
    profile.read_string(only("networkmanager"))
    assert profile["connection"]["interface-name"] == "eth0"
    assert profile["ethernet"]["mtu"] == "1400"
    assert dict(profile["ipv4"]) == {"method": "manual", "address1": "192.0.2.11/24", "gateway": "192.0.2.1"}
    assert dict(profile["ipv6"]) == {"method": "manual", "address1": "2001:db8::11/64", "gateway": "2001:db8::1"}


def test_networkmanager_without_addresses():
    profile = configparser.ConfigParser()
    profile.read_string(only("networkmanager", {}))
    assert (profile["ipv4"]["method"], profile["ipv6"]["method"]) == ("disabled", "link-local")


def test_networkd():
    lines = only("networkd").split("\n")
    assert [line for line in lines if line.startswith(("Name", "MTU", "Address", "Gateway"))] == [
        "Name=eth0", "MTUBytes=1400", "Address=192.0.2.11/24", "Address=2001:db8::11/64",
        "Gateway=192.0.2.1", "Gateway=2001:db8::1",
    ]  # fmt: skip


def test_ifupdown():
    text = only("ifupdown")
    assert "iface eth0 inet static\n    address 192.0.2.11/24\n    gateway 192.0.2.1\n    mtu 1400\n" in text
    assert "iface eth0 inet6 static\n    address 2001:db8::11/64\n    gateway 2001:db8::1\n" in text
    assert "iface eth0 inet manual\n    up ip link set dev eth0 up\n" in only("ifupdown", {})


def test_netplan():
    config = yaml.safe_load(only("netplan"))["network"]
    assert config["renderer"] == "networkd"
    assert config["ethernets"]["eth0"] == {
        "accept-ra": False,
        "addresses": ["192.0.2.11/24", "2001:db8::11/64"],
        "routes": [{"to": "default", "via": "192.0.2.1"}, {"to": "default", "via": "2001:db8::1"}],
        "mtu": 1400,
    }


def test_none_is_a_unit_that_is_enabled():
    assert "ExecStart=/usr/sbin/ip link set dev eth0 mtu 1400 up\n" in only("none")
    assert list(managers.links(host("none")).values()) == list(managers.files(host("none")))


@pytest.mark.parametrize(
    ("manager", "answer", "owned"),
    [
        ("networkmanager", "100 (connected)\neth0\n", True),
        ("networkmanager", "100 (connected)\nWired connection 1\n", False),
        ("networkmanager", "10 (unmanaged)\n\n", False),
        ("networkd", "2 eth0 ether routable configured\n", True),
        ("netplan", "2 eth0 ether routable configuring\n", False),
        ("ifupdown", "eth0=eth0\n", True),
        ("ifupdown", "", False),
        ("none", "", True),
    ],
)
def test_who_owns_the_nic(manager, answer, owned):
    assert managers.owns(manager, "eth0", answer) is owned
