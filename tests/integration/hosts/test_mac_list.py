# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mac_list.yml writes what the network team needs, and the same again if nothing has changed."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def test_the_list_for_the_network_team(lab: Lab, tmp_path: Path) -> None:
    place = tmp_path / "lists"
    options = {"mac_list_dir": str(place), "mac_list_lldp_seconds": 0}
    run = playbooks.run("mac_list", lab.inventory_path, options=("--limit", "h1"), **options)
    assert run.rc == 0, run.output
    assert "h2 is listed by its declaration alone: not in this run" in run.output
    with open(place / "mac_list.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["host"], row["parent"], row["role"]) for row in rows] == [
        ("h1", "eth0", "parent"), ("h1", "eth0", "container"), ("h1", "eth0", "container"),
        ("h1", "eth0", "declared"), ("h2", "eth0", "declared"),
    ]  # fmt: skip
    assert {row["namespace"] for row in rows[1:3]} == {"h1-c1", "h1-c2"}
    assert rows[1]["mac"] < rows[2]["mac"]
    listed = json.loads((place / "mac_list.json").read_text(encoding="utf-8"))
    assert listed["rows"] == rows
    assert [(port["host"], port["macs"]) for port in listed["ports"]] == [("h1", 4), ("h2", 1)]
    assert listed["unseen"] == {"h2": "not in this run"}

    again = playbooks.run("mac_list", lab.inventory_path, options=("--limit", "h1"), **options)
    assert (again.rc, again.changed) == (0, {"h1": 0}), again.output
    whole = playbooks.run("mac_list", lab.inventory_path, options=("--check", "--diff"), **options)
    assert (whole.rc, sum(whole.changed.values())) == (0, 1), whole.output
    assert any(line.startswith("+h2,eth0,") and ",parent," in line for line in whole.diff)
    assert json.loads((place / "mac_list.json").read_text(encoding="utf-8")) == listed

    dead = tmp_path / "dead.yml"
    hosts = {"h2": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}}
    dead.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    options["mac_list_dir"] = str(tmp_path / "without h2")
    lost = playbooks.run("mac_list", lab.inventory_path, dead, **options)
    assert (lost.rc, lost.failed) == (2, ["h2"]), lost.output
    assert "h2 was not read, and the list has only what it declares" in " ".join(lost.output.split())
    assert json.loads((tmp_path / "without h2" / "mac_list.json").read_text(encoding="utf-8"))["unseen"]

    options["mac_list_dir"] = str(place)
    (place / "mac_list.csv").write_text("somebody else's\n", encoding="utf-8")
    refused = playbooks.run("mac_list", lab.inventory_path, **options)
    assert refused.rc == 2
    assert "is no MAC list of this collection" in refused.output
    nowhere = playbooks.run("mac_list", lab.inventory_path)
    assert nowhere.rc == 2
    assert "mac_list_dir=DIRECTORY" in nowhere.output
