# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unusable forms and foreign files are refused, and nothing is changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .persistent import GONE, HostOfLab

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("nm", "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf"),
        ("nm", "/etc/systemd/system/linuxnet-macvlan-lan0.service"),
        ("nm", "/etc/linuxnet-macvlan/lan0.sh"),
        ("ifup", "/etc/network/interfaces.d/linuxnet-macvlan-lan0"),
        ("nd", "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev"),
        ("nd", "/etc/systemd/network/10-eth0.network.d/linuxnet-macvlan-lan0.conf"),
    ],
)
def test_somebody_elses_file_is_never_touched(on, name, path):
    host = on(name)
    host.run("install", "-D", "-m", "644", "/dev/stdin", path, input="# by hand\n")
    before = host.snapshot()
    refused = host.link(links=[host.declared()], fails=True)
    assert [(item["value"], item["problem"]) for item in refused["problems"]] == [
        (path, "a file that is not ours is in the way")
    ]
    assert host.snapshot() == before
    host.run("rm", path)
    host.shell("rmdir /etc/systemd/network/10-eth0.network.d /etc/linuxnet-macvlan 2>/dev/null || true")


def test_a_masked_unit_is_refused(on):
    host = on("ifup")
    host.run("systemctl", "mask", "--quiet", "linuxnet-macvlan-lan0.service")
    refused = host.link(links=[host.declared()], fails=True)
    assert refused["problems"][0]["value"] == "/etc/systemd/system/linuxnet-macvlan-lan0.service"
    host.run("systemctl", "unmask", "--quiet", "linuxnet-macvlan-lan0.service")


def test_a_profile_and_an_exclusion_of_one_link_are_a_conflict(on):
    host = on("nm")
    host.run(
        "install", "-m", "644", "/dev/stdin", EXCLUSION, input="[keyfile]\nunmanaged-devices+=interface-name:lan*\n"
    )
    refused = host.link(links=[host.declared()], persistence="networkmanager", fails=True)
    assert f"interface-name:lan* in {EXCLUSION}" in refused["problems"][0]["problem"]
    host.run("rm", EXCLUSION)


EXCLUSION = "/etc/NetworkManager/conf.d/50-by-hand.conf"


def test_ifupdown_that_does_not_read_the_directory(on):
    host = on("ifup")
    host.run("sed", "-i", "s/^source/#source/", "/etc/network/interfaces")
    refused = host.link(links=[host.declared()], persistence="ifupdown", fails=True)
    assert "does not read" in refused["problems"][0]["problem"]
    done = host.link(links=[host.declared()])
    assert done["links"][0]["persistence"] == "systemd"
    assert "does not read" in done["links"][0]["reason"]
    host.run("sed", "-i", "s/^#source/source/", "/etc/network/interfaces")
    host.link(links=GONE)


@pytest.mark.parametrize(
    ("name", "persistence"),
    [("nd", "netplan"), ("nm", "netplan"), ("np", "ifupdown"), ("nd", "networkmanager"), ("bare", "networkmanager")],
)
def test_the_form_of_a_daemon_that_does_not_own_the_parent(on, name, persistence):
    host = on(name)
    before = host.snapshot()
    refused = host.link(links=[host.declared()], persistence=persistence, fails=True)
    assert [(item["key"], item["value"]) for item in refused["problems"]] == [("persistence", persistence)]
    assert host.snapshot() == before


@pytest.mark.parametrize("name", ["nm", "ifup", "bare"])
def test_networkd_is_refused_where_it_does_not_own_the_parent(on, name):
    host = on(name)
    before = host.snapshot()
    refused = host.link(links=[host.declared()], persistence="networkd", fails=True)
    assert [(item["key"], item["value"]) for item in refused["problems"]] == [("persistence", "networkd")]
    assert host.snapshot() == before


