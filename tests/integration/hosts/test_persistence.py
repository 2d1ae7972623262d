# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What macvlan_link writes survives a reboot on hosts of every kind, and leaves nothing when it goes."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit.lab import Lab

ROOT = Path(__file__).resolve().parents[3]

#: Host -> operating system, manager, the form that `auto` chooses, and what it says about the parent.
HOSTS = {
    "nm": ("bookworm", "networkmanager", "systemd", "eth0 belongs to NetworkManager (NetworkManager says connected)"),
    "nd": ("trixie", "networkd", "networkd", "/etc/systemd/network/10-eth0.network"),
    "np": ("bookworm", "netplan", "netplan", "/run/systemd/network/10-netplan-eth0.network"),
    "ifup": ("bookworm", "ifupdown", "ifupdown", "eth0 belongs to ifupdown"),
    "bare": ("trixie", "none", "systemd", "eth0 belongs to no daemon"),
}
DROP_IN_OWNERS = {"nd": "10-eth0.network", "np": "10-netplan-eth0.network"}

#: Everything that somebody could find changed: files with mode and content, links, addresses, routes, settings.
SNAPSHOT = r"""
find /etc /usr/local /var/lib/linuxnet-macvlan /run/linuxnet-macvlan /run/systemd/network ! -name resolv.conf \
    -printf '%p %y %m %l\n' 2>/dev/null | sort
find /etc /run/systemd/network ! -name resolv.conf -type f -exec sha256sum {} + | sort -k 2
ip -j link | python3 -c 'import json, sys
for link in json.load(sys.stdin):
    print(link["ifname"], link["address"], link["mtu"], sorted(link["flags"]), link.get("ifalias"))'
ip -brief address | sed 's/@[^ ]*//' | tr -s ' '; ip -4 route show table all; ip -6 route show table main
grep -r . /proc/sys/net/ipv4/conf/*/arp_* /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv6/conf/*/accept_ra
systemctl list-unit-files --state=enabled --no-legend; systemctl list-units --all --no-legend 'linuxnet*' --plain
"""


