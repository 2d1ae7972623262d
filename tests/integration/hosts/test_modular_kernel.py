# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kmod_check on a kernel whose link kinds are modules: loadable, loaded, blacklisted, without its modules."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from labkit.lab import Lab

pytestmark = pytest.mark.vm

TOPOLOGY = {
    "switches": {"sw0": {}},
    "hosts": {"h1": {"kind": "vm", "os": "trixie", "manager": "networkd", "nics": [{"addresses": ["192.0.2.11/24"]}]}},
}
BOOT_FILE = "/etc/modules-load.d/linuxnet-macvlan.conf"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


@pytest.fixture
def check(lab, lab_module):
    return lambda check=False, **args: lab_module(lab, "h1", "kmod_check", args, check=check)


def loaded(lab: Lab) -> bool:
    return any(line.startswith("macvlan ") for line in lab.exec("h1", "cat", "/proc/modules").stdout.splitlines())


def test_loads_now_and_at_each_boot(lab, check):
    examined = check()
    assert (examined["kinds"][0]["status"], examined["changed"]) == ("loadable", False)
    assert not loaded(lab), "the check does not load"

    predicted = check(check=True, load=True, persist=True)
    assert not loaded(lab)
    done = check(load=True, persist=True)
    assert loaded(lab)
    assert (predicted["changed"], predicted["diff"]) == (True, done["diff"])
    assert (done["kinds"][0]["status"], done["kinds"][0]["works"]) == ("loaded", True)
    assert not check(load=True, persist=True)["changed"]

    lab.reboot("h1")
    assert loaded(lab), "systemd has loaded it"
    assert check(state="absent")["changed"]
    assert lab.exec("h1", "test", "-e", BOOT_FILE, check=False).returncode == 1


@pytest.mark.parametrize(
    ("spoil", "restore", "status", "remedy"),
    [
        (
            "echo 'blacklist macvlan' > /etc/modprobe.d/none.conf",
            "rm /etc/modprobe.d/none.conf",
            "blacklisted",
            "remove that line",
        ),
        (
            "mv /lib/modules/$(uname -r) /lib/modules/away",
            "mv /lib/modules/away /lib/modules/$(uname -r)",
            "no_module_tree",
            "reboot into the kernel that is installed",
        ),
    ],
)
def test_what_keeps_a_module_out_is_named(lab, check, spoil, restore, status, remedy):
    lab.exec("h1", "modprobe", "--remove", "macvlan")
    lab.exec("h1", "sh", "-c", spoil)
    try:
        refused = check(load=True)
        made = lab.exec("h1", *["ip", "link", "add", "link", "eth0", "name", "mv0", "type", "macvlan"], check=False)
    finally:
        lab.exec("h1", "sh", "-c", restore)
    assert refused["failed"]
    assert (refused["kinds"][0]["status"], refused["changed"]) == (status, False)
    assert remedy in refused["msg"]
    assert made.returncode != 0, "the kernel agrees"
    assert not loaded(lab)
