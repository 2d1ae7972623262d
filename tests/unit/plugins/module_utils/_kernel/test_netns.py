# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What namespaces are called."""

from __future__ import annotations

import os

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, Namespace, named, namespaces
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host

SANDBOX = Namespace("e208ac99a7cc", "/var/run/docker/netns/e208ac99a7cc", 7, inside=(40,))


@pytest.fixture
def host(tmp_path):
    """One with an nspawn machine."""
    for path, text in {
        "proc/self/cgroup": "0::/\n",
        "proc/40/cgroup": "0::/machine.slice/machine-m1.scope/payload\n",
        "run/systemd/machines/m1": "SERVICE=systemd-nspawn\nCLASS=container\nLEADER=40\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Host(str(tmp_path))


def test_a_container_is_called_by_its_name_and_found_by_all_of_its_names(host):
    found = named(SANDBOX, host)
    assert found.label == "m1 (nspawn)"
    assert found.names == ("m1 (nspawn)", "e208ac99a7cc", "m1")
    assert found == Namespace("m1 (nspawn)", SANDBOX.path, 7)


def test_two_of_one_name_differ(host):
    assert named(SANDBOX, host, {"m1 (nspawn)"}).label == "m1 (nspawn) (7)"


@pytest.mark.parametrize(
    "namespace",
    [
        Namespace("c1", "/run/netns/c1", 8, inside=(41,)),
        Namespace("c1", "/run/netns/c1", 8),
        Namespace("", OWN, 9, inside=(40,)),
    ],
)
def test_others_keep_their_labels(host, namespace):
    assert named(namespace, host) is namespace


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/run/docker/netns/e208ac99a7cc", True),
        ("/run/netns/netns-16501cf1-dfa0-0e44-efca-c053078dc9ba", True),
        ("/run/netns/cni-16501cf1-dfa0-0e44-efca-c053078dc9ba", True),
        ("/run/netns/web", False),
        ("/proc/40/ns/net", False),
    ],
)
def test_the_namespaces_of_engines_are_known_by_their_paths(path, expected):
    assert Namespace("x", path, 7).of_engine is expected


def test_our_own_namespace_comes_first_and_knows_who_is_inside():
    own = namespaces()[0]
    assert (own.label, own.inode) == ("", os.stat(OWN).st_ino)
    assert own.inside
