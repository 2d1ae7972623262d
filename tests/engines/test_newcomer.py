# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that somebody made by hand: what the playbooks report of it, and the way that they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.hosts import playbooks

from .hosts import DYNAMIC, GATEWAY, MACNET, SUBNET, WEB, EngineHost, declared

#: The command of the seeds, word for word but for the program.
CREATE = f"network create -d macvlan -o parent=eth0 --subnet={SUBNET} --gateway={GATEWAY} {MACNET}"


def words(run: playbooks.Run) -> str:
    """What was printed, without line breaks."""
    return " ".join(run.output.split())


@pytest.fixture
def inventory(host, tmp_path) -> Iterator[Path]:
    """The declaration of the seeds' network; what it creates on the host is removed at the end."""
    path = host.inventory(tmp_path, declared(host.engine))
    yield path
    host.clear()
    removed = playbooks.run("teardown", path)
    assert removed.rc == 0, removed.output


def test_verify_compares_the_engines_networks(host: EngineHost, inventory: Path) -> None:
    program = host.engine.program
    assert playbooks.run("site", inventory, verify_soak_seconds=0).rc == 0
    host.ctl("network", "rm", MACNET)
    absent = playbooks.run("verify", inventory, verify_soak_seconds=0)
    assert absent.rc != 0, absent.output
    assert f"{program} network {MACNET}: state: declared present, found absent" in words(absent)

    host.ctl(*CREATE.split())
    differs = playbooks.run("verify", inventory, verify_soak_seconds=0)
    assert differs.rc != 0, differs.output
    assert f"container range of {SUBNET}: declared {DYNAMIC}, found none. Remedy: run site.yml with" in words(differs)
    assert "label linuxnet.macvlan: declared managed, found none" in words(differs)


#: What somebody who knows the command above declares.
NEWCOMER = {"name": MACNET, "parent": "eth0", "subnet": SUBNET, "gateway": GATEWAY}


def printed(run: playbooks.Run) -> tuple[dict, list[str]]:
    """What the report says to set, and the options of the command that it says to run."""
    report = run.output[run.output.index("Found: ") :]
    keys = re.findall(r"^ +((?:container_range|container_fixed_range|host_address): .*)$", report, re.MULTILINE)
    command = re.search(r"^ +ansible-playbook linuxnet.macvlan.site (.*)$", report, re.MULTILINE)
    assert command, run.output
    return yaml.safe_load("\n".join(dict.fromkeys(keys))), command[1].split()


def test_the_printed_way_of_a_newcomer(host: EngineHost, tmp_path: Path) -> None:
    host.ctl(*CREATE.split())
    host.start("web", "--ip", WEB)
    host.start("one")
    before = host.inspect(MACNET, kind="network")
    network = {**NEWCOMER, "engine": host.engine.program}
    inventory = host.inventory(tmp_path, network)
    refused = playbooks.run("site", inventory, verify_soak_seconds=0)
    assert refused.rc != 0, refused.output
    assert f"containers: web ({WEB}), one (" in words(refused) or f"one ({host.address('one')}), web" in words(refused)
    assert host.inspect(MACNET, kind="network") == before
    keys, options = printed(refused)

    inventory = host.inventory(tmp_path, {**network, **keys})
    done = playbooks.run("site", inventory, options=tuple(options))
    assert done.rc == 0, done.output
    containers = {name: host.address(name) for name in ("web", "one")}
    assert containers["web"] == WEB
    host.until(lambda: not host.silent(**containers), "an answer of all")
    again = playbooks.run("site", inventory, verify_soak_seconds=0)
    assert (again.rc, again.changed) == (0, {host.name: 0}), again.output
    host.clear()
    removed = playbooks.run("teardown", inventory)
    assert removed.rc == 0, removed.output