def topology() -> dict:
    nic = {"name": "eth0", "switch": "sw0", "gateway": "192.168.100.1"}
    hosts = {
        name: {
            "kind": "nspawn",
            "os": system,
            "manager": manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{number}/24"]}],
        }
        for number, (name, (system, manager, *_rest)) in enumerate(HOSTS.items(), start=11)
    }
    return {"switches": {"sw0": {}}, "stations": {"gateway": {"addresses": ["192.168.100.1/24"]}}, "hosts": hosts}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(topology(), name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


class HostOfLab:
    """One host of the lab and the module under test on it."""

    def __init__(self, lab: Lab, module: Callable[..., dict], name: str) -> None:
        self.lab = lab
        self.name = name
        self._module = module
        # Hosts share a segment: each has its own addresses and MAC address.
        self.number = 20 + list(HOSTS).index(name)

    def declared(self, **more) -> dict:
        number = self.number
        return {
            "name": "lan0",
            "parent": "eth0",
            "mac": f"02:00:5e:00:00:{number}",
            "addresses": [f"192.168.100.{number}/32", f"fd00:100::{number}/128"],
            "routes": [
                {"destination": "192.168.100.128/28", "source": f"192.168.100.{number}"},
                {"destination": "192.168.100.144/28", "metric": 50},
                {"destination": "fd00:100::80/124", "source": f"fd00:100::{number}"},
            ],
            "bcqueuelen": 2000,
            "sysctl": {"arp_filter": 1, "arp_ignore": 1, "accept_ra": 0},
            "parent_sysctl": {"arp_filter": 1},
            **more,
        }

    def as_declared(self, **more) -> dict:
        """`declared` as `state` tells it."""
        number = self.number
        settings = ["ipv4/conf/lan0/arp_filter", "ipv4/conf/lan0/arp_ignore", "ipv4/conf/eth0/arp_filter"]
        return {
            "parent": "eth0",
            "mac": f"02:00:5e:00:00:{number}",
            "mtu": 1500,
            "up": True,
            "mode": "bridge",
            "bcqueuelen": 2000,
            "addresses": [f"192.168.100.{number}/32", f"fd00:100::{number}/128"],
            "tentative": [],
            "routes": [
                ("192.168.100.128/28", f"192.168.100.{number}", None),
                ("192.168.100.144/28", None, 50),
                ("fd00:100::80/124", f"fd00:100::{number}", 1024),
            ],
            "settings": {**dict.fromkeys(settings, "1"), "ipv6/conf/lan0/accept_ra": "0"},
            **more,
        }

    def link(self, check: bool = False, fails: bool = False, **args) -> dict:
        result = self._module(self.lab, self.name, "macvlan_link", args, check=check)
        assert bool(result.get("failed")) == fails, result.get("msg")
        return result

    def run(self, *argv: str, check: bool = True, **options) -> str:
        return self.lab.exec(self.name, *argv, check=check, **options).stdout

    def shell(self, script: str) -> str:
        return self.run("sh", "-c", script)

    def snapshot(self) -> str:
        return self.shell(SNAPSHOT)

    def files(self) -> dict[str, str]:
        """Every file of ours by path."""
        found = self.shell("grep -rls '^# Managed by Ansible: linuxnet.macvlan' /etc || true").split()
        return {path: self.run("cat", path) for path in sorted(found)}

    def state(self, name: str = "lan0") -> dict:
        """The link as the kernel has it."""
        link = json.loads(self.run("ip", "-json", "-details", "address", "show", "dev", name))[0]
        routes = json.loads(self.run("ip", "-json", "route", "show", "dev", name, "proto", "static"))
        routes += json.loads(self.run("ip", "-6", "-json", "route", "show", "dev", name, "proto", "static"))
        settings = [f"ipv4/conf/{name}/arp_filter", f"ipv4/conf/{name}/arp_ignore", f"ipv6/conf/{name}/accept_ra"]
        settings.append("ipv4/conf/eth0/arp_filter")
        addresses = [item for item in link["addr_info"] if item["scope"] == "global"]
        return {
            "parent": link["link"],
            "mac": link["address"],
            "mtu": link["mtu"],
            "up": "UP" in link["flags"],
            "mode": link["linkinfo"]["info_data"]["mode"],
            "bcqueuelen": link["linkinfo"]["info_data"]["bcqueuelen"],
            "addresses": [f"{item['local']}/{item['prefixlen']}" for item in addresses],
            "tentative": [item["local"] for item in addresses if item.get("tentative")],
            "routes": [(item["dst"], item.get("prefsrc"), item.get("metric")) for item in routes],
            "settings": {name: self.run("cat", f"/proc/sys/net/{name}").strip() for name in settings},
        }

    @contextmanager
    def parent_untouched(self) -> Iterator[None]:
        """No address and no route of the parent goes meanwhile, not even for a moment."""
        watch = [*self.lab.entry(self.name), "ip", "monitor", "address", "route"]
        with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as monitor:
            try:
                yield
                # An event of ours says that everything before it has been read.
                self.run("ip", "address", "add", "127.1.2.3/32", "dev", "lo")
                self.run("ip", "address", "del", "127.1.2.3/32", "dev", "lo")
                seen = []
                for line in monitor.stdout:
                    seen.append(line)
                    if "Deleted" in line and "127.1.2.3/32" in line:
                        break
            finally:
                monitor.terminate()
        assert [line for line in seen if line.startswith("Deleted") and "eth0" in line] == []


@pytest.fixture
def on(lab, lab_module) -> Iterator[Callable[[str], HostOfLab]]:
    """A host by its name. It has no link when the test ends, whatever happened."""
    used = []

    def get(name: str) -> HostOfLab:
        used.append(HostOfLab(lab, lab_module, name))
        return used[-1]

    yield get
    for host in used:
        host.link(links=GONE)


@pytest.fixture(params=HOSTS)
def host(request, on) -> HostOfLab:
    return on(request.param)


GONE = [{"name": "lan0", "state": "absent"}]


def settled(host: HostOfLab) -> dict:
    """The state once duplicate address detection is over, which the end of a boot does not wait for."""
    for condition in (
        'test -z "$(ip -6 address show tentative)"',
        'test -n "$(ip -6 route show exact fd00:100::80/124)"',
    ):
        host.run("timeout", "30", "sh", "-c", f"until {condition}; do sleep 0.1; done")
    return host.state()


def test_a_link_survives_a_reboot_and_leaves_nothing(host):
    _system, _manager, backend, reason = HOSTS[host.name]
    before = host.snapshot()
    predicted = host.link(check=True, links=[host.declared()])
    assert host.snapshot() == before, "check mode changes nothing"

    with host.parent_untouched():
        done = host.link(links=[host.declared()])
    assert done["changed"] is True
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert done["links"][0]["persistence"] == backend
    assert reason in done["links"][0]["reason"]
    assert host.state() == host.as_declared()
    written = host.files()
    units = [path for path in written if path.endswith(".service")]
    assert host.run("systemd-analyze", "verify", *units) == ""
    assert host.link(links=[host.declared()])["changed"] is False

    host.lab.reboot(host.name)
    assert settled(host) == host.as_declared()
    assert host.files() == written
    again = host.link(links=[host.declared()])
    assert (again["changed"], again["diff"]) == (False, [])

    with host.parent_untouched():
        assert host.link(links=GONE)["changed"] is True
    assert host.snapshot() == before
    assert host.link(links=GONE)["changed"] is False


def test_a_change_reaches_kernel_and_files_in_place(host):
    host.link(links=[host.declared()])
    index = host.run("cat", "/sys/class/net/lan0/ifindex")
    number = host.number
    change = {
        "addresses": [f"192.168.100.{number + 20}/32", f"fd00:100::{number}/128"],
        "routes": [{"destination": "fd00:100::80/124", "source": f"fd00:100::{number}"}],
        "mtu": 1400,
        "mode": "private",
    }
    expected = host.as_declared(
        addresses=change["addresses"],
        routes=[("fd00:100::80/124", f"fd00:100::{number}", 1024)],
        mtu=1400,
        mode="private",
    )
    with host.parent_untouched():
        assert host.link(links=[host.declared(**change)])["changed"] is True
    assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
    assert in_any_order(host.state()) == in_any_order(expected)
    assert host.link(links=[host.declared(**change)])["changed"] is False
    host.lab.reboot(host.name)
    assert in_any_order(settled(host)) == in_any_order(expected)
    assert host.link(links=[host.declared(**change)])["changed"] is False


def in_any_order(state: dict) -> dict:
    return {**state, "addresses": sorted(state["addresses"])}


@pytest.mark.parametrize("name", ["nm", "nd", "np"])
def test_links_on_one_parent_come_and_go_without_each_other(on, name):
    host = on(name)
    other = {
        "name": "lan1",
        "parent": "eth0",
        "mac": f"02:00:5e:00:01:{host.number}",
        "addresses": [f"192.168.100.{host.number + 40}/32"],
        "routes": [],
        "parent_sysctl": {"arp_filter": 1},
    }
    host.link(links=[other])
    alone = host.files()
    with host.parent_untouched():
        host.link(links=[other, host.declared()])
    assert host.state() == host.as_declared()
    assert host.link(links=[other, host.declared()])["changed"] is False
    with host.parent_untouched():
        host.link(links=GONE)
    assert host.files() == alone
    host.lab.reboot(name)
    assert host.run("ip", "-brief", "-4", "address", "show", "dev", "lan1").split()[2:] == other["addresses"]
    assert host.run("sysctl", "-n", "net.ipv4.conf.eth0.arp_filter").strip() == "1"
    assert host.link(links=[other])["changed"] is False
    host.link(links=[{"name": "lan1", "state": "absent"}])
    assert host.files() == {}


def test_a_link_that_stays_down_gets_a_unit_where_networkd_would_fail_it(on):
    host = on("nd")
    with host.parent_untouched():
        done = host.link(links=[host.declared(up=False)])
    assert done["links"][0]["persistence"] == "systemd"
    assert "stays down" in done["links"][0]["reason"]
    host.lab.reboot("nd")
    state = host.state()
    assert (state["up"], state["routes"]) == (False, [])
    assert host.link(links=[host.declared(up=False)])["changed"] is False


@pytest.mark.parametrize("name", ["nd", "np"])
def test_moving_between_forms_leaves_no_trace_of_the_old_one(on, name):
    host = on(name)
    host.link(links=[host.declared()])
    native = host.files()
    assert f"/etc/systemd/network/{DROP_IN_OWNERS[name]}.d/linuxnet-macvlan-lan0.conf" in native

    host.link(links=[host.declared()], persistence="systemd")
    assert sorted(host.files()) == [
        "/etc/linuxnet-macvlan/lan0.sh",
        "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf",
        "/etc/systemd/network/05-linuxnet-macvlan-lan0.network",
        "/etc/systemd/system/linuxnet-macvlan-lan0.service",
    ]
    assert host.state() == host.as_declared()
    assert "unmanaged" in host.run("networkctl", "list", "--no-legend", "lan0")
    assert host.link(links=[host.declared()], persistence="systemd")["changed"] is False
    host.lab.reboot(name)
    assert settled(host) == host.as_declared()

    index = host.run("cat", "/sys/class/net/lan0/ifindex")
    host.link(links=[host.declared()], persistence="none")
    assert host.files() == {}
    assert host.state() == host.as_declared()
    host.link(links=[host.declared()], persistence="networkd")
    assert host.files() == native
    assert host.state() == host.as_declared()
    assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
    host.link(links=GONE)


@pytest.mark.parametrize("name", ["nd", "nm"])
def test_a_run_that_was_killed_is_finished_by_the_next(on, name):
    """Killed at any point: with nothing, some or all of the files there, and nothing of it activated."""
    host = on(name)
    host.link(links=[host.declared()])
    written = host.files()
    before = host.snapshot()
    for count in range(len(written) + 1):
        kept = list(written)[:count]
        host.link(links=GONE)
        for path in kept:
            host.run("install", "-D", "-m", "644", "/dev/stdin", path, input=written[path])
        host.run("install", "-D", "/dev/null", "/run/linuxnet-macvlan/persisting")
        assert host.link(links=[host.declared()])["changed"] is True
        assert host.snapshot() == before, kept
        assert host.link(links=[host.declared()])["changed"] is False
    host.run("install", "-D", "/dev/null", "/run/linuxnet-macvlan/persisting")
    done = host.link(links=[host.declared()])
    assert done["messages"] == ["persistence run: interrupted -> complete"]
    assert host.link(links=[host.declared()])["changed"] is False
    host.link(links=GONE)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("nm", "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf"),
        ("nm", "/etc/systemd/system/linuxnet-macvlan-lan0.service"),
        ("nm", "/etc/linuxnet-macvlan/lan0.sh"),
        ("ifup", "/etc/network/interfaces.d/linuxnet-macvlan-lan0"),
        ("nd", "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev"),
        ("nd", "/etc/systemd/network/10-eth0.network.d/linuxnet-macvlan-lan0.conf"),
    ],
)
def test_somebody_elses_file_is_never_touched(on, name, path):
    host = on(name)
    host.run("install", "-D", "-m", "644", "/dev/stdin", path, input="# by hand\n")
    before = host.snapshot()
    refused = host.link(links=[host.declared()], fails=True)
    assert [(item["value"], item["problem"]) for item in refused["problems"]] == [
        (path, "a file that is not ours is in the way")
    ]
    assert host.snapshot() == before
    host.run("rm", path)
    host.shell("rmdir /etc/systemd/network/10-eth0.network.d /etc/linuxnet-macvlan 2>/dev/null || true")


