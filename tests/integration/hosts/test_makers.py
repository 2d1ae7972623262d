# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that an administrator's profile, file or unit makes is not taken over without consent, nor removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks
from .administrators import MAKERS
from .persistent import GONE, HostOfLab

NETWORK = {
    "name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/28",
}  # fmt: skip


def inventory(lab: Lab, host: HostOfLab, directory: Path, **more: object) -> Path:
    """One host alone, as what is declared has to be different on each."""
    variables = yaml.safe_load(lab.inventory_path.read_text(encoding="utf-8"))["all"]["hosts"][host.name]
    network = {**NETWORK, "host_address": f"192.168.100.{host.number}", **more}
    path = directory / "inventory.yml"
    everything = {"all": {"hosts": {host.name: {**variables, "macvlan_networks": [network]}}}}
    path.write_text(yaml.safe_dump(everything), encoding="utf-8")
    return path


@pytest.fixture
def theirs(host: HostOfLab) -> Iterator[HostOfLab]:
    """A host whose administrator has a lan0."""
    maker = MAKERS[host.name]
    maker.on(host)
    yield host
    maker.off(host)


def test_refused_by_the_name_of_its_maker_before_anything_is_written(theirs: HostOfLab) -> None:
    before = theirs.snapshot()
    for check in (True, False):
        refused = theirs.link(links=[theirs.declared()], check=check, fails=True)
        problems = [(item["key"], item["value"], item["problem"].rsplit(" ", 2)[0]) for item in refused["problems"]]
        assert sorted(problems) == sorted(("links[0].name", "lan0", named) for named in MAKERS[theirs.name].named)
    assert theirs.snapshot() == before


def test_absent_and_purge_leave_it_alone_and_say_so(theirs: HostOfLab) -> None:
    before = theirs.snapshot()
    gone = theirs.link(links=GONE)
    assert gone["changed"] is False
    assert str(gone["warnings"]).count("lan0; it is left alone") == len(MAKERS[theirs.name].named)
    assert theirs.link(links=[], purge=True)["changed"] is False
    assert theirs.snapshot() == before


@pytest.mark.parametrize("host", ["nm"], indirect=True)
def test_site_is_refused_before_networkmanager_is_told_anything(
    every_manager: Lab, theirs: HostOfLab, tmp_path: Path
) -> None:
    before = theirs.snapshot()
    run = playbooks.run("site", inventory(every_manager, theirs, tmp_path))
    assert (run.rc, run.failed) == (2, [theirs.name]), run.output
    assert MAKERS[theirs.name].named[0] in run.output
    assert theirs.snapshot() == before
