# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm-or-revert and the guard of the uplink on a real kernel: an unconfirmed change is undone."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit import netns
from labkit.segment import Segment

ROOT = Path(__file__).resolve().parents[3]
COUNTED = (ROOT / "tests/integration/counted.py").read_text(encoding="utf-8")

LINK = {
    "name": "lan0",
    "parent": "eth0",
    "mac": "02:00:00:00:00:10",
    "addresses": ["192.168.100.3", "fd00:100::3/128"],
    "routes": [{"destination": "192.168.100.128/28"}, {"destination": "10.1.0.0/16", "gateway": "192.168.100.130"}],
    "sysctl": {"arp_filter": 1, "accept_ra": 0},
    "parent_sysctl": {"arp_filter": 1},
}
#: The host's other configuration: all of it has to be restored when a change removes it.
FURNITURE = """
for name in all default eth0; do echo 0 > /proc/sys/net/ipv6/conf/$name/accept_dad; done
ip link add eth1 type veth peer name eth2
ip link set eth1 up
ip link set eth2 up
ip address add 192.168.100.5/24 dev eth0 label eth0:5
ip address add 192.168.100.6/32 dev eth0 valid_lft 500 preferred_lft 400
ip address add 10.9.0.1 peer 10.9.0.2/32 dev eth1 noprefixroute
ip route add default via 192.168.100.1 metric 100 mtu 1400
ip route add 10.2.0.0/16 nexthop via 192.168.100.1 weight 2 nexthop via 192.168.100.2 weight 1
ip route add default via 192.168.100.2 table 100 proto 42
ip rule add from 192.168.100.5 table 100 priority 500
ip -6 route add default via fd00:100::1 metric 512
ip link add mv9 link eth0 type macvlan mode private
ip link set mv9 up
ip address add 192.168.100.9/32 dev mv9
ip route add 10.3.0.0/16 dev mv9 proto 42 src 192.168.100.9
"""


#: Foreign additions to a link of ours.
ADDED = """
ip address add 192.168.100.7/32 dev lan0 valid_lft 500 preferred_lft 500
ip route add 10.4.0.0/16 dev lan0 proto 42
echo 2 > /proc/sys/net/ipv4/conf/lan0/rp_filter
"""
#: The link as a run creates it, in less time.
BY_HAND = """
ip link add lan0 link eth0 address 02:00:00:00:00:10 type macvlan mode bridge
ip link set lan0 alias linuxnet.macvlan up
ip address add 192.168.100.3/32 dev lan0
ip address add fd00:100::3/128 dev lan0
ip route add 192.168.100.128/28 dev lan0 proto static
ip route add 10.1.0.0/16 via 192.168.100.130 dev lan0 proto static
"""


@pytest.fixture
def host(segment):
    return made_by_a_run(segment)


@pytest.fixture(scope="module")
def still():
    """A host on which nothing is changed."""
    with Segment() as segment:
        yield made_by_a_run(segment)


def made_by_a_run(segment):
    made = segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])
    made.run("sh", "-e", "-c", FURNITURE)
    result = made.module("macvlan_link", {"links": [LINK], "host_id": "web1"})
    assert not result.get("failed"), result["msg"]
    made.run("sh", "-e", "-c", ADDED)
    return made


def furnished(segment, name):
    made = segment.host(name, addresses=["192.168.100.11/24", "fd00:100::11/64"])
    made.run("sh", "-e", "-c", FURNITURE + BY_HAND + ADDED)
    return made


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.05)


def detected(host):
    """Whether duplicate address detection is over: a kernel worker ends it, even where it sends nothing."""
    local = host.ip("-6", "route", "show", "table", "local").stdout
    links = [link for link in host.json("-6", "address", "show") if "LOWER_UP" in link["flags"]]
    return all(f"local {item['local']} dev {link['ifname']} " in local for link in links for item in link["addr_info"])


def indexes(host):
    """What a link that had to be made again cannot get back, by name."""
    return {link["ifname"]: link["ifindex"] for link in host.json("link", "show")}