@pytest.mark.parametrize(
    ("name", "file", "remedy"),
    [
        ("nd", "/etc/systemd/network/10-eth0.network", "set ActivationPolicy=up in the [Link] section of"),
        ("np", "/run/systemd/network/10-netplan-eth0.network", "remove activation-mode from eth0 in netplan's files"),
    ],
)
def test_a_parent_that_its_manager_takes_down_cannot_be_set_up(on, name, file, remedy):
    host = on(name)
    drop_in = f"/etc/systemd/network/{Path(file).name}.d/50-down.conf"
    host.run("install", "-D", "-m", "644", "/dev/stdin", drop_in, input="[Link]\nActivationPolicy=always-down\n")
    try:
        refused = host.link(links=[host.declared(parent_up=True)], fails=True)
        assert [(item["key"], item["problem"]) for item in refused["problems"]] == [
            ("links[0].parent_up", f"systemd-networkd leaves eth0 down: {file} has ActivationPolicy=always-down")
        ]
        assert remedy in refused["msg"]
    finally:
        host.run("rm", "-r", str(Path(drop_in).parent))


def test_the_parents_foreign_addresses_are_not_given_up(on):
    """systemd 257 removes them when it loads a drop-in, so another form is chosen as long as they exist."""
    host = on("nd")
    host.run("ip", "address", "add", "192.168.100.77/32", "dev", "eth0")
    refused = host.link(links=[host.declared()], persistence="networkd", fails=True)
    assert "did not make" in refused["problems"][0]["problem"]
    with host.parent_untouched():
        done = host.link(links=[host.declared()])
    assert done["links"][0]["persistence"] == "systemd"
    assert "did not make" in done["links"][0]["reason"]
    host.link(links=GONE)

    host.run("ip", "address", "del", "192.168.100.77/32", "dev", "eth0")
    assert host.link(links=[host.declared()])["links"][0]["persistence"] == "networkd"
    host.run("ip", "address", "add", "192.168.100.77/32", "dev", "eth0")
    assert host.link(links=[host.declared()])["changed"] is False
    with host.parent_untouched():
        host.link(links=GONE)
    assert "192.168.100.77/32" in host.run("ip", "-brief", "address", "show", "dev", "eth0")
    assert host.files() == {}
    host.run("ip", "address", "del", "192.168.100.77/32", "dev", "eth0")


def test_a_network_namespace_writes_nothing_on_its_machine(on):
    """A host that is a network namespace shares /etc and systemd with the machine, whose links they configure."""
    host = on("bare")
    package = "ansible_collections/linuxnet/macvlan/plugins/module_utils"
    archive = subprocess.run(
        ["tar", "-C", ROOT / "collections", "-ch", package], capture_output=True, check=True
    ).stdout
    host.run("mkdir", "/root/collections")
    subprocess.run([*host.lab.entry("bare"), "tar", "-C", "/root/collections", "-x"], input=archive, check=True)
    host.run("ip", "netns", "add", "inner")
    host.run("ip", "-n", "inner", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    before = host.snapshot()

    auto = converge_in(host, "inner", persistence="auto")
    assert (auto["changed"], auto["links"][0]["persistence"]) == (True, "none")
    assert auto["links"][0]["reason"] == UNFIT
    refused = converge_in(host, "inner", persistence="systemd")
    assert [(item["key"], item["problem"]) for item in refused["problems"]] == [("persistence", UNFIT)]
    assert host.snapshot() == before
    host.run("ip", "netns", "del", "inner")
    host.run("rm", "-r", "/root/collections")


UNFIT = "this is a network namespace of its own: /etc and systemd belong to the machine around it"


def converge_in(host: HostOfLab, namespace: str, persistence: str) -> dict:
    script = f"""
import json, sys
sys.path.insert(0, "/root/collections")
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.run import ConvergeOptions, converge
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
try:
    result = converge(ConvergeOptions([{{"name": "lan0", "parent": "eth0"}}], persistence="{persistence}", host_id="h"))
except InvalidInput as invalid:
    result = {{"problems": invalid.problems.as_data()}}
print(json.dumps(result))
"""
    return json.loads(host.run("ip", "netns", "exec", namespace, "python3", "-c", script))