def test_a_masked_unit_is_refused(on):
    host = on("ifup")
    host.run("systemctl", "mask", "--quiet", "linuxnet-macvlan-lan0.service")
    refused = host.link(links=[host.declared()], fails=True)
    assert refused["problems"][0]["value"] == "/etc/systemd/system/linuxnet-macvlan-lan0.service"
    host.run("systemctl", "unmask", "--quiet", "linuxnet-macvlan-lan0.service")


OTHER_FORMS = {"nm": "networkmanager", "ifup": "systemd"}


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_moving_between_forms_keeps_the_link(on, name):
    """Also after a reboot, when a daemon has made the link and would take it along."""
    host = on(name)
    host.link(links=[host.declared()])
    first = host.files()
    other = OTHER_FORMS[name]
    for moves in ((other, "auto", other, "none", other), ("auto", other, "none", other)):
        index = host.run("cat", "/sys/class/net/lan0/ifindex")
        for persistence in moves:
            with host.parent_untouched():
                assert host.link(links=[host.declared()], persistence=persistence)["changed"] is True
            assert host.link(links=[host.declared()], persistence=persistence)["changed"] is False
            assert in_any_order(settled(host)) == in_any_order(host.as_declared())
            assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
            if persistence == "auto":
                assert host.files() == first
            if persistence == "none":
                assert host.files() == {}
        host.lab.reboot(name)
        assert in_any_order(settled(host)) == in_any_order(host.as_declared())


