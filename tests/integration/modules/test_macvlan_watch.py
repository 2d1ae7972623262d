# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the watch sees of real changes on a real kernel, and which culprits it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import decode as rtnetlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import namespace as watched_namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import Culprits
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TimelineData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.watch import Observer
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.shape import fault
from labkit.segment import Namespace

from .lan import CONTAINER, GATEWAY, NETWORK, PARENT, SHIM, Lan

INTERVAL = 0.25

#: Deletes an address over its second netlink socket, whose port id is no pid, when its stdin has a line.
DAEMON = """
import socket, struct, sys
first, second = (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) for dummy in range(2))
first.bind((0, 0)); second.bind((0, 0))
print(flush=True); sys.stdin.readline()
index = socket.if_nametoindex("lan0")
address = socket.inet_aton("192.168.100.3")
body = struct.pack("=BBBBI", 2, 32, 0, 0, index) + struct.pack("=HH4s", 8, 2, address)
second.send(struct.pack("=IHHII", 16 + len(body), 21, 1, 1, 0) + body)
sys.stdin.readline()
"""


#: Ten times 300 ARP requests for the host's link, each from another MAC address, and a reply that announces a
#: container's address.
STORM = """
import os, socket, struct
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
wire.bind(("eth0", 0))
def send(operation, mac, sender, target):
    arp = struct.pack("!HHBBH6s4s6s4s", 1, 2048, 6, 4, operation, mac, sender, bytes(6), target)
    wire.send(b"\\xff" * 6 + mac + b"\\x08\\x06" + arp)
other, link, container = (bytes((192, 168, 100, number)) for number in (99, 3, 129))
for dummy in range(10):
    for dummy in range(300):
        send(1, b"\\2" + os.urandom(5), other, link)
    send(2, b"\\2\\0\\0\\0\\0\\x99", container, container)
"""


class WatchedLan(Lan):
    def __init__(self, segment) -> None:
        super().__init__(segment)
        for namespace in (self.host, self.container):
            # Their link-local addresses would still change.
            namespace.sysctl("net/ipv6/conf/all/disable_ipv6", 1)

    def watch(self, meanwhile: Callable[[Observer], object], **request) -> dict:
        """The timeline while a function runs."""

        def inside() -> dict:
            observer = Observer({"networks": [NETWORK], "interval": INTERVAL, "duration": 120, **request})
            observer.start()
            try:
                meanwhile(observer)
                time.sleep(4 * INTERVAL)
            finally:
                result = observer.stop()
            return result

        timeline = run_in(f"/run/netns/{self.host.netns}", inside)
        assert not fault(timeline, TimelineData)
        return timeline

    def shell(self, script: str) -> subprocess.CompletedProcess:
        return self.host.run("sh", "-c", script)

    def batch(self, *commands: str, namespace: Namespace | None = None) -> subprocess.Popen:
        """An ip(8) that does this and keeps running, so that there is time to identify it on a busy machine."""
        process = (namespace or self.host).start("ip", "-batch", "-", stdin=subprocess.PIPE)
        self.more(process, *commands)
        return process

    def more(self, batch: subprocess.Popen, *commands: str) -> None:
        batch.stdin.write("".join(f"{command}\n" for command in commands))
        batch.stdin.flush()


@pytest.fixture
def lan(segment) -> Lan:
    return WatchedLan(segment)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.05)


def events(timeline: dict, kind: str, action: str | None = None, link: str | None = None, namespace: str = "") -> list:
    return [
        item
        for item in timeline["events"]
        if item["kind"] == kind
        and action in (None, item["action"])
        and link in (None, item["link"])
        and item["namespace"] == namespace
    ]


def target(timeline: dict, kind: str, method: str = "echo", address: str | None = None) -> dict:
    (found,) = [
        item
        for item in timeline["targets"]
        if item["kind"] == kind and item["method"] == method and address in (None, item["target"])
    ]
    return found


