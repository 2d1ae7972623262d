# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.counters import Counters, parse

TEXT = """TcpExt: SyncookiesSent IPReversePathFilter ArpFilter
TcpExt: 7 12 3
IpExt: InNoRoutes InOctets
IpExt: 5 99999
Ip: Forwarding DefaultTTL InAddrErrors
Ip: 1 64 4
Ip6InReceives                   	100
Ip6InNoRoutes                   	6
"""


def test_wanted_counters_of_all_three_files():
    assert parse(TEXT) == {
        "TcpExtIPReversePathFilter": 12,
        "TcpExtArpFilter": 3,
        "IpExtInNoRoutes": 5,
        "IpInAddrErrors": 4,
        "Ip6InNoRoutes": 6,
    }
    assert parse("") == {}


def test_run_of_increments_is_one_event():
    counters = Counters()
    values = [0, 0, 2, 3, 3, 9]
    begun = [counters.take("", "eth0", {"rx_dropped": value}, now) for now, value in enumerate(values)]
    assert [len(item) for item in begun] == [0, 0, 1, 0, 0, 0]
    (rise,) = begun[2]
    assert rise == {"name": "rx_dropped", "before": 0, "after": 9, "until": 5}
    assert counters.take("", "eth0", {"rx_dropped": 10}, 30)
    (reported,) = counters.as_data()
    assert reported == {"namespace": "", "link": "eth0", "name": "rx_dropped", "before": 0, "after": 10}


def test_link_created_again_counts_from_zero():
    counters = Counters()
    for now, value in enumerate((100, 103, 0, 2)):
        counters.take("", "lan0", {"rx_dropped": value}, now)
    (reported,) = counters.as_data()
    assert reported["after"] - reported["before"] == 5


def test_only_some_counters_are_reported_when_they_stand_still():
    counters = Counters()
    counters.take("", "", {"TcpExtIPReversePathFilter": 4, "IpInDiscards": 1}, 0)
    counters.take("", "", {"TcpExtIPReversePathFilter": 4, "IpInDiscards": 1}, 1)
    assert [item["name"] for item in counters.as_data()] == ["TcpExtIPReversePathFilter"]