def state(host):
    """All kernel state that a change could touch, without counters, lifetimes and indexes."""
    until(lambda: detected(host))
    links = {
        link["ifname"]: (
            {key: link.get(key) for key in ("link", "address", "mtu", "ifalias", "operstate", "promiscuity")},
            link.get("linkinfo"),
            sorted(link["flags"]),
        )
        for link in host.json("link", "show")
    }
    addresses = {
        link["ifname"]: sorted(
            (item["local"], item["prefixlen"], item.get("address", ""), item["scope"], item.get("dynamic", False))
            for item in link["addr_info"]
        )
        for link in host.json("address", "show")
    }
    routes = [
        line
        for family in ("-4", "-6")
        for line in host.ip(family, "route", "show", "table", "all").stdout.splitlines()
        # The kernel adds its own after duplicate address detection.
        if "multicast" not in line and not line.startswith("local fe80::")
    ]
    rules = [host.ip(family, "rule", "show").stdout for family in ("-4", "-6")]
    settings = host.run("sh", "-c", "grep -r . /proc/sys/net/ipv?/conf/ 2>/dev/null | sort").stdout
    return {"links": links, "addresses": addresses, "routes": sorted(routes), "rules": rules, "settings": settings}


def change(host, token, *links, timeout=1, **more):
    args = {"links": list(links), "host_id": "web1", "confirm_token": token, "confirm_timeout": timeout}
    return host.module("macvlan_link", {**args, **more.pop("options", {})}, **more)


def ask(host, token, wait=30):
    answer = host.module("confirm_change", {"token": token, "wait": wait})
    assert not answer.get("failed"), answer["msg"]
    return answer["state"], answer["data"]


def outcome(host, token):
    """The host's answer after it has undone a change."""
    # Until then the request itself would be the confirmation.
    until_nobody_works_on(host)
    state, data = ask(host, token, wait=0)
    assert state == "undone"
    return data


def until_nobody_works_on(host):
    """Wait until module and guard have ended, and the state is final."""
    assert netns.idle(host.netns, 60), "this did not happen"


def left(host):
    """The files of a pending change, and of one that was undone."""
    return sorted(str(path) for path in (host.memory / "confirm").rglob("*"))


def test_a_change_that_is_confirmed_stays_and_leaves_no_trace(host):
    done = change(host, "a1", {**LINK, "mode": "private"}, timeout=20)
    assert done["confirm"] == {"token": "a1", "timeout": 20}
    now = state(host)
    assert ask(host, "a1", wait=0)[0] == "confirmed"
    assert state(host) == now
    assert left(host) == []
    again = change(host, "a2", {**LINK, "mode": "private"})
    assert (again["changed"], "confirm" in again) == (False, False)
    assert left(host) == []


@pytest.mark.parametrize(
    ("links", "options"),
    [
        ([{**LINK, "name": "lan1", "mac": "02:00:00:00:00:11", "addresses": ["192.168.100.4"]}, LINK], {}),
        ([{**LINK, "mode": "private", "mac": "02:00:00:00:00:99", "mtu": 1400, "sysctl": {"arp_ignore": 2}}], {}),
        ([{**LINK, "addresses": ["192.168.100.4/32"], "routes": [], "up": False}], {}),
        ([{**LINK, "parent": "eth1", "parent_sysctl": {}}], {"recreate": "when_needed"}),
        ([{**LINK, "state": "absent"}, {"name": "mv9", "state": "absent"}], {}),
        ([], {"purge": True}),
        ([{"name": "mv9", "parent": "eth0", "addresses": ["192.168.100.8"], "mtu": 1300, "routes": []}], {}),
        ([{"name": "mv8", "parent": "eth1", "mode": "passthru", "addresses": []}], {}),
        ([{**LINK, "routes": [{"destination": "0.0.0.0/0"}, {"destination": "192.168.100.0/25"}]}], {}),
    ],
    ids=["create", "in-place", "down", "recreate", "remove", "purge", "adopt", "passthru", "routes"],
)
def test_what_nobody_confirms_is_as_it_was(host, links, options):
    host.ip("route", "add", "10.5.0.0/16", "dev", "lan0", "metric", "7")
    before, first = state(host), indexes(host)
    done = change(host, "a1", *links, options=options)
    assert not done.get("failed"), done["msg"]
    assert done["changed"] is True
    came = outcome(host, "a1")
    assert state(host) == before
    assert came["reason"] == "no new connection confirmed the change within 1 s"
    assert came["left"] == [
        f"link {name}: it is a new one with the index {index}, not {first[name]}, and new counters"
        for name, index in indexes(host).items()
        if index != first[name]
    ]
    assert came["undone"]
    assert left(host) == []
    again = change(host, "a2", *links, options=options, check=True)
    assert again["messages"] == done["messages"], "the next run finds the initial state"