def test_healthy_host_loses_nothing(lan):
    timeline = lan.watch(lambda dummy: time.sleep(2))
    assert {item["kind"] for item in timeline["targets"]} == {
        "gateway_from_parent", "gateway_from_link", "host_to_container", "container_to_host", "container_to_gateway",
    }  # fmt: skip
    for item in timeline["targets"]:
        assert item["losses"] == [], item
        assert item["sent"] == item["received"] > 5, item
    assert timeline["first_break"] is None
    assert target(timeline, "gateway_from_link", "who_has")["answered_by"] == [lan.gateway.mac()]
    assert not events(timeline, "link") + events(timeline, "address") + events(timeline, "route"), timeline["events"]
    assert {(item["link"], item["name"]) for item in timeline["counters"]} >= {
        ("eth0", "rx_dropped"), ("lan0", "rx_dropped"), ("", "TcpExtIPReversePathFilter"),
    }  # fmt: skip


def test_address_removed_by_a_short_lived_program(lan):
    moments = []

    def meanwhile(observer: Observer) -> None:
        time.sleep(1)
        moments.append(observer.after())
        lan.shell(f"ip address del {SHIM}/32 dev lan0; true")
        until(lambda: any(f"{SHIM}/32 removed" in item["what"] for item in observer._record.events))
        moments.append(observer.after())
        time.sleep(2)
        lan.host.ip("address", "add", f"{SHIM}/32", "dev", "lan0")
        lan.host.ip("route", "add", "192.168.100.128/28", "dev", "lan0")
        moments.append(observer.after())
        time.sleep(1)

    timeline = lan.watch(meanwhile)
    (gone,) = events(timeline, "address", "delete", "lan0")
    assert gone["what"] == f"address {SHIM}/32 removed from lan0"
    assert moments[0] <= gone["after"] <= moments[1]
    process = gone["process"]

    lost = target(timeline, "host_to_container")
    ((begin, end),) = lost["losses"]
    slack = 2 * INTERVAL
    assert moments[0] - slack <= begin <= moments[1] + slack
    assert moments[1] <= end <= moments[2] + 2 * slack
    assert lost["first_loss"] == begin
    assert timeline["first_break"]["after"] <= begin
    assert timeline["first_break"]["target"].split("/")[1] in ("host_to_container", "container_to_host")
    # The kernel removes routes over the link with its last address, without a notification.
    (route,) = events(timeline, "route", "delete", "lan0")
    assert (route["data"]["destination"], route["data"]["silent"]) == ("192.168.100.128/28", True)
    assert (route["data"]["with"], route["process"]) == (gone["what"], process)
    assert len(events(timeline, "address", "new", "lan0")) == 1


def test_program_of_milliseconds_is_named_with_its_parents(lan):
    rounds = 10
    one = f"ip address del {SHIM}/32 dev lan0; ip address add {SHIM}/32 dev lan0"
    timeline = lan.watch(lambda dummy: lan.shell(f"for i in $(seq {rounds}); do {one}; done; true"))
    gone = events(timeline, "address", "delete", "lan0")
    assert len(gone) == rounds
    processes = [item["process"] for item in gone]
    for process in processes:
        assert process["known_by"] in ("process events", "port id")
        # On a busy machine one can end before more than its parent is known.
        assert process["name"] in ("ip", "")
        assert process["parents"][0]["name"] == "sh"
        assert process["self"], "it was started by the process that watches"
    assert f"ip address del {SHIM}/32 dev lan0" in [item["command"] for item in processes]


