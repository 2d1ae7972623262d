# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference


def test_equal_values_are_no_change():
    difference = Difference()
    assert not difference.compare("link lan0", "mtu", 1500, 1500)
    assert not difference
    assert difference.ansible_diff() == []


def test_a_thing_that_comes_or_goes_is_one_line():
    difference = Difference()
    difference.compare("link lan0", "mode", None, "bridge")
    difference.compare("link lan0", "mtu", None, 1500)
    difference.compare("link lan1", "mode", "bridge", None)
    difference.compare("link lan1", "mtu", 1500, None)
    assert difference.messages() == ["link lan0: add (mode bridge, mtu 1500)", "link lan1: remove"]


def test_lists_are_shown_as_additions_and_removals():
    difference = Difference()
    difference.compare("link lan0", "addresses", ["10.0.0.1/32", "10.0.0.2/32"], ["10.0.0.2/32", "10.0.0.3/32"])
    assert difference.messages() == ["link lan0 addresses: remove 10.0.0.1/32, add 10.0.0.3/32"]


def test_the_diff_shows_only_what_differs_one_entry_per_target():
    difference = Difference()
    difference.compare("link lan0", "mtu", 1400, 1500)
    difference.compare("link lan0", "addresses", [], ["10.0.0.3/32"])
    difference.compare("file /etc/x", "", "old\n", "new\n")
    assert difference.ansible_diff() == [
        {
            "before_header": "link lan0",
            "after_header": "link lan0",
            "before": "mtu: 1400\n",
            "after": "mtu: 1500\naddresses: 10.0.0.3/32\n",
        },
        {"before_header": "file /etc/x", "after_header": "file /etc/x", "before": "old\n", "after": "new\n"},
    ]
