# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What virtual machines are started with: the initramfs, the order of their nics, KVM or not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from labkit import cpio, guest, qemu
from labkit.topology import parse


def host(*names: str):
    item = {"kind": "vm", "os": "trixie", "manager": "networkd", "nics": [{"name": name} for name in names]}
    return parse({"switches": {"sw0": {}}, "hosts": {"h1": item}}).hosts["h1"]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["eth0"], ["eth0", None]),
        (["eth0", "eth1"], ["eth0", "eth1", None]),
        (["eth1", "eth0"], ["eth0", "eth1", None]),
        (["eth1"], [None, "eth1"]),  # eth0 is what the way in is called at first
        (["eth7"], ["eth7", None]),
        (["lan0", "eth0", "dmz0"], ["eth0", "lan0", "dmz0", None]),
        (["eth2", "lan0"], ["lan0", None, "eth2"]),
    ],
)
def test_no_nic_comes_first_to_a_name_that_another_is_to_have(names, order):
    assert [nic.name if nic else None for nic in guest.slots(host(*names).nics)] == order


def test_an_archive_is_what_cpio_reads(tmp_path):
    """The kernel's format has no reader in Python; tar's and cpio's are programs."""
    program = shutil.which("bsdtar") or shutil.which("cpio")
    entries = [
        cpio.file("/etc/deep/file", "content\n", 0o600),
        cpio.link("/etc/link", "/dev/null"),
        cpio.directory("/root", 0o700),
    ]
    text = cpio.archive(entries)
    assert len(text) % 4 == 0
    assert text.count(b"070701") == 6, "two directories come by themselves, and the trailer"
    if program:
        form = ["-t"] if program.endswith("cpio") else ["-t", "-f", "-"]
        listed = subprocess.run([program, *form], input=text, capture_output=True, check=True).stdout.decode().split()
        assert listed == ["etc", "etc/deep", "etc/deep/file", "etc/link", "root"]


def test_every_nic_gets_its_name_by_its_mac():
    entries = {entry.path: entry.data.decode() for entry in guest.entries(host("eth0", "lan0"))}
    assert "Name=lan0\n" in entries["/etc/systemd/network/10-lan0.link"]
    assert f"MACAddress={host('eth0', 'lan0').nics[1].mac}\n" in entries["/etc/systemd/network/10-lan0.link"]
    assert "/etc/systemd/network/10-lab-way-in.link" in entries


@pytest.mark.parametrize(
    ("ends", "accelerator"),
    [
        ((0, b"Kernel panic - not syncing: VFS"), "kvm"),
        ((0, b""), "tcg"),  # ended before it had booted
        ((1, b"failed to set MSR"), "tcg"),
        (subprocess.TimeoutExpired("qemu", 10), "tcg"),
    ],
)
def test_kvm_is_what_a_kernel_boots_on(monkeypatch, tmp_path, ends, accelerator):
    calls = []

    def run(argv, **_options):
        calls.append(argv)
        if isinstance(ends, Exception):
            raise ends
        return subprocess.CompletedProcess(argv, ends[0], ends[1], b"")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "linuxnet-macvlan").mkdir()
    monkeypatch.setattr(qemu.subprocess, "run", run)
    monkeypatch.setattr(qemu, "DEVICE", tmp_path)
    assert qemu.accelerator(Path("vmlinuz")) == accelerator
    assert qemu.accelerator(Path("vmlinuz")) == accelerator
    assert len(calls) == 1, "tried once for each boot"


def test_without_a_device_there_is_no_trial(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "linuxnet-macvlan").mkdir()
    monkeypatch.setattr(qemu, "DEVICE", tmp_path / "kvm")
    assert qemu.accelerator(Path("vmlinuz")) == "tcg"
