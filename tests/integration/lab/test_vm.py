# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind vm: kernels of their own that boot, load modules, run udev and reboot."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable

import pytest

from labkit import leader
from labkit.lab import Lab

from .common import TOPOLOGIES, ansible, run_lab, traces

pytestmark = [
    pytest.mark.vm,
    pytest.mark.skipif("VMS" not in os.environ, reason="only `make test-vms` runs it: two boots without KVM, a reboot"),
]

TOPOLOGY = TOPOLOGIES / "vm.yml"
HOSTS = ("h1", "h2")


def boot_id(lab: Lab, host: str) -> str:
    return lab.exec(host, "cat", "/proc/sys/kernel/random/boot_id").stdout


def link(lab: Lab, host: str, device: str) -> dict:
    (found,) = json.loads(lab.exec(host, "ip", "-json", "link", "show", device).stdout)
    return found


def reached(lab: Lab, source: str, address: str) -> bool:
    return lab.exec(source, "ping", "-c", "1", "-W", "2", address, check=False).returncode == 0


def becomes(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true within some seconds; on an idle machine it does at once."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def test_from_boot_over_reboot_to_the_end(name):
    """One lab for all of it: a boot without KVM takes 20 seconds."""
    lab = Lab.up(TOPOLOGY, name)

    # two operating systems, each with its manager, on kernels that are not this machine's
    systems = [lab.exec(host, "sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").stdout for host in HOSTS]
    assert systems == ["bookworm\n", "trixie\n"]
    kernels = {lab.exec(host, "uname", "-r").stdout for host in HOSTS}
    assert len(kernels) == 2
    assert os.uname().release not in kernels
    assert lab.exec("h1", "nmcli", "-g", "DEVICE,STATE", "device").stdout.startswith("eth0:connected\n")
    assert lab.exec("h2", "networkctl", "--no-legend", "list", "eth0").stdout.split()[-1] == "configured"
    assert [row[1] for row in lab.rows()[:2]] in (["vm (kvm)"] * 2, ["vm (tcg)"] * 2)

    # Ansible, and everything on the LAN
    pong = ansible(lab, "kind_vm", "-m", "ansible.builtin.ping")
    assert pong.stdout.count("SUCCESS") == 2, pong.stdout + pong.stderr
    for source in ("h1", "h2", "h1-c1", "h2-c1", "lan"):
        assert reached(lab, source, "192.168.100.1"), source
    assert not reached(lab, "h1", "192.168.100.129"), "a host does not reach its own macvlan children"
    assert reached(lab, "h1", "192.168.100.145")

    for host in HOSTS:
        # commands: status, arguments and input arrive unchanged; the management nic is not visible
        done = lab.exec(host, "sh", "-c", 'cat; echo "$1"; exit 7', "sh", "a  'b'\n$c", check=False, input="in\n")
        assert (done.returncode, done.stdout) == (7, "in\na  'b'\n$c\n")
        devices = {entry["ifname"] for entry in json.loads(lab.exec(host, "ip", "-json", "link").stdout)}
        assert devices == {"lo", "eth0"}
        assert lab.exec(host, "ip", "netns", "list").stdout.split()[0] == f"{host}-c1"
        # modules are loaded on demand, and udev gives what has a random MAC its own
        assert "dummy" not in lab.exec(host, "cat", "/proc/modules").stdout
        lab.exec(host, "modprobe", "dummy")
        lab.exec(host, "ip", "link", "add", "link", "eth0", "name", "udev0", "type", "macvlan")
        lab.exec(host, "udevadm", "settle")
        assert lab.exec(host, "cat", "/sys/class/net/udev0/addr_assign_type").stdout == "3\n", "MACAddressPolicy="
        assert lab.exec(host, "udevadm", "info", "--query=property", "/sys/class/net/udev0").stdout.count("SYSTEMD") > 0

    # a pulled cable
    for plugged in (False, True):
        lab.cable("h1", "eth0", plugged=plugged)
        assert becomes(lambda plugged=plugged: ("LOWER_UP" in link(lab, "h1", "eth0")["flags"]) == plugged)

    # a reboot
    before, mac = boot_id(lab, "h1"), link(lab, "h1", "eth0")["address"]
    lab.exec("h1", "sh", "-c", "touch /etc/kept /run/lost; sync")
    lab.reboot("h1")
    assert lab.exec("h1", "ls", "/etc/kept").returncode == 0
    assert lab.exec("h1", "ls", "/run/lost", check=False).returncode != 0
    assert boot_id(lab, "h1") != before
    assert link(lab, "h1", "eth0")["address"] == mac
    assert {entry["ifname"] for entry in json.loads(lab.exec("h1", "ip", "-json", "link").stdout)} == {"lo", "eth0"}
    assert reached(lab, "h1-c1", "192.168.100.1")

    # a dead machine is noticed, and nothing of the lab is left
    os.kill(leader.pid(lab.state.host("h1")), signal.SIGKILL)
    down = run_lab("down", "--name", name)
    assert (down.returncode, traces(name)) == (0, [])
