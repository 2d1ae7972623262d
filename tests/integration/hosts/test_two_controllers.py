# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two operators run site.yml at once, each from a control process of his own and with another declaration.

One waits or is refused by name, nothing that was confirmed is undone, and each host is as one of the two declares.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit.lab import Lab

from . import playbooks

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
#: Times that they run: `SEEDS=20` for more.
SEEDS = int(os.environ.get("SEEDS", "1"))
MTUS = (1400, 1300)
REFUSALS = ("another run changes this host", "another change of this host is not confirmed yet")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def site(lab: Lab, mtu: int, *options: str) -> playbooks.Run:
    """With a link of this MTU on each host; what another run has made of it since is no failure."""
    address = "{{ '192.168.100.3' if inventory_hostname == 'h1' else '192.168.100.4' }}"
    link = {"name": "lan0", "parent": "eth0", "mtu": mtu, "addresses": [address]}
    quick = {"verify_soak_seconds": 1, "verify_interval": 0.2, "verify_drift": False}
    return playbooks.run(
        "site", lab.inventory_path, options=options, macvlan_networks=[], macvlan_links=[link], **quick
    )


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_host_is_as_one_of_them_declares(lab: Lab, seed: int) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda mtu: site(lab, mtu), MTUS))
    for run in runs:
        assert "Traceback" not in run.output, run.output
        assert "undone" not in run.output, run.output
        for _host in run.failed:
            assert any(text in run.output for text in REFUSALS), run.output
    changed = {host for run in runs for host, number in run.changed.items() if number}
    assert changed == {"h1", "h2"}
    with ThreadPoolExecutor(2) as pool:
        checks = list(pool.map(lambda mtu: site(lab, mtu, "--check"), MTUS))
    for host in ("h1", "h2"):
        assert sorted(check.changed[host] for check in checks) == [0, 1], [check.output for check in checks]