def test_daemon_is_named_by_port_id_and_by_list_of_sockets(lan):
    batch = lan.batch()
    daemon = lan.host.start(sys.executable, "-c", DAEMON, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    daemon.stdout.readline()

    def meanwhile(dummy: Observer) -> None:
        lan.more(batch, "route add default via 192.168.100.1 dev lan0 onlink metric 5")
        daemon.stdin.write("\n")
        daemon.stdin.flush()
        time.sleep(1)

    timeline = lan.watch(meanwhile)
    (route,) = events(timeline, "route", "new", "lan0")
    assert route["what"] == "default route via 192.168.100.1 dev lan0 metric 5 added"
    assert (route["process"]["pid"], route["process"]["known_by"]) == (batch.pid, "port id")
    (gone,) = events(timeline, "address", "delete", "lan0")
    assert (gone["process"]["pid"], gone["process"]["known_by"]) == (daemon.pid, "/proc/net/netlink")
    assert gone["process"]["command"].startswith(f"{sys.executable} -c")


def test_change_by_a_script_belongs_to_its_unit(lan):
    roots = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
    root = next(Path(path) for path in roots if Path(path, "cgroup.procs").exists())
    group = root / f"{lan.segment.prefix}.service"
    group.mkdir()
    try:
        # ip-netns(8) would hide the cgroups.
        argv = ["nsenter", f"--net=/run/netns/{lan.host.netns}", "sh", "-ec"]
        inner = f"ip rule add from {PARENT} lookup 100; true"
        script = f"echo $$ > {group}/cgroup.procs; exec sh -c '{inner}'"
        timeline = lan.watch(lambda dummy: subprocess.run([*argv, script], check=True))
    finally:
        group.rmdir()
    (rule,) = events(timeline, "rule", "new")
    assert rule["what"].endswith(f"from {PARENT}/32 lookup 100 added")
    assert rule["process"]["unit"] == group.name


@pytest.fixture
def others(monkeypatch):
    """The commands are this process's own here, as the watch is, and those of a watch are no suspects."""
    monkeypatch.setattr(Culprits, "_line", lambda _self, _process: set())


@pytest.mark.usefixtures("others")
def test_who_took_a_link_down_is_named_and_of_other_changes_where_the_trace_has_it(lan):
    """The kernel's trace has the process that takes a link down, however short it lives and whatever else starts."""

    def meanwhile(dummy: Observer) -> None:
        lan.shell("ip link set lan0 mtu 1400")
        lan.shell("ip link set lan0 type macvlan mode vepa")
        time.sleep(2)
        lan.shell("ip link set lan0 down")
        lan.shell("ip link set lan0 address 02:00:00:00:00:77")
        lan.shell("ip link set lan0 name lan9")
        lan.batch("link del lan9")
        time.sleep(1)

    timeline = lan.watch(meanwhile)
    changed: dict = {}
    for item in events(timeline, "link", "change"):
        changed.update(item["data"]["changed"])
    assert changed["mtu"] == [1500, 1400]
    assert changed["mode"] == ["bridge", "vepa"], "there is no notification of this"
    assert changed["up"] == [True, False]
    assert changed["mac"][1] == "02:00:00:00:00:77"
    assert changed["name"] == ["lan0", "lan9"]
    (down,) = [item for item in events(timeline, "link", "change") if "up" in item["data"]["changed"]]
    (gone,) = events(timeline, "link", "delete")
    assert gone["what"] == "lan9 disappeared"
    for item in (down, gone):
        assert (item["process"]["name"], item["process"]["known_by"]) == ("ip", "trace of the kernel")
    assert gone["process"]["pid"] != down["process"]["pid"]
    (other,) = [item for item in events(timeline, "link", "change") if "mtu" in item["data"]["changed"]]
    if other["process"] is None:
        assert "no port id" in other["process_unknown"], "a kernel without the tracepoint notifier_run"
        assert "ip" in [item["name"] for item in other["suspects"]]
    else:
        assert (other["process"]["name"], other["process"]["known_by"]) == ("ip", "trace of the kernel")
    assert "ip" in [item["process"]["name"] for item in events(timeline, "process", "new")]
    assert target(timeline, "host_to_container")["losses"]


@pytest.mark.usefixtures("others")
def test_ipv6_changes_have_suspects(lan):
    lan.gateway.ip("address", "add", "fd00::1/64", "dev", "eth0", "nodad")
    for namespace in (lan.host, lan.container):
        namespace.sysctl("net/ipv6/conf/all/disable_ipv6", 0)
    lan.host.ip("address", "add", "fd00::11/64", "dev", "eth0", "nodad")
    lan.host.ip("address", "add", "fd00::3/128", "dev", "lan0", "nodad")
    lan.host.ip("route", "add", "fd00::129/128", "dev", "lan0")
    lan.container.ip("address", "add", "fd00::129/64", "dev", "eth0", "nodad")
    network = {
        **NETWORK,
        "subnets": [*NETWORK["subnets"], "fd00::/64"],
        "gateways": ["fd00::1"],
        "host_addresses": [SHIM, "fd00::3"],
    }

    def meanwhile(dummy: Observer) -> None:
        time.sleep(1)
        lan.batch("address del fd00::3/128 dev lan0")
        time.sleep(1)

    timeline = lan.watch(meanwhile, networks=[network])
    assert target(timeline, "gateway_from_parent", "who_has")["answered_by"] == [lan.gateway.mac()]
    assert target(timeline, "host_to_container", address="fd00::129")["losses"]
    (gone,) = [item for item in events(timeline, "address", "delete", "lan0") if "fd00::3" in item["what"]]
    assert gone["process"] is None
    assert "ip" in [item["name"] for item in gone["suspects"]]


def test_a_parent_without_carrier_that_comes_back(lan):
    def meanwhile(dummy: Observer) -> None:
        lan.segment.switch.ip("link", "set", lan.host.port, "down")
        time.sleep(4 * INTERVAL)
        lan.segment.switch.ip("link", "set", lan.host.port, "up")
        time.sleep(6 * INTERVAL)

    timeline = lan.watch(meanwhile)
    carrier = [item["data"]["changed"]["carrier"] for item in events(timeline, "link", "change", "eth0")
               if "carrier" in item["data"]["changed"]]  # fmt: skip
    assert carrier == [[True, False], [False, True]]
    for method in ("echo", "who_has"):
        lost = target(timeline, "gateway_from_parent", method)
        assert lost["losses"], lost
        assert lost["losses"][-1][1] < timeline["duration"], "it answers again"


def test_link_created_again_is_asked_from_again(lan):
    def meanwhile(dummy: Observer) -> None:
        lan.host.ip("link", "del", "lan0")
        time.sleep(4 * INTERVAL)
        lan.host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
        lan.host.ip("link", "set", "lan0", "up")
        time.sleep(8 * INTERVAL)

    timeline = lan.watch(meanwhile)
    lost = target(timeline, "gateway_from_link", "who_has")
    assert lost["losses"], lost
    assert "No such device" in lost["errors"]
    assert lost["losses"][-1][1] < timeline["duration"], "it answers again"


def test_neighbour_that_moves_is_reported(lan):
    def meanwhile(dummy: Observer) -> None:
        lan.batch(f"neighbour replace {GATEWAY} lladdr 02:00:00:00:00:99 dev eth0")
        time.sleep(1)

    timeline = lan.watch(meanwhile)
    (moved,) = [item for item in events(timeline, "neighbour", "change", "eth0") if "mac" in item["data"]["changed"]]
    assert moved["data"]["changed"]["mac"] == [lan.gateway.mac(), "02:00:00:00:00:99"]
    assert moved["process"]["name"] == "ip"
    assert target(timeline, "gateway_from_parent")["losses"]
    assert not target(timeline, "gateway_from_parent", "who_has")["losses"]


def test_second_holder_of_an_address_is_seen(lan):
    twin = lan.segment.host("twin")

    def meanwhile(dummy: Observer) -> None:
        twin.ip("address", "add", f"{SHIM}/24", "dev", "eth0")
        twin.run("arping", "-q", "-U", "-c", "2", "-I", "eth0", SHIM, check=False)
        time.sleep(0.5)

    timeline = lan.watch(meanwhile)
    seen = [item["data"] for item in events(timeline, "arp", "seen", "eth0")]
    (announced,) = [item for item in seen if item["what"] == "announcement" and item["mac"] == twin.mac()]
    assert (announced["address"], announced["incoming"], announced["own_mac"]) == (SHIM, True, False)
    assert announced["count"] >= 2


def test_own_mac_from_the_network_is_reported(lan):
    twin = lan.segment.host("twin", addresses=["192.168.100.77/24"], mac=lan.container.mac())
    timeline = lan.watch(lambda dummy: twin.run("arping", "-q", "-c", "2", "-I", "eth0", PARENT, check=False))
    (own,) = [item["data"] for item in events(timeline, "arp", "seen", "eth0") if item["data"]["own_mac"]]
    assert (own["mac"], own["asked"]) == (lan.container.mac(), PARENT)


def test_packets_dropped_by_the_reverse_path_filter(lan):
    for device in ("all", "eth0"):
        lan.host.sysctl(f"net/ipv4/conf/{device}/rp_filter", 1)
    lan.gateway.ip("address", "add", "10.9.9.9/32", "dev", "lo")

    def meanwhile(dummy: Observer) -> None:
        time.sleep(1)
        lan.gateway.run("ping", "-c", "3", "-i", "0.2", "-W", "1", "-I", "10.9.9.9", PARENT, check=False)
        time.sleep(1)

    timeline = lan.watch(meanwhile)
    name = "TcpExtIPReversePathFilter"
    (counter,) = [item for item in timeline["counters"] if item["name"] == name and not item["namespace"]]
    assert counter["after"] - counter["before"] >= 3
    (moved,) = [item for item in events(timeline, "counter") if item["data"]["name"] == name]
    assert moved["after"] > 0.9
    # one event stands for all increments until a pause
    assert (moved["data"]["before"], moved["data"]["after"]) == (counter["before"], counter["after"])
    assert moved["data"]["until"] >= moved["after"]


def test_change_inside_a_container_names_it(lan):
    batch = lan.batch(namespace=lan.container)
    timeline = lan.watch(lambda dummy: lan.more(batch, f"address del {CONTAINER}/24 dev eth0"))
    (gone,) = events(timeline, "address", "delete", "eth0", lan.container.netns)
    assert (gone["process"]["pid"], gone["process"]["command"]) == (batch.pid, "ip -batch -")


def test_containers_that_start_and_end(lan):
    made = []

    def meanwhile(observer: Observer) -> None:
        made.append(lan.host.container("c2", addresses=["192.168.100.130/24"]))
        until(lambda: any(item["namespace"] == made[0].netns for item in observer._record.events))
        made[0].run("ip", "route", "add", "default", "via", GATEWAY)
        subprocess.run(["ip", "netns", "delete", lan.container.netns], check=True)
        until(lambda: any("with its namespace" in item["what"] for item in observer._record.events))

    timeline = lan.watch(meanwhile)
    (new,) = events(timeline, "link", "new", "eth0", made[0].netns)
    assert new["what"].startswith(f"in new namespace {made[0].netns}: eth0 appeared (macvlan")
    assert events(timeline, "route", "new", "eth0", made[0].netns)
    (gone,) = events(timeline, "link", "delete", "eth0", lan.container.netns)
    assert "disappeared with its namespace" in gone["what"]
    assert gone["data"]["kind"] == "macvlan"
    assert all("ended" in item["ended"] for item in timeline["targets"] if item["kind"] == "container_to_host")


def test_lost_notifications_are_made_up_for(lan, monkeypatch):
    monkeypatch.setattr(watched_namespace, "RECEIVE_BUFFER", 4096)
    decode = rtnetlink.decode
    monkeypatch.setattr(rtnetlink, "decode", lambda *given: (time.sleep(0.005), decode(*given))[1])

    def meanwhile(dummy: Observer) -> None:
        routes = "".join(f"route add 10.1.{number // 250}.{number % 250}/32 dev eth0\n" for number in range(300))
        lan.host.run("ip", "-batch", "-", input=f"{routes}address add 192.168.100.12/24 dev eth0\n")
        time.sleep(0.5)

    timeline = lan.watch(meanwhile)
    assert any("faster than they could be read" in item for item in timeline["limits"]), timeline["limits"]
    (new,) = events(timeline, "address", "new", "eth0")
    assert new["data"]["address"] == "192.168.100.12/24"
    if new["data"].get("reread"):
        assert new["process_unknown"] == "its notification was lost"


def test_storm_of_routes_hides_nothing_else(lan):
    def meanwhile(dummy: Observer) -> None:
        routes = "".join(f"route add 10.1.{number // 250}.{number % 250}/32 dev eth0\n" for number in range(3000))
        lan.host.run("ip", "-batch", "-", input=routes)
        lan.shell(f"ip address del {SHIM}/32 dev lan0")
        time.sleep(0.5)

    timeline = lan.watch(meanwhile)
    assert len(events(timeline, "route")) <= 500
    assert any("more route events were only counted" in item for item in timeline["limits"]), timeline["limits"]
    assert events(timeline, "address", "delete", "lan0")


def test_storm_of_arp_requests_hides_no_other_claim(lan):
    timeline = lan.watch(lambda dummy: lan.gateway.run(sys.executable, "-c", STORM))
    left_out = [item for item in timeline["limits"] if "came so fast that questions were left out" in item]
    assert any("of eth0 " in item for item in left_out), timeline["limits"]
    reported = [item for item in events(timeline, "arp") if item["data"]["mac"] == "02:00:00:00:00:99"]
    assert {item["data"]["address"] for item in reported} == {CONTAINER}


def test_tcp_from_host_and_container(lan):
    server = lan.gateway.start(sys.executable, "-m", "http.server", "8080", stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while lan.gateway.run("ss", "-Hltn", "sport", "=", "8080").stdout == "" and time.monotonic() < deadline:
        time.sleep(0.1)
    tcp = {"target": GATEWAY, "method": "tcp", "port": 8080}

    def meanwhile(dummy: Observer) -> None:
        time.sleep(1)
        server.kill()
        server.wait()
        time.sleep(1)

    wanted = [tcp, {**tcp, "namespace": lan.container.netns}]
    timeline = lan.watch(meanwhile, networks=[], targets=wanted)
    assert [item["target"] for item in timeline["targets"]] == [f"{GATEWAY}:8080"] * 2
    for item in timeline["targets"]:
        assert item["received"] >= 2, item
        assert len(item["losses"]) == 1, item
        assert item["losses"][0][1] == timeline["duration"], item


def test_a_gateway_that_drops_pings_is_fine_for_containers_too(lan):
    lan.gateway.sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    timeline = lan.watch(lambda dummy: time.sleep(2))
    silent = target(timeline, "container_to_gateway")
    assert (silent["received"], "answers ARP of the container" in silent.get("declined", "")) == (0, True)
    assert broken(timeline["targets"]) == []


def test_a_gateway_that_answers_the_host_and_not_a_container_is_lost_for_it(lan):
    rule = "add rule inet f c ip saddr 192.168.100.129 icmp type echo-request drop"
    lan.gateway.run("nft", "add table inet f; add chain inet f c { type filter hook input priority 0; }")
    lan.gateway.run("nft", rule)
    timeline = lan.watch(lambda dummy: time.sleep(2))
    assert [item["kind"] for item in broken(timeline["targets"])] == ["container_to_gateway"]


@pytest.mark.parametrize(("checks", "fine"), [([], True), (["icmp"], False)])
def test_a_container_that_drops_pings_is_fine_as_verification_has_it(lan, checks, fine):
    lan.container.sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    timeline = lan.watch(lambda watch: time.sleep(2), networks=[{**NETWORK, "checks": checks}])
    silent = target(timeline, "host_to_container")
    assert silent["received"] == 0
    assert ("its own pings to the host are answered" in silent.get("declined", "")) == fine
    assert (silent in broken(timeline["targets"])) != fine


@pytest.mark.parametrize(("declared", "fine"), [([], True), ([CONTAINER], False)])
def test_a_container_that_ends_is_fine_unless_it_is_declared(lan, declared, fine):
    def end(dummy):
        time.sleep(1)
        lan.segment.remove(lan.container)
        time.sleep(2)

    timeline = lan.watch(end, networks=[{**NETWORK, "containers": declared}])
    lost = target(timeline, "host_to_container")
    assert lost["received"] < lost["sent"]
    assert ("ended while it was being watched" in lost.get("declined", "")) == fine
    assert (lost in broken(timeline["targets"])) != fine


def test_missing_declared_link_makes_only_its_targets_impossible(lan):
    lan.host.ip("link", "del", "lan0")
    timeline = lan.watch(lambda dummy: time.sleep(1))
    impossible = {item["kind"]: item["impossible"] for item in timeline["targets"] if item["impossible"]}
    assert impossible["gateway_from_link"] == "this host has no link lan0"
    assert target(timeline, "gateway_from_parent")["received"]


def test_module_returns_the_timeline(lan):
    given = {"networks": [NETWORK], "duration": 1, "interval": 0.2}
    result = lan.host.module("macvlan_watch", given)
    assert not result.get("failed"), result
    assert result["changed"] is False
    assert result["first_break"] is None
    assert result["cost"]["max_rss_kib"] < 50 * 1024
    assert lan.host.module("macvlan_watch", given, check=True)["targets"]


def test_all_problems_of_the_input_are_reported_at_once(lan):
    given = {
        "networks": [{**NETWORK, "subnets": ["192.168.100.1/24"]}],
        "targets": [{"target": "gateway"}, {"target": GATEWAY, "method": "tcp"}],
        "interval": 0.01,
    }
    result = lan.host.module("macvlan_watch", given)
    assert result["failed"]
    keys = {item["key"] for item in result["problems"]}
    assert {"networks[0].subnets[0]", "targets[0].target", "targets[1].port", "interval"} <= keys
    given = {"targets": [{"target": GATEWAY, "namespace": "nowhere"}]}
    (problem,) = lan.host.module("macvlan_watch", given)["problems"]
    assert problem["key"] == "targets[0].namespace"
    assert lan.container.netns in problem["remedy"]


def test_missing_capability_is_named(lan):
    wrapper = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    result = lan.host.module("macvlan_watch", {"networks": [NETWORK]}, wrapper=wrapper)
    assert [item["key"] for item in result["problems"]] == ["CAP_NET_RAW"]


def test_nothing_is_left_when_it_is_killed(lan):
    lan.host.ip("link", "del", "lan0")
    network = {key: value for key, value in NETWORK.items() if key not in ("link", "host_addresses")}
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]);"
        "from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.watch import observe;"
        "observe({'networks': [json.loads(sys.argv[2])]}, lambda observer: (print(flush=True), sys.stdin.read()))"
    )
    collections = str(Path(__file__).resolve().parents[3] / "collections")
    subprocess.run(["ip", "netns", "delete", lan.container.netns], check=True)

    def alone() -> bool:
        """Without children a veth device is not promiscuous."""
        deadline = time.monotonic() + 30
        while lan.host.link("eth0")["promiscuity"] and time.monotonic() < deadline:
            time.sleep(0.1)
        return lan.host.link("eth0")["promiscuity"] == 0

    assert alone()
    process = lan.host.start(
        sys.executable, "-c", code, collections, json.dumps(network), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    assert lan.host.link("eth0")["promiscuity"], "a temporary child asks the gateway"
    children = [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _parent(int(entry)) == process.pid]
    assert children == [], "no other process could be left"
    process.kill()
    process.wait()
    assert alone()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError, ValueError):
        return 0
