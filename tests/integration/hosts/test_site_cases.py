# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups that people have reported, with the playbooks as an operator runs them, on several kinds of hosts at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from labkit.lab import Lab

from . import playbooks
from .administrators import MAKERS
from .persistent import HOSTS, HostOfLab

ONCE = {"verify_soak_seconds": 0}


def inventory(lab: Lab, directory: Path, declared: dict[str, dict]) -> Path:
    """declared: what each host says besides its own address and range."""
    known = yaml.safe_load(lab.inventory_path.read_text(encoding="utf-8"))["all"]["hosts"]
    hosts = {}
    for name, more in declared.items():
        number = list(HOSTS).index(name)
        network = {
            "name": "lan0",
            "parent": "eth0",
            "subnet": "192.168.100.0/24",
            "gateway": "192.168.100.1",
            "container_range": f"192.168.100.{128 + 16 * number}/28",
            "host_address": f"192.168.100.{20 + number}",
            **more,
        }
        hosts[name] = {**known[name], "macvlan_networks": [network]}
    path = directory / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    return path


def route_of(host: HostOfLab) -> str:
    return f"192.168.100.{128 + 16 * list(HOSTS).index(host.name)}/28"


def test_a_link_from_the_usual_recipe_is_taken_over(
    every_manager: Lab, on: Callable[[str], HostOfLab], tmp_path: Path
) -> None:
    """Made by hand, with an address of one host and a route to the range, whose protocol is boot."""
    hosts = [on(name) for name in ("bare", "ifup", "nm")]
    for host in hosts:
        host.shell(
            "ip link add lan0 link eth0 type macvlan mode bridge; ip link set lan0 up;"
            f" ip addr add 192.168.100.{host.number}/32 dev lan0; ip route add {route_of(host)} dev lan0"
        )
    indexes = [host.run("cat", "/sys/class/net/lan0/ifindex") for host in hosts]
    before = [host.files() for host in hosts]
    declared = inventory(every_manager, tmp_path, {host.name: {} for host in hosts})
    predicted = playbooks.run("site", declared, options=("--check",))
    assert [predicted.row(host.name)[-1] for host in hosts] == ["would change"] * 3, predicted.output
    assert [host.files() for host in hosts] == before
    done = playbooks.run("site", declared, **ONCE)
    assert (done.rc, [done.row(host.name)[-1] for host in hosts]) == (0, ["changed"] * 3), done.output
    assert [host.run("cat", "/sys/class/net/lan0/ifindex") for host in hosts] == indexes
    again = playbooks.run("site", declared, **ONCE)
    assert again.changed == {host.name: 0 for host in hosts}, again.output
    assert playbooks.run("teardown", declared).rc == 0
    assert [host.files() for host in hosts] == before


def test_links_that_administrators_have_configured_are_refused(
    every_manager: Lab, on: Callable[[str], HostOfLab], tmp_path: Path
) -> None:
    hosts = [on(name) for name in ("nm", "nd", "ifup")]
    for host in hosts:
        MAKERS[host.name].on(host)
    try:
        before = [host.snapshot() for host in hosts]
        declared = inventory(every_manager, tmp_path, {host.name: {} for host in hosts})
        done = playbooks.run("site", declared, **ONCE)
        assert (done.rc, done.failed) == (2, sorted(host.name for host in hosts)), done.output
        for host in hosts:
            assert MAKERS[host.name].named[0] in done.output
        gone = playbooks.run("teardown", declared)
        assert (gone.rc, gone.changed) == (0, {host.name: 0 for host in hosts}), gone.output
        assert [host.snapshot() for host in hosts] == before
    finally:
        for host in hosts:
            MAKERS[host.name].off(host)


def test_networkmanager_that_leaves_links_alone_gets_no_file(
    every_manager: Lab, on: Callable[[str], HostOfLab], tmp_path: Path
) -> None:
    """In the same run: links without an address of their own, and a parent that is down and may be set up."""
    whitelist = "/etc/NetworkManager/conf.d/90-only.conf"
    nm, nd, bare = (on(name) for name in ("nm", "nd", "bare"))
    nm.run("tee", whitelist, input="[keyfile]\nunmanaged-devices=*,except:interface-name:eth0\n")
    nm.run("nmcli", "general", "reload", "conf")
    bare.run("ip", "link", "set", "eth0", "down")
    try:
        without = {"host_address": "parent"}
        declared = inventory(every_manager, tmp_path, {"nm": without, "nd": without, "bare": {"parent_up": True}})
        done = playbooks.run("site", declared, **ONCE)
        assert done.rc == 0, done.output
        assert nm.run("ls", "/etc/NetworkManager/conf.d").split() == ["90-only.conf"]
        assert "lan0:unmanaged" in nm.run("nmcli", "-t", "-f", "DEVICE,STATE", "device")
        for host in (nm, nd):
            assert "192.168" not in host.run("ip", "-brief", "-4", "address", "show", "dev", "lan0")
            looked_up = host.run("ip", "route", "get", route_of(host).replace("/28", "").replace(".0", ".1"))
            assert f"dev lan0 src 192.168.100.{11 + list(HOSTS).index(host.name)}" in looked_up
        assert "LOWER_UP" in bare.run("ip", "link", "show", "dev", "eth0")
        again = playbooks.run("site", declared, **ONCE)
        assert again.changed == {"nm": 0, "nd": 0, "bare": 0}, again.output
    finally:
        nm.run("rm", whitelist)
        nm.run("nmcli", "general", "reload", "conf")
        bare.run("ip", "link", "set", "eth0", "up")
