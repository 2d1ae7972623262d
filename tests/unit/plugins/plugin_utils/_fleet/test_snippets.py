# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.snippets import snippet

NETWORK = {
    "name": "lan0", "parent": "eth0", "subnet": ["192.168.100.0/24", "fd00::/64"],
    "container_range": ["192.168.100.128/28", "fd00::80/124"], "engine": "docker",
}  # fmt: skip


def lines(**changes):
    problems = Problems()
    (network,) = expand([{**NETWORK, **changes}], [], problems).networks
    assert not problems, problems.report()
    return snippet("h1", network)


def test_compose_with_chosen_addresses():
    fixed = ["192.168.100.0/30", "fd00::90/124"]
    made = yaml.safe_load("\n".join(lines(container_fixed_range=fixed)))
    assert made["services"]["web"]["networks"] == {
        "lan0": {"ipv4_address": "192.168.100.1", "ipv6_address": "fd00::90"}
    }
    assert made["networks"] == {"lan0": {"external": True}}


def test_compose_where_the_engine_chooses():
    assert yaml.safe_load("\n".join(lines()))["services"]["web"]["networks"] == {"lan0": {}}


def test_quadlet():
    made = lines(engine="podman", container_fixed_range="192.168.100.160/28")
    assert made[:5] == ["[Container]", "Image=IMAGE", "ContainerName=web", "Network=lan0", "IP=192.168.100.160"]
    assert made == lines(engine="podman", container_fixed_range="192.168.100.160/28")
    assert made[5].startswith("PodmanArgs=--mac-address=")


def test_without_an_engine_there_is_none():
    assert lines(engine="none") == []
