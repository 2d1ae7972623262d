# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host needs for its container engine, and where it may have one."""

from __future__ import annotations

import configparser
import json
import tomllib

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from labkit import engines, recipe
from labkit.topology import ENGINES, SYSTEMS, Host, parse


def host(**changes: object) -> Host:
    item = {"kind": "nspawn", "os": "bookworm", "nics": [{"addresses": ["192.0.2.11/24"]}], **changes}
    return parse({"switches": {"sw0": {}}, "hosts": {"h1": item}}).hosts["h1"]


def test_no_engine_by_default():
    assert host().engine == "none"
    assert (engines.files(host()), engines.links(host()), engines.nspawn_options(host())) == ({}, {}, [])


@pytest.mark.parametrize("kind", ["netns", "vm"])
def test_only_nspawn_hosts_have_engines(kind):
    changes = {"kind": kind, "engine": "docker", "os": None if kind == "netns" else "bookworm"}
    with pytest.raises(InvalidInput) as caught:
        host(**changes)
    assert [item.key for item in caught.value.problems.items] == ["hosts.h1.engine"]


def test_docker_uses_a_storage_driver_that_works_on_an_overlay():
    files = engines.files(host(engine="docker"))
    assert json.loads(files["/etc/docker/daemon.json"])["storage-driver"] == "vfs"


def test_podman_asks_for_no_limit_above_those_of_a_host():
    files = engines.files(host(engine="podman"))
    assert tomllib.loads(files["/etc/containers/storage.conf"])["storage"]["driver"] == "vfs"
    settings = tomllib.loads(files["/etc/containers/containers.conf"])
    assert settings["containers"]["default_ulimits"] == ["nofile=1024:1024", "nproc=1024:1024"]
    assert settings["engine"]["cgroup_manager"] == "cgroupfs"


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_units_are_enabled_where_they_say(engine):
    made = host(engine=engine)
    files = engines.files(made)
    for path, target in engines.links(made).items():
        if target not in files:
            assert target.endswith("/podman-restart.service")
            continue
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.read_string(files[target])
        assert f"/{unit['Install']['WantedBy']}.wants/" in path


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "none"])
def test_every_engine_has_a_recipe_for_every_release(system, engine):
    layer = recipe.ENGINES[engine][system]
    assert "busybox-static" in layer.packages
    assert any(engines.ARCHIVE in command for command in layer.commands)
    assert recipe.engine_fingerprint(system, engine)
