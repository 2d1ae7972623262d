# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service that announces containers is installed with its link, works as confined as it is, and goes with it."""

from __future__ import annotations

NAME = "linuxnet-macvlan-announce@lan0.service"
SCRIPT = "/etc/linuxnet-macvlan/lan0.announce.py"
UNIT = f"/etc/systemd/system/{NAME}"
STATE = "/run/linuxnet-macvlan-announce-lan0/announced"
#: Tenths of the exposure level that `systemd-analyze security` calls OK.
MOST = "29"
TARGETS = ["192.168.100.128/28"]
START = """
ip netns add c1
ip link add link eth0 name eth0 netns c1 type macvlan mode bridge
ip -n c1 address add 192.168.100.140/24 dev eth0
ip -n c1 link set eth0 up
"""
ANNOUNCED = f"until grep -q 192.168.100.140 {STATE}; do sleep 0.1; done"


def test_the_service_comes_and_goes_with_its_link(on):
    host = on("bare")
    host.link(links=[host.declared()])
    assert host.run("ls", "/etc/linuxnet-macvlan").split() == ["lan0.sh"]

    predicted = host.link(links=[host.declared(announce=TARGETS)], check=True)
    done = host.link(links=[host.declared(announce=TARGETS)])
    assert predicted["messages"] == done["messages"] == [
        f"file {SCRIPT}: add",
        f"file {UNIT}: add",
        f"unit {NAME} enabled: False -> True",
        f"unit {NAME} active: False -> True",
    ]  # fmt: skip
    assert host.link(links=[host.declared(announce=TARGETS)])["changed"] is False
    assert host.run("systemd-analyze", "verify", UNIT) == ""
    host.run("systemd-analyze", "security", "--no-pager", f"--threshold={MOST}", NAME)

    host.shell(START)
    host.run("timeout", "60", "sh", "-c", ANNOUNCED)
    host.run("systemctl", "restart", NAME)
    host.run("timeout", "60", "sh", "-c", ANNOUNCED)
    said = host.shell(f"journalctl --no-pager --output=cat --unit={NAME}")
    assert said.count(": announced") == 1
    assert "cannot" not in said

    host.run("systemctl", "stop", NAME)
    assert host.link(links=[host.declared(announce=TARGETS)])["messages"] == [f"unit {NAME} active: False -> True"]
    changed = host.link(links=[host.declared(announce=["192.168.100.128/29"])])
    assert changed["messages"] == [f"file {SCRIPT}: change"]

    host.shell("ip netns delete c1")
    host.link(links=[host.declared()])
    assert host.run("ls", "/etc/linuxnet-macvlan").split() == ["lan0.sh"]
    left = host.shell(
        "ls -d /run/linuxnet-macvlan-announce* || true; systemctl list-units --all --no-legend '*announce*'"
    )
    assert left.strip() == ""
