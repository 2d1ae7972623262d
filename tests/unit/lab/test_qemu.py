# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether virtual machines get KVM."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from labkit import qemu


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