def test_a_native_profile_comes_back_and_leaves_nothing(on):
    host = on("nm")
    before = host.snapshot()
    predicted = host.link(check=True, links=[host.declared()], persistence="networkmanager")
    assert host.snapshot() == before
    done = host.link(links=[host.declared()], persistence="networkmanager")
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert "lan0:connected" in host.run("nmcli", "--terse", "--fields", "DEVICE,STATE", "device").split()
    host.lab.reboot("nm")
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())
    assert host.link(links=[host.declared()], persistence="networkmanager")["changed"] is False

    # NetworkManager drops our comments when it writes a profile: it is ours all the same.
    host.run("nmcli", "connection", "modify", "linuxnet-macvlan-lan0", "ipv4.dad-timeout", "100")
    repaired = host.link(links=[host.declared()], persistence="networkmanager")
    assert [text.partition(":")[0] for text in repaired["messages"]] == [f"file {PROFILE}"]

    host.link(links=GONE)
    assert host.snapshot() == before
    assert host.shell("ip -brief link show lan0 2>&1 || true").strip().endswith("does not exist.")


PROFILE = "/etc/NetworkManager/system-connections/linuxnet-macvlan-lan0.nmconnection"


def test_a_profile_and_an_exclusion_of_one_link_are_a_conflict(on):
    host = on("nm")
    host.run(
        "install", "-m", "644", "/dev/stdin", EXCLUSION, input="[keyfile]\nunmanaged-devices+=interface-name:lan*\n"
    )
    refused = host.link(links=[host.declared()], persistence="networkmanager", fails=True)
    assert f"interface-name:lan* in {EXCLUSION}" in refused["problems"][0]["problem"]
    host.run("rm", EXCLUSION)


