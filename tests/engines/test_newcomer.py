# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that somebody made by hand: what the playbooks report of it, and the way that they print."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import yaml

from labkit import dhcp
from tests.integration.hosts import playbooks
from tests.integration.hosts.station import Station

from .hosts import DYNAMIC, GATEWAY, MACNET, SUBNET, WEB, EngineHost, declared

#: The command of the seeds, word for word but for the program.
CREATE = f"network create -d macvlan -o parent=eth0 --subnet={SUBNET} --gateway={GATEWAY} {MACNET}"

#: Each check once; and a new connection may take longer than 30 s on a busy machine.
QUICK = {"verify_soak_seconds": 0, "interfaces_confirm_timeout": 120}


def words(run: playbooks.Run) -> str:
    """What was printed, without line breaks."""
    return " ".join(run.output.split())


def test_verify_compares_the_engines_networks(host: EngineHost, tmp_path: Path) -> None:
    """Nothing was configured yet: verify.yml says that, too."""
    inventory = host.inventory(tmp_path, declared(host.engine))
    absent = playbooks.run("verify", inventory, **QUICK)
    assert absent.rc != 0, absent.output
    named = f"{host.engine.program} network {MACNET}"
    assert f"{named}: state: declared present, found absent" in words(absent), absent.output

    host.ctl(*CREATE.split())
    differs = playbooks.run("verify", inventory, **QUICK)
    assert differs.rc != 0, differs.output
    range_of = f"{named}: container range of {SUBNET}: declared {DYNAMIC}, found none. Remedy: run site.yml with"
    assert range_of in words(differs), differs.output

    diagnosed = playbooks.run("diagnose", inventory, diagnose_seconds=3)
    assert f"not as declared: {named}: container range of {SUBNET}" in words(diagnosed), diagnosed.output


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
    refused = playbooks.run("site", inventory, **QUICK)
    assert refused.rc != 0, refused.output
    found = words(refused)
    assert all(f"{name} ({host.address(name)})" in found for name in ("web", "one")), refused.output
    assert host.inspect(MACNET, kind="network") == before
    keys, options = printed(refused)

    inventory = host.inventory(tmp_path, {**network, **keys})
    done = playbooks.run("site", inventory, options=tuple(options), **QUICK)
    assert done.rc == 0, done.output
    containers = {name: host.address(name) for name in ("web", "one")}
    assert containers["web"] == WEB
    host.until(lambda: not host.silent(**containers), "an answer of all")
    again = playbooks.run("site", inventory, **QUICK)
    assert (again.rc, again.changed) == (0, {host.name: 0}), again.output
    host.clear()
    removed = playbooks.run("teardown", inventory, interfaces_confirm_timeout=QUICK["interfaces_confirm_timeout"])
    assert removed.rc == 0, removed.output


def test_what_a_dhcp_server_offers_is_not_proposed(host: EngineHost, tmp_path: Path) -> None:
    host.ctl(*CREATE.split())
    inventory = host.inventory(tmp_path, {**NEWCOMER, "engine": host.engine.program})
    before, dummy = printed(playbooks.run("site", inventory, **QUICK))
    leased = ip_network(before["container_range"])[1]
    server = dhcp.dnsmasq(Station(host.lab, "gateway"), tmp_path, f"--dhcp-range={leased},{leased},1h")
    try:
        beside, dummy = printed(playbooks.run("site", inventory, **QUICK))
    finally:
        server.process.kill()
        server.process.wait()
    proposed = {name: ip_network(given) for name, given in beside.items()}
    assert {"container_range", "host_address"} <= proposed.keys()
    assert [name for name, network in proposed.items() if leased in network] == []
