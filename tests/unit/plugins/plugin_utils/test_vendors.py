# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _vendors


@pytest.mark.parametrize(
    ("mac", "expected"),
    [
        ("00:1b:21:3c:4d:5e", "Intel Corporate"),
        ("02:42:c0:a8:64:81", "locally administered"),
        ("00:00:5e:00:01:07", "ICANN, IANA Department"),
        # the registry says that this block is handed out in parts, and not to whom
        ("70:b3:d5:12:34:56", ""),
        ("fc:ff:ff:00:00:01", ""),
        ("", ""),
    ],
)
def test_who_made_it(mac: str, expected: str) -> None:
    assert _vendors.vendor(mac) == expected


def test_without_the_library_no_vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "netaddr", None)
    assert _vendors.vendor.__wrapped__("00:1b:21:3c:4d:5e") == ""
    assert _vendors.vendor.__wrapped__("02:42:c0:a8:64:81") == "locally administered"
