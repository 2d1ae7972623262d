# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containers of real engines are called."""

from __future__ import annotations

import pytest

from tests.integration.hosts import playbooks

from .hosts import GATEWAY, MACNET, SUBNET, WEB, EngineHost, chosen

only_docker = pytest.mark.parametrize("engine_host", chosen("docker"), ids=lambda engine: engine.name, indirect=True)


def create(host: EngineHost) -> None:
    own = ["--subnet", SUBNET, "--gateway", GATEWAY]
    host.ctl("network", "create", "-d", "macvlan", "-o", "parent=eth0", *own, MACNET)


def names(host: EngineHost) -> dict[str, str]:
    """Address -> container, by the module on the host."""
    found = host.module("macvlan_info")
    assert not found["failed"], found
    return {
        address.partition("/")[0]: link["namespace"]
        for link in found["links"]
        for address in link["addresses"]
        if "." in address
    }


def test_a_container_is_called_by_its_name(host):
    create(host)
    host.start("web", "--ip", WEB)
    assert names(host)[WEB] == f"web ({host.engine.program})"


@only_docker
def test_without_the_daemon_too(host):
    create(host)
    host.live_restore(on=True)
    host.start("web", "--ip", WEB)
    host.shell("systemctl stop docker.socket docker.service")
    try:
        assert names(host)[WEB] == "web (docker)"
    finally:
        host.shell("systemctl start docker.socket docker.service")
        host.live_restore(on=False)


def test_containers_beside_a_network_without_host_address_are_not_ok(host, tmp_path):
    """The four words of the engine's command and nothing else."""
    create(host)
    host.start("web", "--ip", WEB)
    words = {"name": MACNET, "parent": "eth0", "subnet": SUBNET, "gateway": GATEWAY}
    run = playbooks.run("site", host.inventory(tmp_path, words), verify_soak_seconds=0)
    assert run.row(host.name)[-1] == "NOT CHECKED", run.output
    assert f"{WEB} (web ({host.engine.program}))" in " ".join(run.output.split())
