# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch says what its own probes repaired, on a real kernel."""

from __future__ import annotations

from .lan import CONTAINER, NETWORK, Lan


def test_a_neighbour_entry_that_only_the_probes_corrected_is_said(segment) -> None:
    lan = Lan(segment)
    assert lan.host.pings(CONTAINER)
    old = lan.container.mac()
    lan.container.ip("link", "delete", "eth0")
    lan.host.ip(
        "link", "add", "link", "eth0", "name", "eth0", "netns", lan.container.netns, "type", "macvlan", "mode", "bridge"
    )  # fmt: skip
    lan.container.ip("link", "set", "eth0", "up")
    lan.container.ip("address", "add", f"{CONTAINER}/24", "dev", "eth0")
    assert old in lan.host.ip("neighbour", "show", CONTAINER).stdout
    result = lan.host.module("macvlan_watch", {"networks": [NETWORK], "duration": 3, "interval": 0.3})
    new = lan.container.mac()
    found = [text for text in result["limits"] if "themselves corrected" in text]
    assert len(found) == 1, result["limits"]
    assert CONTAINER in found[0]
    assert f"it had {old} from before the watch, and has {new} now" in found[0]
    again = lan.host.module("macvlan_watch", {"networks": [NETWORK], "duration": 1, "interval": 0.3})
    assert not [text for text in again["limits"] if "themselves corrected" in text]