EXCLUSION = "/etc/NetworkManager/conf.d/50-by-hand.conf"


def test_ifupdown_that_does_not_read_the_directory(on):
    host = on("ifup")
    host.run("sed", "-i", "s/^source/#source/", "/etc/network/interfaces")
    refused = host.link(links=[host.declared()], persistence="ifupdown", fails=True)
    assert "does not read" in refused["problems"][0]["problem"]
    done = host.link(links=[host.declared()])
    assert done["links"][0]["persistence"] == "systemd"
    assert "does not read" in done["links"][0]["reason"]
    host.run("sed", "-i", "s/^#source/source/", "/etc/network/interfaces")
    host.link(links=GONE)


@pytest.mark.parametrize(
    ("name", "persistence"),
    [("nd", "netplan"), ("nm", "netplan"), ("np", "ifupdown"), ("nd", "networkmanager"), ("bare", "networkmanager")],
)
def test_the_form_of_a_daemon_that_does_not_own_the_parent(on, name, persistence):
    host = on(name)
    before = host.snapshot()
    refused = host.link(links=[host.declared()], persistence=persistence, fails=True)
    assert [(item["key"], item["value"]) for item in refused["problems"]] == [("persistence", persistence)]
    assert host.snapshot() == before


@pytest.mark.parametrize("name", ["nm", "ifup", "bare"])
def test_networkd_is_refused_where_it_does_not_own_the_parent(on, name):
    host = on(name)
    before = host.snapshot()
    refused = host.link(links=[host.declared()], persistence="networkd", fails=True)
    assert [(item["key"], item["value"]) for item in refused["problems"]] == [("persistence", "networkd")]
    assert host.snapshot() == before


