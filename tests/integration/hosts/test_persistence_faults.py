# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures while a run writes: the next run repairs the state, or the run reports the failure and changes nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from .persistent import GONE, HOSTS

#: Before which writes a run is killed; before all of them takes minutes (`make test-kills`).
STEP = int(os.environ.get("KILL_STEP", "6"))


def test_killed_before_a_write_the_next_run_repairs(on):
    with ThreadPoolExecutor() as pool:
        ends = dict(zip(HOSTS, pool.map(lambda name: on(name).killed(STEP), HOSTS), strict=True))
    assert {name: end["wrong"] for name, end in ends.items()} == {name: [] for name in HOSTS}
    assert all(end["create"] >= 12 and end["remove"] >= 6 for end in ends.values()), ends


DIRECTORIES = [
    ("nd", "/etc/systemd/network"),
    ("nm", "/etc/systemd/system"),
    ("ifup", "/etc/network/interfaces.d"),
]


@pytest.mark.parametrize(("name", "directory"), DIRECTORIES)
def test_a_disk_that_is_full(on, name, directory):
    """A copy of the directory without free space is mounted over it."""
    host = on(name)
    before = host.snapshot()
    room = f"mount -t tmpfs -o size=4k,nr_inodes=1000,mode=755 full /mnt; cp -a {directory}/. /mnt/; "
    host.shell(f"{room} dd if=/dev/zero of=/mnt/.fill bs=1k 2>/dev/null; mount --bind /mnt {directory}; umount /mnt")
    try:
        failed = host.link(links=[host.declared()], fails=True)
        assert "No space left on device" in failed["msg"]
        assert f" {directory}/" in failed["msg"]
    finally:
        host.shell(f"ls -A {directory} > /run/left; umount {directory}")
    assert "linuxnet-tmp" not in host.run("cat", "/run/left")
    host.run("rm", "/run/left")
    assert host.link(links=[host.declared()])["changed"] is True
    assert host.link(links=[host.declared()])["changed"] is False
    host.link(links=GONE)
    assert host.snapshot() == before


@pytest.mark.parametrize("name", ["nd", "nm"])
def test_a_read_only_etc_is_found_before_anything_is_changed(on, name):
    host = on(name)
    before = host.snapshot()
    host.shell("mount --bind /etc /etc; mount -o remount,bind,ro /etc")
    try:
        for check in (True, False):
            refused = host.link(links=[host.declared()], fails=True, check=check)
            assert {item["key"] for item in refused["problems"]} == {"persistence"}
            assert all("read-only" in item["problem"] for item in refused["problems"])
    finally:
        host.run("umount", "/etc")
    assert host.snapshot() == before


@pytest.mark.parametrize("name", ["nd", "nm", "ifup"])
def test_files_that_were_half_written_are_written_again(on, name):
    """Truncated after the header that marks them as ours; and temporary files of a killed run are removed."""
    host = on(name)
    host.link(links=[host.declared()])
    written = host.files()
    for path in written:
        folder, _slash, base = path.rpartition("/")
        host.shell(f"head -c 110 {path} > /run/half && cat /run/half > {path}")
        host.shell(f"echo half > {folder}/.{base}.abcdefgh.linuxnet-tmp")
    cut = {path for path, text in host.files().items() if text != written[path]}
    seen = host.link(check=True, links=[host.declared()])
    assert {text.partition(":")[0] for text in seen["messages"]} == {f"file {path}" for path in cut}
    host.link(links=[host.declared()])
    assert host.files() == written
    host.link(links=GONE)
    assert host.shell("rm /run/half; find /etc -name '*.linuxnet-tmp'") == ""


@pytest.mark.parametrize(("name", "unit"), [("nd", "systemd-networkd"), ("nm", "NetworkManager")])
def test_a_manager_that_does_not_run(on, name, unit):
    """The owner of the parent is unknown while the daemon is stopped, so the form does not change."""
    host = on(name)
    host.link(links=[host.declared()])
    written = host.files()
    units = [unit] if unit == "NetworkManager" else [f"{unit}.socket", unit]
    host.run("systemctl", "stop", *units)
    try:
        refused = host.link(links=[host.declared()], fails=True)
        assert f"{unit}.service is enabled and does not run" in refused["problems"][0]["problem"]
        assert host.files() == written
        host.link(links=GONE)
        assert host.files() == {}
    finally:
        host.run("systemctl", "start", *reversed(units))
    done = host.link(links=[host.declared()])
    assert done["changed"] is True
    assert host.files() == written


def test_a_manager_that_is_masked_owns_nothing(on):
    host = on("nd")
    host.run("systemctl", "stop", "systemd-networkd.socket", "systemd-networkd")
    host.run("systemctl", "mask", "--quiet", "systemd-networkd")
    try:
        assert host.link(check=True, links=[host.declared()])["links"][0]["persistence"] == "systemd"
        refused = host.link(links=[host.declared()], persistence="networkd", fails=True)
        assert "does not run" in refused["problems"][0]["problem"]
    finally:
        host.run("systemctl", "unmask", "--quiet", "systemd-networkd")
        host.run("systemctl", "start", "systemd-networkd", "systemd-networkd.socket")
