# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A full /run keeps no change from being undone, and its outcome is not lost."""

from __future__ import annotations

import subprocess

import pytest

from labkit import netns

LINK = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:10", "addresses": ["192.168.100.3"]}
#: `ip netns exec` gives each command a mount namespace of its own. A directory of the real /run would not do as a mount
#: point: other runs remove it when it is empty, and with it the mount (rmdir(2) since Linux 3.18).
INSIDE = """
set -e
mount --rbind /run/netns "$0/netns"
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 0700 /run/netns /run/linuxnet-macvlan
mount --rbind "$0/netns" /run/netns
mount --bind "$0/run" /run/linuxnet-macvlan
mount --bind "$0/lib" /var/lib
exec "$@"
"""


@pytest.fixture
def places(tmp_path):
    """A small /run and a /var/lib, both empty, and a place for the names of network namespaces."""
    for name in ("run", "lib", "netns"):
        (tmp_path / name).mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k,mode=700", "none", tmp_path / "run"], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path / "run"], check=True)


def fill(directory):
    with open(directory / "fill", "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 512)
        except OSError:
            pass


def until_nobody_works_on(host):
    assert netns.idle(host.netns, 90)


def run(host, places, name, args, **more):
    return host.module(name, args, wrapper=["sh", "-c", INSIDE, str(places)], **more)


@pytest.fixture
def undone_in_a_full_run(segment, places):
    host = segment.host("h1", addresses=["192.168.100.11/24"])
    before = host.ip("-o", "address", "show", "scope", "global").stdout
    args = {"links": [LINK], "host_id": "web1", "confirm_token": "a1", "confirm_timeout": 3}
    done = run(host, places, "macvlan_link", args)
    assert done.get("changed"), done
    fill(places / "run")
    until_nobody_works_on(host)
    assert host.link("lan0") is None, "it is undone all the same"
    assert host.ip("-o", "address", "show", "scope", "global").stdout == before
    return host


def test_the_controller_gets_the_outcome(undone_in_a_full_run, places):
    answer = run(undone_in_a_full_run, places, "confirm_change", {"token": "a1", "wait": 0})
    assert answer["state"] == "undone", answer
    assert answer["data"]["left"] == []
    assert list((places / "lib").rglob("*.json")) == []


def test_the_next_run_reports_the_outcome(undone_in_a_full_run, places):
    (places / "run" / "fill").unlink()
    for check in (True, False):
        result = run(undone_in_a_full_run, places, "macvlan_link", {"links": []}, check=check)
        assert "an earlier change was undone at" in str(result.get("warnings")), result
    assert "warnings" not in run(undone_in_a_full_run, places, "macvlan_link", {"links": []})
