# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is an address, and what `ipaddress` takes besides."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    address_remedy,
    parse_address,
    parse_interface,
    parse_network,
)

PARSERS = (parse_address, parse_interface, parse_network)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        "fe80::1%lan0",
        "fe80::1%",
        "fe80::77%x;touch PWNED;true",
        "fe80::77%x;touch PWNED;true/64",
        "fe80::77%$(touch PWNED)/128",
        "192.0.2.1%eth0",
        "192.0.2.1\x00",
        "\u00a0192.0.2.1",
        "192.0.2.1\u2028",
        "192.0.2.\u0661",
        "192.0.2.1/\u0662\u0664",
        "fe80::\uff11",
        "192.0.2.1 192.0.2.2",
        "192.0.2.1\n192.0.2.2",
        "",
        None,
        3221225985,
    ],
)
def test_refused(parse, text):
    assert parse(text) is None


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:DB8::1", "::ffff:192.0.2.1", " fe80::1\n"])
def test_addresses(text):
    assert parse_address(text) == ipaddress.ip_address(text.strip())


def test_prefixes_and_masks():
    assert parse_interface("192.0.2.3/24") == ipaddress.ip_interface("192.0.2.3/24")
    assert parse_interface("192.0.2.3/255.255.255.0") == ipaddress.ip_interface("192.0.2.3/24")
    assert parse_network("2001:db8::/64") == ipaddress.ip_network("2001:db8::/64")
    assert parse_network("2001:db8::1/64") is None
    assert parse_network("2001:db8::1/64", strict=False) == ipaddress.ip_network("2001:db8::/64")


def test_remedy():
    assert address_remedy("fe80::1%lan0", "another") == "write fe80::1, without a zone id (%…)"
    assert [address_remedy(given, "another") for given in ("fe80::g", None, 5)] == ["another"] * 3
