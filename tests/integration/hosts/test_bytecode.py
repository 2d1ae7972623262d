# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to the hosts with and without bytecode, as files and on standard input: all else is the same."""

from __future__ import annotations

import base64
import io
import re
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

HOSTS = ("h1", "h2", "h3", "h4")
ONCE = {"verify_soak_seconds": 0, "interfaces_confirm_timeout": 600}
#: Python on a host, with a copy of each text that it is to run.
RECORDING = """#!/bin/sh
copy=$(mktemp {directory}/{host}.XXXXXX)
if [ $# -gt 0 ]; then cat "$1" > "$copy"; else cat > "$copy"; set -- "$copy"; fi
exec {inner} "$@"
"""


def topology() -> dict:
    hosts = {
        name: {
            "kind": "netns",
            "nics": [{"name": "eth0", "switch": "sw0", "addresses": [f"10.0.1.{number}/16"], "gateway": "10.0.0.1"}],
            "vars": {
                "ansible_pipelining": number % 2 == 0,
                "macvlan_networks": [
                    {"name": "lan0", "parent": "eth0", "subnet": "10.0.0.0/16", "gateway": "10.0.0.1",
                     "container_range": f"10.0.100.{number * 16}/28", "host_address": f"10.0.2.{number}"},
                ],
            },
        }
        for number, name in enumerate(HOSTS, start=1)
    }  # fmt: skip
    return {"switches": {"sw0": {}}, "stations": {"gateway": {"addresses": ["10.0.0.1/16"]}}, "hosts": hosts}


@pytest.fixture(scope="module")
def converged() -> Iterator[Lab]:
    lab = Lab.up(topology(), name=f"t{secrets.token_hex(4)}")
    try:
        run = playbooks.run("site", lab.inventory_path, **ONCE)
        assert run.rc == 0, run.output
        yield lab
    finally:
        lab.down()


@pytest.fixture
def sent(converged: Lab, tmp_path: Path) -> Path:
    """A directory for what each host is to run, and an inventory in it; hosts write there by any user."""
    content = yaml.safe_load(converged.inventory_path.read_text(encoding="utf-8"))
    for host, variables in content["all"]["hosts"].items():
        inner = Path(variables["ansible_python_interpreter"])
        python = tmp_path / host / inner.name
        python.parent.mkdir()
        python.write_text(RECORDING.format(directory=tmp_path, host=host, inner=inner), encoding="utf-8")
        python.chmod(0o755)
        variables["ansible_python_interpreter"] = str(python)
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return tmp_path


def members(text: str) -> set[str]:
    """The names in the archive of a module."""
    found = re.search(r"['\"](UEsDB[A-Za-z0-9+/=]+)['\"]", text)
    return set(zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))).namelist()) if found else set()


def test_bytecode_changes_what_is_sent_and_nothing_else(sent: Path) -> None:
    outcomes = []
    for wanted in (True, False):
        run = playbooks.run("site", sent / "inventory.yml", macvlan_bytecode=wanted, **ONCE)
        texts = {host: [path.read_text() for path in sent.glob(f"{host}.*")] for host in HOSTS}
        for path in sent.glob("h?.*"):
            path.unlink()
        compiled = {host: [name for text in found for name in members(text) if name.endswith(".pyc")]
                    for host, found in texts.items()}  # fmt: skip
        sources = {host: [name for text in found for name in members(text) if name.endswith(".py")]
                   for host, found in texts.items()}  # fmt: skip
        for host in HOSTS:
            expected = [f"{name}c" for name in sources[host]] if wanted else []
            assert sources[host], run.output
            assert sorted(compiled[host]) == sorted(expected), run.output
        outcomes.append((run.rc, run.changed, [run.row(host) for host in HOSTS]))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][:2] == (0, dict.fromkeys(HOSTS, 0))


def test_what_differs_is_repaired(converged: Lab, sent: Path) -> None:
    """The roles' own modules are sent as Ansible sends them."""
    converged.exec("h2", "ip", "link", "delete", "lan0")
    run = playbooks.run("site", sent / "inventory.yml", **ONCE)
    assert (run.rc, run.changed["h1"], run.changed["h2"] > 0) == (0, 0, True), run.output
    again = playbooks.run("site", sent / "inventory.yml", **ONCE)
    assert again.changed == dict.fromkeys(HOSTS, 0), again.output


def test_a_diagnosis_is_the_same(converged: Lab, sent: Path) -> None:
    converged.exec("h3", "ip", "link", "set", "lan0", "down")
    try:
        run = playbooks.run("diagnose", sent / "inventory.yml", diagnose_seconds=6)
    finally:
        converged.exec("h3", "ip", "link", "set", "lan0", "up")
        playbooks.run("site", converged.inventory_path, **ONCE)
    assert "link_down" in run.output, run.output
    texts = [path.read_text() for path in sent.glob("h?.*")]
    assert all(any(name.endswith(".pyc") for name in members(text)) for text in texts if members(text))