def test_a_change_that_fails_half_way_is_undone_at_once(host):
    before = state(host)
    unreachable = {
        **LINK,
        "addresses": ["192.168.100.4"],
        "routes": [{"destination": "10.0.0.0/8", "gateway": "1.2.3.4"}],
    }
    failed = change(host, "a1", unreachable, timeout=60)
    assert failed["failed"] is True
    assert "Network is unreachable" in failed["msg"]
    assert "undone: " in failed["msg"]
    assert state(host) == before
    assert left(host) == []


def test_check_mode_arms_nothing_and_keeps_the_outcome_to_report(host):
    predicted = change(host, "a1", {**LINK, "mode": "private"}, check=True)
    assert (predicted["changed"], "confirm" in predicted, left(host)) == (True, False, [])
    change(host, "a2", {**LINK, "mode": "private"}, timeout=1)
    until_nobody_works_on(host)
    reported = [change(host, "a3", LINK, check=True), change(host, "a4", LINK)]
    for result in reported:
        assert "an earlier change was undone at" in str(result["warnings"])
        assert "link lan0 mode: private -> bridge" in str(result["warnings"])
    # A link of somebody else that answers for the host is a warning of each run.
    assert "an earlier change" not in str(change(host, "a5", LINK).get("warnings"))
    assert left(host) == []


def test_a_second_change_waits_for_the_first(host):
    before = state(host)
    change(host, "a1", {**LINK, "mode": "private"}, timeout=1)
    other = change(host, "a2", {**LINK, "mtu": 1400}, timeout=20)
    assert other["messages"] == ["link lan0 mtu: 1500 -> 1400"]
    assert "an earlier change was undone" in str(other["warnings"]), "it had waited until that was over"
    assert ask(host, "a1", wait=0)[0] == "unknown"
    assert ask(host, "a2", wait=0)[0] == "confirmed"
    assert host.link("lan0")["mtu"] == 1400
    change(host, "", LINK)
    assert state(host)["links"] == before["links"]


def test_a_negative_time_is_refused(host):
    refused = change(host, "a1", LINK, timeout=-1)
    assert [problem["key"] for problem in refused["problems"]] == ["confirm_timeout"]


