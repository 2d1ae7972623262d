# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_link under the umasks of hosts: what it leaves in /run has its own modes, and wrong ones are repaired."""

from __future__ import annotations

import pytest

LINK = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:10", "parent_sysctl": {"arp_filter": 1}}
RUN = "/run/linuxnet-macvlan"

#: In a /run of its own, as other runs of this machine use the real one; named namespaces stay known there.
SCRIPT = f"""
set -e
mount --rbind /run/netns {{names}}
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/netns
mount --rbind {{names}} /run/netns
{{before}}
umask {{umask}}
"$@"
find {RUN} -printf '%m %y %p\\n' > {{listing}} || :
"""


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=["192.168.100.11/24"])


def declare(host, tmp_path, umask, before=":", check=False):
    """The result, and modes with types of all that is in the directory of this boot."""
    listing, names = tmp_path / "listing", tmp_path / "netns"
    names.mkdir(exist_ok=True)
    script = SCRIPT.format(before=before, umask=umask, listing=listing, names=names)
    wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
    result = host.module("macvlan_link", {"links": [LINK], "host_id": "web1"}, wrapper=wrapper, check=check)
    lines = [line.split(" ", 2) for line in listing.read_text().splitlines()] if listing.exists() else []
    return result, {path: f"{kind} {mode}" for mode, kind, path in lines}


@pytest.mark.parametrize("umask", ["000", "022", "027", "077"])
def test_no_umask_decides_who_may_use_what_is_left(host, tmp_path, umask):
    result, left = declare(host, tmp_path, umask)
    assert result["changed"], result
    assert left[RUN] == "d 700"
    assert set(left.values()) == {"d 700", "f 600"}


def test_a_directory_that_others_may_write_to_is_repaired(host, tmp_path):
    opened = f"mkdir -m 0777 {RUN}"
    predicted, left = declare(host, tmp_path, "022", opened, check=True)
    assert left == {RUN: "d 777"}, "check mode changed something"
    result, left = declare(host, tmp_path, "022", opened)
    assert predicted["messages"] == result["messages"]
    assert f"directory {RUN} mode: 0777 -> 0700" in result["messages"]
    assert left[RUN] == "d 700"


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        (f"mkdir -m 0700 /run/elsewhere; ln -s elsewhere {RUN}", "symbolic link"),
        (f"mkdir -m 0755 {RUN}; chown 4711 {RUN}", "user with number 4711"),
    ],
)
def test_the_directory_of_another_user_is_refused_before_anything_changes(host, tmp_path, before, problem):
    result, _left = declare(host, tmp_path, "022", before)
    assert result["failed"]
    ((key, value, found, remedy),) = [
        (item["key"], item["value"], item["problem"], item["remedy"]) for item in result["problems"]
    ]
    assert (key, value) == ("path", RUN)
    assert problem in found
    assert "move it away" in remedy
    assert not [link for link in host.json("link", "show") if link["ifname"] == "lan0"]
