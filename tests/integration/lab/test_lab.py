# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: started, used, broken and removed, on this machine's kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import leader, netns, topology
from labkit.errors import LabError
from labkit.lab import Lab

from .common import TOPOLOGIES, ansible, run_lab, traces


class TestNetns:
    TOPOLOGY = TOPOLOGIES / "demo-netns.yml"

    def test_from_up_to_down(self, name):
        done = run_lab("up", str(self.TOPOLOGY), "--name", name)
        assert (done.returncode, done.stderr) == (0, "")
        assert "h1 is ready" in done.stdout
        again = run_lab("up", str(self.TOPOLOGY), "--name", name)
        assert "is up already" in again.stdout
        lab = Lab(name)
        assert run_lab("inventory", "--name", name).stdout == lab.inventory_path.read_text(encoding="utf-8")
        pong = ansible(lab, "all", "-m", "ansible.builtin.ping")
        assert pong.returncode == 0, pong.stdout + pong.stderr
        down = run_lab("down", "--name", name)
        assert (down.returncode, traces(name)) == (0, [])

    def test_who_reaches_whom(self, name):
        lab = Lab.up(self.TOPOLOGY, name)
        ping = ("ping", "-n", "-c", "1", "-W", "1")
        reached = {
            (source, address): lab.exec(source, *ping, address, check=False).returncode == 0
            for source in ("h1", "h1-c1", "lan")
            for address in ("192.168.100.1", "192.168.100.11", "192.168.100.146", "192.168.100.129")
            if (source, address) != ("h1", "192.168.100.11")
        }
        isolated = {("h1", "192.168.100.129"), ("h1-c1", "192.168.100.11")}
        assert {pair for pair, answered in reached.items() if not answered} == isolated

    def test_nothing_leads_out(self, name):
        lab = Lab.up(self.TOPOLOGY, name)
        for place in ("h1", "h1-c1", "gateway", "lan", "sw0"):
            routes = lab.exec(place, "ip", "route", "show", "default").stdout.split()
            assert routes[:3] in ([], ["default", "via", "192.168.100.1"]), place
        assert lab.exec("gateway", "ip", "route", "show", "default").stdout == ""

    def test_exec_passes_status_and_output(self, name):
        Lab.up(self.TOPOLOGY, name)
        for place in ("h1", "h1-c1", "gateway", "sw0"):
            done = run_lab("exec", "--name", name, place, "--", "sh", "-c", "echo here; exit 7")
            assert (done.returncode, done.stdout) == (7, "here\n"), place
        unknown = run_lab("exec", "--name", name, "h9", "--", "true")
        assert (unknown.returncode, unknown.stdout) == (1, "")
        assert "has no 'h9'. Remedy: use one of h1, h2, gateway, lan" in unknown.stderr

    def test_a_host_is_a_machine_of_its_own(self, name):
        lab = Lab.up(self.TOPOLOGY, name)
        marker = f"/etc/{name}"
        lab.exec("h1", "touch", marker)
        assert not Path(marker).exists()
        assert lab.exec("h2", "ls", marker, check=False).returncode != 0
        assert lab.exec("h1", "hostname").stdout == "h1\n"
        assert lab.exec("h1", "cat", "/etc/machine-id").stdout != lab.exec("h2", "cat", "/etc/machine-id").stdout
        assert lab.exec("h1", "ls", "/run/netns").stdout.split() == ["h1-c1", "h1-c2"]
        assert lab.exec("h1", "sh", "-c", "ls /run").stdout.split() == ["lock", "netns"]

    def test_reboot_brings_fresh_kernel_state(self, name):
        lab = Lab.up(self.TOPOLOGY, name)
        before = lab.exec("h1", "cat", "/sys/class/net/eth0/address").stdout
        lab.exec("h1", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/arp_filter")
        lab.exec("h1", "ip", "link", "add", "link", "eth0", "m0", "type", "macvlan")
        lab.exec("h1", "touch", "/etc/kept", "/run/lost")
        lab.reboot("h1")
        assert lab.exec("h1", "ls", "/etc/kept").returncode == 0
        assert lab.exec("h1", "ls", "/run/lost", check=False).returncode != 0
        assert lab.exec("h1", "cat", "/proc/sys/net/ipv4/conf/all/arp_filter").stdout == "0\n"
        assert "m0" not in lab.exec("h1", "ls", "/sys/class/net").stdout.split()
        assert lab.exec("h1", "cat", "/sys/class/net/eth0/address").stdout == before
        assert lab.exec("h1-c1", "ping", "-c", "1", "-W", "1", "192.168.100.1").returncode == 0

    def test_another_topology_is_refused_and_a_broken_lab_recreated(self, name):
        lab = Lab.up(self.TOPOLOGY, name)
        data = topology.load(self.TOPOLOGY)
        with pytest.raises(LabError, match="another topology"):
            Lab.up({**data, "containers": {}}, name)
        netns.kill([leader.pid(lab.state.host("h1"))])
        with pytest.raises(LabError, match="h1 does not run"):
            lab.exec("h1", "true")
        Lab.up(self.TOPOLOGY, name)
        assert lab.exec("h1", "true").returncode == 0

    def test_a_lab_keeps_no_namespace_of_another_alive(self, name):
        """A copy of the mount of a namespace's name in a host's own mount namespace would keep it."""
        other = Lab.up(self.TOPOLOGY, f"{name}b")
        Lab.up(self.TOPOLOGY, name)
        other.down()
        mounts = Lab(name).exec("h1", "cat", "/proc/self/mountinfo").stdout
        assert f"lnmlab.{name}." in mounts, "the test reads the right mounts"
        assert f"lnmlab.{name}b." not in mounts

    def test_labs_side_by_side(self, name):
        other = f"{name}b"
        data = topology.load(self.TOPOLOGY)
        data["stations"]["gateway"]["addresses"] = ["192.168.100.99/24"]
        try:
            one, two = Lab.up(self.TOPOLOGY, name), Lab.up(data, other)
            assert two.exec("h1", "ping", "-c", "1", "-W", "1", "192.168.100.1", check=False).returncode != 0
            assert one.exec("h1", "ping", "-c", "1", "-W", "1", "192.168.100.1").returncode == 0
        finally:
            Lab(other).down()
        assert one.exec("h1", "ping", "-c", "1", "-W", "1", "192.168.100.1").returncode == 0

    def test_switch_and_port_options(self, name):
        data = topology.load(self.TOPOLOGY)
        data["switches"]["sw0"] = {"ageing": 20, "ports": {"hairpin": True}}
        port = {"learning": False, "static": ["02:00:5e:10:00:01"]}
        data["hosts"]["h1"]["nics"][0].update(mtu=1400, port=port, mac="02:00:5e:10:00:11")
        lab = Lab.up(data, name)
        shown = lab.exec("sw0", "bridge", "-d", "link", "show", "dev", "h1.eth0").stdout
        assert "hairpin on" in shown
        assert "learning off" in shown
        assert "02:00:5e:10:00:01" in lab.exec("sw0", "bridge", "fdb", "show", "dev", "h1.eth0").stdout
        assert "ageing_time 2000 " in lab.exec("sw0", "ip", "-d", "link", "show", "br0").stdout
        nic = lab.exec("h1", "ip", "link", "show", "eth0").stdout
        assert "mtu 1400" in nic
        assert "02:00:5e:10:00:11" in nic

    def test_what_fails_leaves_nothing(self, name):
        data = topology.load(self.TOPOLOGY)
        data["containers"]["h1-c1"]["mode"] = "passthru"  # the kernel allows no second child beside it
        with pytest.raises(LabError, match="container h1-c2 of h1 cannot be made"):
            Lab.up(data, name)
        assert traces(name) == []


class TestNspawn:
    @pytest.fixture
    def lab(self, name) -> Lab:
        """A NetworkManager and a systemd-networkd host."""
        data = topology.load(TOPOLOGIES / "demo.yml")
        del data["hosts"]["h3"], data["hosts"]["h2"]["engine"]
        data["containers"] = {key: item for key, item in data["containers"].items() if item["host"] != "h3"}
        data["containers"]["h2-c1"] = {"host": "h2", "addresses": ["192.168.100.145/24"], "gateway": "192.168.100.1"}
        return Lab.up(data, name)

    def test_a_real_fleet(self, lab):
        assert lab.exec("h1", "systemctl", "is-system-running").stdout == "running\n"
        assert lab.exec("h1", "nmcli", "-g", "DEVICE,STATE", "device").stdout.startswith("eth0:connected")
        assert lab.exec("h2", "networkctl", "--no-legend", "list", "eth0").stdout.split()[-1] == "configured"
        assert lab.exec("h2", "ls", "/usr/sbin/NetworkManager", check=False).returncode != 0, (
            "only the declared manager"
        )
        pong = ansible(lab, "all", "-m", "ansible.builtin.ping")
        assert pong.returncode == 0, pong.stdout + pong.stderr

        boot_ids = [lab.exec(host, "cat", "/proc/sys/kernel/random/boot_id").stdout for host in ("h1", "h2")]
        lab.exec("h2", "sh", "-c", "touch /etc/kept; ip link add link eth0 m0 type macvlan")
        lab.reboot("h2")
        rebooted = ansible(lab, "h1", "-m", "ansible.builtin.reboot")  # from inside, like an administrator
        assert rebooted.returncode == 0, rebooted.stdout + rebooted.stderr
        after = [lab.exec(host, "cat", "/proc/sys/kernel/random/boot_id").stdout for host in ("h1", "h2")]
        assert not set(boot_ids) & set(after)
        assert lab.exec("h2", "ls", "/etc/kept").returncode == 0
        assert "m0" not in lab.exec("h2", "ls", "/sys/class/net").stdout.split()
        assert lab.exec("h2-c1", "ping", "-c", "1", "-W", "1", "192.168.100.1").returncode == 0

    @pytest.mark.parametrize("victim", ["supervisor", "systemd-nspawn"])
    def test_down_after_a_crash(self, lab, victim):
        supervisor = leader.pid(lab.state.host("h1"), "supervisor")
        netns.kill([supervisor if victim == "supervisor" else leader.child(supervisor)])
        lab.state.remove()
        assert run_lab("down", "--name", lab.name).returncode == 0
        assert traces(lab.name) == []
