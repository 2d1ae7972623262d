# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which edge the watch locates probes that a real kernel drops, and what the kernel says of it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.data import PathsData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.marks import LENGTH
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.watch import Observer
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.shape import fault
from labkit.segment import Namespace

from .lan import CONTAINER, NETWORK, SHIM, Lan

INTERVAL = 0.2


class FollowedLan(Lan):
    def follow(self, harm: Callable[[], object], rounds: int = 8, targets: tuple[str, ...] = ()) -> dict:
        """The paths of what is lost after something is done to a healthy host. targets: further addresses."""

        def inside() -> Observer:
            asked = [{"target": item} for item in targets]
            observer = Observer({"networks": [NETWORK], "targets": asked, "interval": INTERVAL, "duration": 120})
            observer.start()
            try:
                time.sleep(3 * INTERVAL)
                harm()
                time.sleep(rounds * INTERVAL)
            finally:
                observer.stop()
            return observer

        paths = run_in(f"/run/netns/{self.host.netns}", inside).paths
        assert paths is not None
        assert not fault(paths, PathsData)
        return paths


@pytest.fixture
def lan(segment) -> FollowedLan:
    return FollowedLan(segment)


def nft(namespace: Namespace, rule: str, family: str = "ip", device: str = "") -> None:
    """Drop what matches a rule at a hook: ``HOOK RULE``."""
    hook, dummy, match = rule.partition(" ")
    on = f' device "{device}"' if device else ""
    namespace.run(
        "nft",
        "-f",
        "-",
        input=f"""
table {family} lost {{
    chain {hook} {{
        type filter hook {hook}{on} priority 0;
        {match} drop
    }}
}}
""",
    )


def edge(paths: dict, kind: str, method: str = "echo") -> dict:
    """The edge on which most of a kind of target was lost."""
    found = [item for item in paths["targets"] if f"/{kind}/" in item["target"] and item["target"].endswith(method)]
    assert found, paths
    return found[0]["edges"][0]


def where(item: dict) -> tuple:
    # The names of the lab's namespaces have a prefix.
    return (*(re.sub(r"^lnm[0-9a-f]+-", "", end) for end in item["edge"]), item["direction"])


def reasons(item: dict) -> set[str]:
    return {drop["reason"] for drop in item["drops"]}


def test_a_healthy_host_has_no_lost_paths_and_leaves_nothing(lan):
    paths = lan.follow(lambda: None, rounds=3)
    assert paths["targets"] == []
    assert not paths["not_traced"]
    assert "tracefs" not in subprocess.run(["mount"], capture_output=True, text=True, check=True).stdout


def test_a_rule_of_the_container_that_drops_what_comes_in(lan):
    found = edge(lan.follow(lambda: nft(lan.container, "input icmp type echo-request")), "host_to_container")
    assert where(found) == ("c1/eth0", "holder", "request")
    assert reasons(found) == {"NETFILTER_DROP"}


def test_a_container_that_is_requested_beside_the_networks_is_followed(lan):
    paths = lan.follow(lambda: nft(lan.container, "input icmp type echo-request"), targets=(CONTAINER,))
    found = next(item for item in paths["targets"] if item["target"].startswith("target/"))
    assert where(found["edges"][0]) == ("c1/eth0", "holder", "request")


def test_another_machine_that_is_requested_is_followed_to_the_network(lan):
    paths = lan.follow(lambda: nft(lan.gateway, "input icmp type echo-request"), targets=("192.168.100.1",))
    found = next(item for item in paths["targets"] if item["target"].startswith("target/"))
    assert where(found["edges"][0]) == ("eth0", "network", "unknown")


def test_a_rule_of_the_container_that_drops_what_goes_out(lan):
    found = edge(lan.follow(lambda: nft(lan.container, "output icmp type echo-reply")), "host_to_container")
    assert where(found) == ("holder", "c1/eth0", "answer")
    assert reasons(found) == {"NETFILTER_DROP"}


def test_a_rule_on_the_ingress_of_the_container(lan):
    def harm() -> None:
        nft(lan.container, "ingress icmp type echo-request", "netdev", "eth0")

    assert where(edge(lan.follow(harm), "host_to_container")) == ("c1/eth0", "holder", "request")


def test_a_rule_of_the_host_that_drops_answers(lan):
    def harm() -> None:
        nft(lan.host, f"input ip saddr {CONTAINER} icmp type echo-reply")

    found = edge(lan.follow(harm), "host_to_container")
    assert where(found) == ("lan0", "sender", "answer")
    assert reasons(found) == {"NETFILTER_DROP"}


