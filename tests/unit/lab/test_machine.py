# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab asks of a machine that this one is not: no root, other systems, missing programs."""

from __future__ import annotations

import pytest

from labkit import machine
from labkit.errors import LabError


def test_not_linux(monkeypatch):
    monkeypatch.setattr(machine.platform, "system", lambda: "Darwin")
    with pytest.raises(LabError, match=r"needs Linux, this is Darwin\. Remedy: "):
        machine.require_root()


def test_not_root(monkeypatch):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"needs root\. Remedy: run it with sudo"):
        machine.require_root()


def test_programs_missing_for_a_host_kind_are_named_by_package(monkeypatch):
    monkeypatch.setattr(machine, "find", lambda _program: None)
    assert machine.missing_packages({"netns"}) == ["iproute2", "iputils-ping", "util-linux"]
    assert {"mmdebstrap", "systemd-container", "netcat-openbsd", "openssh-client"} <= set(
        machine.missing_packages({"nspawn"})
    )


def test_virtual_machines_need_a_processor_that_is_known(monkeypatch):
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    with pytest.raises(LabError, match=r"kind vm needs x86-64, this machine is aarch64\. Remedy: use kind nspawn"):
        machine.prepare({"vm"})


def test_without_apt_the_remedy_is_the_list(monkeypatch):
    monkeypatch.setattr(machine, "find", lambda _program: None)
    with pytest.raises(
        LabError, match=r"missing on this machine: iproute2, iputils-ping, util-linux \(Debian's package names\)"
    ):
        machine.prepare({"netns"})
