# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed of a diagnosis: each cause once, what is shared once, and no more than can be read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import BY_ID

from .causes import causes_cases as cases


def fleet(number: int, lost: bool) -> dict[str, Any]:
    """Hosts that are alike, each with a link that is down, or with a gateway that is lost to all in one second."""
    healthy = cases.healthy()
    if lost:
        for kind in ("gateway_from_parent", "gateway_from_link"):
            cases.lose(healthy, kind, at=1.0)
    else:
        cases.own_link(healthy, "lan0")["up"] = False
    text = json.dumps(healthy["web1"])
    return {f"m{count}": json.loads(_other(text, count)) for count in range(1, number + 1)}


def _other(evidence: str, count: int) -> str:
    """The evidence of another host: with a name, addresses and MAC addresses of its own."""
    own = evidence.replace("web1", f"m{count}")
    for number, last in enumerate((3, 11, 129, 130)):
        own = re.sub(rf"192\.168\.100\.{last}(?![0-9])", f"192.168.100.{10 + 50 * number + count}", own)
    return re.sub("(?:[0-9a-f]{2}:){2}((?:[0-9a-f]{2}:){3}[0-9a-f]{2})", rf"02:{count:02x}:\1", own)


def printed(hosts: dict[str, Any], full_up_to: int = 50) -> tuple[_report.DiagnosisReport, list[str]]:
    results = [_report.HostResult(host, evidence) for host, evidence in sorted(hosts.items())]
    report = _report.make(results, "2026-01-31T12:00:00Z", "0.1.0", {})
    return report, words.lines(report, full_up_to)


def test_hosts_are_in_the_order_of_their_numbers() -> None:
    report, lines = printed(fleet(11, lost=False))
    assert [item["host"] for item in report.data["hosts"]] == [f"m{number}" for number in range(1, 12)]
    shown = [line.split(":")[0] for line in lines if line.startswith("m")]
    assert shown == [f"m{number}" for number in range(1, 12)]
    hosts = [item.host for item in report.verdicts if item.cause == "link_down"]
    assert hosts == [f"m{number}" for number in range(1, 12)]


def test_a_cause_is_explained_once() -> None:
    dummy, lines = printed(fleet(3, lost=False))
    text = " ".join(" ".join(lines).split())
    assert text.count("CONFIRMED link_down") == 3
    assert text.count(BY_ID["link_down"].explanation) == 1
    assert "why as on m1" in text
    assert text.count("lan0 ruled out") == 1


def test_hosts_that_share_a_fault_of_the_fleet_are_one_line() -> None:
    report, lines = printed(fleet(8, lost=True))
    fleet_wide = [item for item in report.verdicts if item.cause == "gateway_dead" and item.status == "confirmed"]
    assert len(fleet_wide) == 8
    text = "\n".join(lines)
    assert text.count("CONFIRMED gateway_dead") == 1
    assert "m2, m3, m4, m5, m6, m7, m8: broken by it (lan0 gateway_dead, see m1)" in text


def test_of_more_hosts_than_are_described_each_has_a_line() -> None:
    dummy, lines = printed(fleet(9, lost=False), full_up_to=2)
    assert len([line for line in lines if "CONFIRMED" in line]) == 2
    assert len([line for line in lines if line.startswith("m") and ": broken: lan0 link_down: " in line]) == 7


def test_limits_that_hide_a_culprit_stand_beside_it() -> None:
    hosts = cases.healthy()
    own = hosts["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    cases.event(hosts, kind="address", action="delete", after=3.0, what="address removed", process_unknown="it ended")
    limit = "processes that live only shortly are not known: Operation not permitted"
    hosts["web1"]["watch"]["limits"] = [limit, "no ARP of eth0: Operation not permitted"]
    text = " ".join(" ".join(printed(hosts)[1]).split())
    assert f"the watch could not see: {limit}" in text
    assert "could not see: no ARP" not in text


def test_what_is_lost_by_a_cause_of_another_host_is_said() -> None:
    hosts = cases.healthy()
    cases.lose(hosts, "gateway_from_link", at=1.0)
    report, _lines = printed(hosts)
    one = replace(report.accounts[0], explained_by=("link_down",), explained_on=("web2",))
    other = _report.DiagnosisReport(report.data, [], [one])
    text = " ".join(" ".join(words.lines(other)).split())
    assert f"lost by link_down on web2: {one.text}" in text
    assert words.elsewhere(other, "web2") == []
