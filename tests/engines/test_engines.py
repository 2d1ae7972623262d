# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines of the lab are real: they run containers in the host's own control groups, and leave nothing behind."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from labkit import state
from labkit.cgroups import hierarchies
from labkit.lab import Lab

from .hosts import HOST, MACNET, STATION, SUBNET, WEB, EngineHost, chosen, topology


def groups() -> set[str]:
    """All control groups of this machine except those of other labs, some of which may be on their way out."""
    known = {path for root in hierarchies() for path, _directories, _files in os.walk(root)}
    return {path for path in known if f"/{state.PREFIX}." not in path}


def at_the_root() -> set[str]:
    """Groups that engines make for all their containers, and keep."""
    return {str(path) for root in hierarchies() for name in ("docker", "libpod*") for path in root.glob(name)}


class TestHost:
    def test_the_engine_is_debians(self, host):
        assert host.run(host.engine.program, "version", "--format", "{{.Client.Version}}").startswith(
            host.engine.version
        )
        assert host.run("systemctl", "is-system-running") == "running"

    def test_a_container_has_a_macvlan_link_and_reaches_the_lan_but_not_its_host(self, host):
        host.ctl("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", SUBNET, MACNET)
        host.start("web", "--ip", WEB)
        assert (host.pings("web", STATION), host.pings("lan", WEB)) == (True, True)
        assert (host.pings("web", HOST), host.pings(host.name, WEB)) == (False, False)

    def test_its_processes_are_in_the_groups_of_the_host(self, host):
        """In every hierarchy: elsewhere the engine would leave groups behind."""
        host.start("web", network="none")
        namespace = host.run("readlink", f"/proc/{host.pid('web')}/ns/pid")
        outer = next(
            int(path.parts[2])
            for path in Path("/proc").glob("[0-9]*/ns/pid")
            if path.exists() and str(path.readlink()) == namespace
        )
        lines = Path(f"/proc/{outer}/cgroup").read_text(encoding="utf-8").splitlines()
        mine = f"/{state.PREFIX}.{host.lab.name}/{host.name}/"
        assert [line for line in lines if not line.split(":", 2)[2].startswith(mine)] == []

    def test_it_starts_again_after_a_reboot(self, host):
        host.start("web", "--restart", "always", network="none")
        host.lab.reboot(host.name)
        host.until(lambda: host.running("web"), "web runs")


@pytest.mark.parametrize("engine", chosen(), ids=lambda engine: engine.name)
def test_nothing_is_left_in_any_control_group_of_the_machine(engine):
    before = at_the_root()
    lab = Lab.up(topology(engine), name=f"t{secrets.token_hex(4)}")
    try:
        host = EngineHost(lab, engine)
        host.start("web", network="none")
        container = host.inspect("web")[0]["Id"]
        assert [path for path in groups() if container in path] == []
    finally:
        lab.down()
    assert at_the_root() == before
    assert [path for path in groups() if container in path] == []
    assert [path for root in hierarchies() for path in root.glob(f"{state.PREFIX}.{lab.name}*")] == []