def test_a_rule_of_the_host_that_drops_what_it_sends(lan):
    def harm() -> None:
        nft(lan.host, f"output ip daddr {CONTAINER} icmp type echo-request")

    found = edge(lan.follow(harm), "host_to_container")
    assert where(found) == ("sender", "lan0", "request")


def test_a_rule_on_the_ingress_of_the_parent(lan):
    def harm() -> None:
        nft(lan.host, "ingress icmp type echo-request", "netdev", "eth0")

    found = edge(lan.follow(harm), "host_to_container")
    assert where(found) == ("eth0", "c1/eth0", "request")
    assert reasons(found)


def test_strict_rp_filter_of_the_host(lan):
    def harm() -> None:
        lan.host.sysctl("net/ipv4/conf/lan0/rp_filter", 1)
        lan.host.ip("route", "replace", "192.168.100.128/28", "dev", "eth0")

    found = edge(lan.follow(harm), "container_to_host")
    assert where(found) == ("lan0", "holder", "request")
    assert "IP_RPFILTER" in reasons(found)


def test_a_port_that_drops_the_link_s_mac_address(lan):
    mac = lan.host.mac("lan0")

    def harm() -> None:
        lan.segment.switch.run(
            "nft",
            "-f",
            "-",
            input=f"""
table bridge lost {{
    chain forward {{
        type filter hook forward priority 0;
        ether saddr {mac} drop
    }}
}}
""",
        )

    found = edge(lan.follow(harm), "gateway_from_link", "who_has")
    assert where(found) == ("eth0", "network", "unknown")
    assert found["protocol"] == "arp"


def test_a_gateway_that_drops_pings(lan):
    found = edge(lan.follow(lambda: nft(lan.gateway, "input icmp type echo-request")), "gateway_from_parent")
    assert where(found) == ("eth0", "network", "unknown")
    assert found["protocol"] == "icmp"


def test_a_blackhole_route_of_the_container(lan):
    found = edge(lan.follow(lambda: lan.container.ip("route", "add", "blackhole", f"{SHIM}/32")), "host_to_container")
    assert where(found) == ("holder", "c1/eth0", "answer")


def test_drops_of_what_others_send_are_not_taken_for_ours(lan, monkeypatch):
    """Another program's pings have the lengths of ours, and are dropped on an interface of the same name."""
    monkeypatch.setattr("secrets.randbelow", lambda dummy: 0)
    other = lan.segment.host("h2", addresses=["192.168.100.12/24"])
    nft(other, "input icmp type echo-request")

    def harm() -> None:
        lan.container.ip("route", "add", "blackhole", f"{SHIM}/32")
        for size in range(LENGTH, LENGTH + 8):
            argv = ["ping", "-n", "-q", "-i", "0.05", "-s", str(size - 28), "192.168.100.12"]
            lan.gateway.start(*argv, stdout=subprocess.DEVNULL)

    found = edge(lan.follow(harm), "host_to_container")
    assert where(found) == ("holder", "c1/eth0", "answer")
    assert not found["drops"]


def test_a_declared_link_that_is_not_there(lan):
    lan.host.ip("link", "delete", "lan0")
    paths = lan.follow(lambda: None, rounds=5)
    assert where(edge(paths, "host_to_container")) == ("sender", "lan0", "request")
    assert where(edge(paths, "container_to_host")) == ("eth0", "lan0", "request")


def test_a_container_link_that_is_down(lan):
    found = edge(lan.follow(lambda: lan.container.ip("link", "set", "eth0", "down"), rounds=12), "host_to_container")
    assert where(found) == ("eth0", "c1/eth0", "request")


def test_a_container_that_answers_no_arp(lan):
    def harm() -> None:
        lan.container.sysctl("net/ipv4/conf/eth0/arp_ignore", 8)
        lan.host.ip("neighbour", "flush", "dev", "lan0")

    # what is in flight at the end does not count, and an ARP request goes out once a second
    found = edge(lan.follow(harm, rounds=16), "host_to_container")
    assert (where(found), found["protocol"]) == (("c1/eth0", "holder", "request"), "arp")


def test_instances_of_killed_runs_are_removed(lan):
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1]);"
        "from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.tracing import Tracing;"
        "t = Tracing(); print(t._name, flush=True); time.sleep(60)"
    )
    collections = str(Path(__file__).resolve().parents[3] / "collections")
    process = subprocess.Popen([sys.executable, "-c", program, collections], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = {process.stdout.readline().strip()}
    assert left <= _instances()
    process.kill()
    process.wait()
    lan.follow(lambda: None, rounds=2)
    assert not left & _instances()


def _instances() -> set[str]:
    script = "mount -t tracefs tracefs /sys/kernel/tracing && ls /sys/kernel/tracing/instances"
    shown = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=True)
    return {name for name in shown.stdout.split() if name.startswith("linuxnet-macvlan-")}
