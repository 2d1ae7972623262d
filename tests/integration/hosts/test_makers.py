# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that an administrator's profile, file or unit makes is not taken over without consent, nor removed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks
from .administrators import MAKERS, PROFILE
from .persistent import GONE, HostOfLab, in_any_order, settled

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


def test_refused_by_the_name_of_its_maker_and_never_removed(theirs: HostOfLab) -> None:
    before = theirs.snapshot()
    for check in (True, False):
        refused = theirs.link(links=[theirs.declared()], check=check, fails=True)
        problems = [(item["key"], item["value"], item["problem"].rsplit(" ", 2)[0]) for item in refused["problems"]]
        assert sorted(problems) == sorted(("links[0].name", "lan0", named) for named in MAKERS[theirs.name].named)
    gone = theirs.link(links=GONE)
    assert gone["changed"] is False
    assert str(gone["warnings"]).count("lan0; it is left alone") == len(MAKERS[theirs.name].named)
    assert theirs.link(links=[], purge=True)["changed"] is False
    assert theirs.snapshot() == before


OUTCOME = "/run/linuxnet-macvlan/confirm/outcome.json"

#: Hosts whose maker can be disabled and enabled again.
ADOPTED = ["nm", "nd", "ifup", "bare"]
#: Those on which a change is left unconfirmed: `SEEDS=1` for all of them.
UNCONFIRMED = ADOPTED if os.environ.get("SEEDS") else ["nm"]


def without_random(text: str) -> str:
    """A link that is made again has another MAC address and index."""
    text = re.sub(r"(?m)^(lan0|fe80::\S+ dev lan0).*$|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|fe80::[0-9a-f:]+(/64)?", "", text)
    return re.sub(r"/var/lib/linuxnet-macvlan d.*|/run/linuxnet-macvlan.*", "", text)


def made_again(host: HostOfLab) -> None:
    host.shell("timeout 30 sh -c 'until ip -brief -4 address show dev lan0 | grep -q 192.168.100; do sleep 0.1; done'")


@pytest.mark.parametrize("host", ADOPTED, indirect=True)
def test_adopted_without_a_gap_and_given_back(theirs: HostOfLab) -> None:
    before = theirs.snapshot()
    index = theirs.run("cat", "/sys/class/net/lan0/ifindex")
    link = theirs.declared(adopt=True)
    predicted = theirs.link(links=[link], check=True)
    assert theirs.snapshot() == before
    assert len(predicted["adopted"]) == len(MAKERS[theirs.name].named)
    with theirs.parent_untouched():
        done = theirs.link(links=[link])
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert theirs.run("cat", "/sys/class/net/lan0/ifindex") == index
    assert in_any_order(settled(theirs)) == in_any_order(theirs.as_declared())
    again = theirs.link(links=[link])
    assert (again["changed"], again["adopted"]) == (False, [])
    assert theirs.link(links=[theirs.declared()])["changed"] is False

    gone = theirs.link(links=[], purge=True)
    assert gone["removed"] == ["lan0"]
    theirs.shell(
        "timeout 10 sh -c 'until ip -brief -4 address show dev lan0 | grep -q 192.168.100; do sleep 0.1; done'"
    )
    assert without_random(theirs.snapshot()) == without_random(before)
    assert theirs.link(links=GONE)["changed"] is False


def test_a_script_has_to_be_changed_by_hand(on: Callable[[str], HostOfLab]) -> None:
    host = on("np")
    MAKERS["np"].on(host)
    before = host.snapshot()
    refused = host.link(links=[host.declared(adopt=True)], fails=True)
    (problem,) = refused["problems"]
    assert problem["key"] == "links[0].adopt"
    assert "nothing can disable /etc/rc.local" in problem["problem"]
    assert host.snapshot() == before
    MAKERS["np"].off(host)


@pytest.mark.parametrize("host", UNCONFIRMED, indirect=True)
def test_what_nobody_confirms_is_given_back(theirs: HostOfLab) -> None:
    before = theirs.snapshot()

    def unconfirmed(**args: object) -> dict:
        token = secrets.token_hex(4)
        assert theirs.link(**args, confirm_token=token, confirm_timeout=1)["changed"]
        theirs.shell(f"timeout 60 sh -c 'until test -e {OUTCOME}; do sleep 0.2; done'")
        undone = theirs.module("confirm_change", token=token)
        assert undone["state"] == "undone"
        return undone["data"]

    link = theirs.declared(adopt=True)
    assert unconfirmed(links=[link])["left"] == []
    assert without_random(theirs.snapshot()) == without_random(before)

    theirs.link(links=[link])
    ours = theirs.snapshot()
    (left,) = unconfirmed(links=[], purge=True)["left"]
    assert left.startswith("link lan0: it is a new one")
    assert without_random(theirs.snapshot()) == without_random(ours)
    theirs.link(links=[], purge=True)


@pytest.mark.parametrize("host", ["nm"], indirect=True)
def test_site_adopts_and_teardown_gives_back(every_manager: Lab, theirs: HostOfLab, tmp_path: Path) -> None:
    index = theirs.run("cat", "/sys/class/net/lan0/ifindex")
    profile = theirs.run("cat", PROFILE)
    declared = inventory(every_manager, theirs, tmp_path, adopt=True)
    run = playbooks.run("site", declared, verify_soak_seconds=0)
    assert run.changed[theirs.name], run.output
    assert run.row(theirs.name)[:4] == [theirs.name, "lan0", "eth0", "systemd"], run.output
    assert theirs.run("cat", "/sys/class/net/lan0/ifindex") == index
    assert "unmanaged" in theirs.run("nmcli", "-t", "-f", "DEVICE,STATE", "device").partition("lan0:")[2]
    again = playbooks.run("site", declared, verify_soak_seconds=0)
    assert again.changed == {theirs.name: 0}, again.output

    down = playbooks.run("teardown", declared)
    assert down.rc == 0, down.output
    theirs.shell(
        "timeout 20 sh -c 'until ip -brief -4 address show dev lan0 | grep -q 192.168.100; do sleep 0.1; done'"
    )
    assert theirs.run("cat", PROFILE) == profile
    assert "macvlan-host" in theirs.run("nmcli", "-t", "-f", "NAME,DEVICE", "connection", "show", "--active")
