# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The segment itself, on which the other tests rely."""

from __future__ import annotations


def test_container_reaches_the_lan_and_not_its_own_host(segment):
    host = segment.host("h1", addresses=["192.168.100.11/24"])
    other = segment.host("h2", addresses=["192.168.100.12/24"])
    container = host.container("c1", addresses=["192.168.100.129/24"])
    assert other.pings("192.168.100.129")
    assert container.pings("192.168.100.12")
    assert not container.pings("192.168.100.11"), "macvlan isolates parent and child by design"