#: Runs the module's work and kills its whole session before the write of that number.
KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import run as convergence
before_write(int(sys.argv[2]), lambda: os.killpg(0, signal.SIGKILL))
options = convergence.ConvergeOptions(eval(sys.argv[3]), host_id="web1")
convergence.converge(options, request=Request("a1", 60))
print("complete")
"""


@pytest.mark.parametrize(
    "links",
    [
        [{**LINK, "name": "lan1", "mac": "02:00:00:00:00:11", "addresses": ["192.168.100.4"], "routes": []}],
        [{**LINK, "mode": "private", "addresses": ["192.168.100.4"], "routes": [{"destination": "10.7.0.0/16"}]}],
        [{**LINK, "state": "absent"}],
    ],
    ids=["create", "in-place", "remove"],
)
def test_killed_between_any_two_writes(segment, links):
    def killed(number):
        host = furnished(segment, f"k{number}")
        before = state(host)
        argv = [sys.executable, "-c", COUNTED + KILLED, str(ROOT / "collections"), str(number), repr(links)]
        done = host.run("setsid", "--wait", *argv, check=False)
        if "complete" in done.stdout:
            assert ask(host, "a1")[0] == "confirmed"
            return "complete"
        until_nobody_works_on(host)
        assert state(host) == before, f"killed before write {number}"
        reported = host.module("macvlan_link", {"links": []})
        assert "the module was ended before the change was complete" in str(reported["warnings"])
        return "undone"

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(killed, range(3)))
        while "complete" not in ends:
            ends += pool.map(killed, range(len(ends), len(ends) + 4))
            assert len(ends) < 30
    assert ends.count("undone") >= 4


def test_killed_at_any_time(segment):
    """The same from outside, at moments a tenth of a second apart."""
    args = {"links": [{"name": "lan0", "state": "absent"}], "host_id": "web1", "confirm_token": "a1"}

    def killed(number):
        host = furnished(segment, f"k{number}")
        before = state(host)
        argv = [sys.executable, ROOT / "tests/integration/run_module.py", "macvlan_link"]
        script = ["timeout", "--signal=KILL", f"{0.1 * number + 0.1:.1f}", *map(str, argv)]
        host.run(*script, input=json.dumps({**args, "confirm_timeout": 1}), check=False)
        until_nobody_works_on(host)
        assert state(host) == before
        host.module("macvlan_link", {"links": []})
        assert left(host) == []

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(killed, range(8)))


OVER = {"eth0": "192.168.100.2 50000 192.168.100.11 22", "lan0": "192.168.100.130 50000 192.168.100.3 22"}


@pytest.mark.parametrize("become", [False, True])
def test_what_carries_the_connection_is_found(still, become):
    """sudo removes the variable: then that of an ancestor counts."""
    without = ["sh", "-c", 'env -u SSH_CONNECTION "$@"; :', "sh"] if become else []
    result = change(still, "", LINK, check=True, wrapper=["env", f"SSH_CONNECTION={OVER['eth0']}", *without])
    assert result["uplink"] == {"peer": "192.168.100.2", "address": "192.168.100.11", "link": "eth0", "gateway": None}


@pytest.mark.parametrize(
    ("connection", "uplink"),
    [
        ("10.2.0.9 50000 192.168.100.11 22", ("eth0", {"192.168.100.1", "192.168.100.2"})),
        ("10.77.0.9 50000 192.168.100.5 22", ("eth0", {"192.168.100.2"})),
        ("10.77.0.9 50000 192.168.100.11 22", ("eth0", {"192.168.100.1"})),
        ("fd00:200::9 50000 fd00:100::11 22", ("eth0", {"fd00:100::1"})),
        (OVER["lan0"], ("lan0", {None})),
        ("192.168.100.2 50000 192.168.200.11 22", None),
        ("127.0.0.1 50000 127.0.0.1 22", None),
        ("192.168.100.11 50000 192.168.100.11 22", None),
    ],
)
def test_the_uplink_follows_the_kernels_route_lookup(still, connection, uplink):
    result = change(still, "", LINK, check=True, wrapper=["env", f"SSH_CONNECTION={connection}"])
    found = result["uplink"]
    if uplink is None:
        assert found is None
    else:
        assert found["link"] == uplink[0]
        assert found["gateway"] in uplink[1]


@pytest.mark.parametrize(
    ("over", "links", "key"),
    [
        ("lan0", [{**LINK, "state": "absent"}], "links"),
        ("lan0", [{**LINK, "addresses": ["192.168.100.3"], "up": False}], "links[0]"),
        ("lan0", [{**LINK, "mac": "02:00:00:00:00:99"}], "links[0]"),
        ("lan0", [{**LINK, "addresses": []}], "links[0]"),
        ("lan0", [{**LINK, "routes": []}], "links[0]"),
        ("eth0", [{**LINK, "routes": [{"destination": "192.168.100.0/25"}]}], "links[0]"),
        ("eth0", [{**LINK, "addresses": ["192.168.100.3/25"]}], "links[0]"),
    ],
)
def test_a_change_of_what_carries_the_connection_is_refused(still, over, links, key):
    before = state(still)
    wrapper = ["env", f"SSH_CONNECTION={OVER[over]}"]
    for check in (True, False):
        refused = change(still, "a1", *links, wrapper=wrapper, check=check)
        assert {problem["key"] for problem in refused["problems"]} == {key}
        assert "carries Ansible's own connection" in refused["msg"]
    assert state(still) == before


def test_it_is_made_where_that_is_allowed_and_can_be_undone(host):
    before = state(host)
    wrapper, options = ["env", f"SSH_CONNECTION={OVER['lan0']}"], {"allow_uplink_change": True}
    for token, timeout in (("", 30), ("a1", 0)):
        without = {**LINK, "addresses": []}
        refused = change(host, token, without, timeout=timeout, wrapper=wrapper, options=options)
        assert "nothing would undo it" in refused["msg"]
    allowed = change(host, "a1", {**LINK, "addresses": []}, wrapper=wrapper, options=options)
    assert allowed.get("changed"), allowed["msg"]
    assert outcome(host, "a1")["left"] == []
    assert state(host) == before