def test_the_parents_foreign_addresses_are_not_given_up(on):
    """systemd 257 removes them when it loads a drop-in, so another form is taken as long as they are there."""
    host = on("nd")
    host.run("ip", "address", "add", "192.168.100.77/32", "dev", "eth0")
    refused = host.link(links=[host.declared()], persistence="networkd", fails=True)
    assert "did not make" in refused["problems"][0]["problem"]
    with host.parent_untouched():
        done = host.link(links=[host.declared()])
    assert done["links"][0]["persistence"] == "systemd"
    assert "did not make" in done["links"][0]["reason"]
    host.link(links=GONE)

    host.run("ip", "address", "del", "192.168.100.77/32", "dev", "eth0")
    assert host.link(links=[host.declared()])["links"][0]["persistence"] == "networkd"
    host.run("ip", "address", "add", "192.168.100.77/32", "dev", "eth0")
    assert host.link(links=[host.declared()])["changed"] is False
    with host.parent_untouched():
        host.link(links=GONE)
    assert "192.168.100.77/32" in host.run("ip", "-brief", "address", "show", "dev", "eth0")
    assert host.files() == {}
    host.run("ip", "address", "del", "192.168.100.77/32", "dev", "eth0")


def test_foreign_routes_survive_on_an_older_networkd(on):
    host = on("np")
    host.run("ip", "address", "add", "192.168.100.77/32", "dev", "eth0")
    host.run("ip", "route", "add", "10.99.0.0/16", "via", "192.168.100.1")
    with host.parent_untouched():
        assert host.link(links=[host.declared()])["links"][0]["persistence"] == "netplan"
        host.link(links=GONE)
    assert "10.99.0.0/16" in host.run("ip", "route")
    host.run("ip", "route", "del", "10.99.0.0/16")
    host.run("ip", "address", "del", "192.168.100.77/32", "dev", "eth0")


def test_a_namespace_of_its_own_writes_nothing_on_the_machine_around_it(on):
    """A host that is a network namespace shares /etc and systemd with the machine, whose links they are for."""
    host = on("bare")
    package = "ansible_collections/linuxnet/macvlan/plugins/module_utils"
    archive = subprocess.run(
        ["tar", "-C", ROOT / "collections", "-ch", package], capture_output=True, check=True
    ).stdout
    host.run("mkdir", "/root/collections")
    subprocess.run([*host.lab.entry("bare"), "tar", "-C", "/root/collections", "-x"], input=archive, check=True)
    host.run("ip", "netns", "add", "inner")
    host.run("ip", "-n", "inner", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    before = host.snapshot()

    auto = converge_in(host, "inner", persistence="auto")
    assert (auto["changed"], auto["links"][0]["persistence"]) == (True, "none")
    assert auto["links"][0]["reason"] == UNFIT
    refused = converge_in(host, "inner", persistence="systemd")
    assert [(item["key"], item["problem"]) for item in refused["problems"]] == [("persistence", UNFIT)]
    assert host.snapshot() == before
    host.run("ip", "netns", "del", "inner")
    host.run("rm", "-r", "/root/collections")


UNFIT = "this is a network namespace of its own: /etc and systemd belong to the machine around it"


def converge_in(host: HostOfLab, namespace: str, persistence: str) -> dict:
    script = f"""
import json, sys
sys.path.insert(0, "/root/collections")
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.convergence import Options, converge
from ansible_collections.linuxnet.macvlan.plugins.module_utils._problems import InvalidInput
try:
    result = converge(Options([{{"name": "lan0", "parent": "eth0"}}], persistence="{persistence}", host_id="h"))
except InvalidInput as invalid:
    result = {{"problems": invalid.problems.as_data()}}
print(json.dumps(result))
"""
    return json.loads(host.run("ip", "netns", "exec", namespace, "python3", "-c", script))
