# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml configures no address that is in use, and verify.yml finds a machine that takes one later."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from labkit.lab import Lab

from . import playbooks

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
ONCE = {"verify_soak_seconds": 0}
INTEL = "00:1b:21:3c:4d:5e"
#: With the number of a virtual router (RFC 9568, 7.3).
VRRP = "00:00:5e:00:01:{:02x}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def section(run: playbooks.Run, host: str) -> str:
    """The report on one host below the table, in one line."""
    text = run.output.partition(f"\n{host}:\n")[2].partition("\n\n")[0]
    return " ".join(text.split())


def test_a_conflicting_address_is_refused_and_a_later_one_is_found(lab: Lab) -> None:
    # the gateway is a virtual router, which is no conflict in any of these runs
    lab.exec("gateway", "ip", "link", "set", "eth0", "address", VRRP.format(1))
    lab.exec("lan", "ip", "link", "set", "eth0", "address", INTEL)
    lab.exec("lan", "ip", "address", "add", "192.168.100.3/32", "dev", "eth0")
    run = playbooks.run("site", lab.inventory_path, **ONCE)
    assert (run.rc, run.failed) == (2, ["h1"]), run.output
    assert [run.row(host)[-1] for host in ("h1", "h2")] == ["FAILED", "changed"]
    assert lab.exec("h1", "ip", "link", "show", "type", "macvlan").stdout == ""
    lines = section(run, "h1")
    assert f"192.168.100.3 on eth0 (host_address of h1) is in use by {INTEL} (Intel Corporate), seen by reply" in lines
    assert "from parent and child of h1 at 20" in lines

    lab.exec("lan", "ip", "address", "delete", "192.168.100.3/32", "dev", "eth0")
    virtual = "192.168.100.3 on eth0 (host_address of h1) is answered for by a virtual router:"
    lab.exec("gateway", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1")
    router = "ip link add vr9 link eth0 address $0 type macvlan && ip link set vr9 up && ip address add $1 dev vr9"
    lab.exec("gateway", "sh", "-c", router, VRRP.format(9), "192.168.100.3/32")
    run = playbooks.run("site", lab.inventory_path, options=("--limit", "h1"), **ONCE)
    assert (run.rc, run.failed) == (2, ["h1"]), run.output
    assert f"{virtual} {VRRP.format(9)} (ICANN, IANA Department), seen by reply" in section(run, "h1")
    lab.exec("gateway", "ip", "link", "set", "vr9", "down")
    run = playbooks.run("site", lab.inventory_path, **ONCE)
    assert (run.rc, run.changed) == (0, {"h1": 1, "h2": 0}), run.output
    assert "conflict" not in run.output.partition("PLAY [Report]")[2]

    lab.exec("lan", "ip", "address", "add", "192.168.100.4/32", "dev", "eth0")
    lab.exec("gateway", "ip", "link", "set", "vr9", "up")
    container = "ip netns add c9 && ip link add link eth0 name eth0 netns c9 type macvlan mode bridge"
    up = "ip -n c9 link set eth0 up && ip -n c9 address add 192.168.100.130/24 dev eth0"
    copy = lab.exec("h1", "cat", "/etc/machine-id").stdout.strip()
    lab.exec("h2", "sh", "-c", f"{container} && {up} && echo {copy} > /etc/machine-id")
    run = playbooks.run("verify", lab.inventory_path, **ONCE)
    assert (run.rc, run.failed) == (2, ["h1", "h2"]), run.output
    assert [run.row(host)[-1] for host in ("h1", "h2")] == ["FAILED", "FAILED"]
    for host in ("h1", "h2"):
        assert "192.168.100.130 on eth0 (a container's address of h1) is held more than once" in section(run, host)
        assert "eth0 of h2 in namespace c9" in section(run, host)
    assert virtual in section(run, "h1")
    assert "192.168.100.4 on eth0 (host_address of h2) is held more than once: lan0 of h2" in section(run, "h2")
    assert f"{INTEL} (Intel Corporate), seen by reply" in section(run, "h2")
    assert "from parent and child of h2 at 20" in section(run, "h2")
    assert "h1, h2 have one machine-id" in run.output

    limited = playbooks.run("verify", lab.inventory_path, options=("--limit", "h1"), **ONCE)
    assert limited.failed == ["h1"]
    assert "h2: not in this run" in limited.output
