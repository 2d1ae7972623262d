# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containers are called, and which causes real engines are found guilty of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.hosts import playbooks

from .hosts import DYNAMIC, GATEWAY, MACNET, SHIM, SUBNET, WEB, EngineHost, chosen, declared

only_docker = pytest.mark.parametrize("engine_host", chosen("docker"), ids=lambda engine: engine.name, indirect=True)


def create(host: EngineHost, *options: str, subnet: str = SUBNET) -> None:
    own = ["--subnet", subnet, *(("--gateway", GATEWAY) if subnet == SUBNET else ())]
    # as the role container_network has it: only what a test says differs
    own += ["--aux-address", f"host={SHIM}"] if host.engine.program == "docker" and subnet == SUBNET else []
    host.ctl("network", "create", "-d", "macvlan", "-o", "parent=eth0", *own, *options, MACNET)


def names(host: EngineHost) -> dict[str, str]:
    """Address -> container, by the module on the host."""
    ansible = Path(sys.executable).parent / "ansible"
    done = subprocess.run(
        [ansible, "-i", host.lab.inventory_path, host.name, "-b", "-o", "-m", "linuxnet.macvlan.macvlan_info"],
        cwd=playbooks.ROOT, capture_output=True, text=True, check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.partition("=> ")[2])
    return {
        address.partition("/")[0]: link["namespace"]
        for link in found["links"]
        for address in link["addresses"]
        if "." in address
    }


@pytest.fixture
def inventory(host, tmp_path) -> Iterator[Path]:
    """The declaration, without the container; what it creates on the host is removed at the end."""
    path = host.inventory(tmp_path, {**declared(host.engine), "containers": []})
    yield path
    host.clear()
    removed = playbooks.run("teardown", path)
    assert removed.rc == 0, removed.output


def confirmed(inventory: Path, folder: Path) -> dict[str, str]:
    """Cause -> summary, of a diagnosis of three seconds."""
    run = playbooks.run("diagnose", inventory, diagnose_seconds=3, diagnose_report_dir=str(folder))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    found = [item for item in report["verdicts"] if item["status"] == "confirmed"]
    assert found, run.output
    return {item["cause"]: item["summary"] for item in found}


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


def test_a_container_outside_of_the_range_is_the_cause(host, inventory, tmp_path):
    """The seeds' network has no ip-range: its first container gets the bottom of the LAN."""
    create(host)
    host.start("one")
    address = host.address("one")
    refused = playbooks.run("site", inventory, verify_soak_seconds=0)
    assert "was created by something else and differs" in refused.output
    run = playbooks.run("site", inventory, verify_soak_seconds=0, options=("--skip-tags", "containers"))
    assert run.rc != 0, run.output
    assert "container_outside_range" in run.output
    assert "route_order" not in run.output
    found = confirmed(inventory, tmp_path)
    assert set(found) == {"container_outside_range"}, found
    assert f"{address} (one ({host.engine.program}))" in found["container_outside_range"]


@pytest.mark.parametrize(
    ("break_it", "cause"),
    [
        ("ip link set eth0 down", "container_link_down"),
        ("ip address flush dev eth0 scope global; ip address add {}/32 dev eth0", "container_address_wrong"),
    ],
)
def test_what_is_wrong_inside_of_a_container_is_found_there(host, inventory, tmp_path, break_it, cause):
    create(host, "--ip-range", DYNAMIC)
    host.start("one")
    run = playbooks.run("site", inventory, verify_soak_seconds=0)
    assert run.rc == 0, run.output
    script = break_it.format(host.address("one"))
    host.shell(f"nsenter --net --target {host.pid('one')} sh -c '{script}'")
    found = confirmed(inventory, tmp_path)
    assert cause in found, found
    assert f"one ({host.engine.program})" in found[cause]


@only_docker
def test_a_stopped_engine_is_never_ok(host, inventory, tmp_path):
    create(host, "--ip-range", DYNAMIC)
    assert playbooks.run("site", inventory, verify_soak_seconds=0).rc == 0
    host.shell("systemctl stop docker.socket docker.service")
    try:
        for playbook in ("verify", "site"):
            run = playbooks.run(playbook, inventory, verify_soak_seconds=0)
            assert run.rc != 0, run.output
            assert "docker does not run" in run.output
            assert host.run("systemctl", "show", "--property=ActiveState", "docker.service") == "ActiveState=inactive"
        assert set(confirmed(inventory, tmp_path)) == {"engine_stopped"}
    finally:
        host.shell("systemctl start docker.socket docker.service")


def test_containers_beside_a_network_without_host_address_are_not_ok(host, tmp_path):
    """The four words of the engine's command and nothing else."""
    create(host)
    host.start("web", "--ip", WEB)
    words = {"name": MACNET, "parent": "eth0", "subnet": SUBNET, "gateway": GATEWAY}
    run = playbooks.run("site", host.inventory(tmp_path, words), verify_soak_seconds=0)
    assert run.row(host.name)[-1] == "NOT CHECKED", run.output
    assert f"{WEB} (web ({host.engine.program}))" in " ".join(run.output.split())
