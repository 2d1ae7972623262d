# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's script, as a shell reads it, and what goes into sysctl.d."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper, sysctl

from .persistence_cases import (
    BARE_HOST,
    NETWORK,
    NETWORKD_HOST,
    NM_HOST,
    SCRIPT,
    UNIT,
    full,
    link,
    made_of,
    sections,
)


class TestSysctl:
    def test_parent_and_link(self):
        text = sysctl.render(full())
        assert text.splitlines()[2:] == [
            "net/ipv4/conf/eth0/arp_filter = 1",
            "net/ipv6/conf/lan0/accept_ra = 0",
            "net/ipv4/conf/lan0/arp_filter = 1",
        ]

    def test_dots_in_names_stay(self):
        text = sysctl.render(link(parent="eth0.10", parent_sysctl={"arp_filter": 1}))
        assert "net/ipv4/conf/eth0.10/arp_filter = 1" in text

    def test_nothing_declared_is_no_file(self):
        assert sysctl.render(link()) is None


def commands(text: str) -> list[str]:
    """The commands of `apply` that change something."""
    inside = text[text.index("apply() {") : text.index("\n}\n")].replace("/usr/lib/systemd/", "")
    words = (" ip link ", " ip address ", " ip -4 route append", " ip -6 route append", "systemd-sysctl")
    found = []
    for line in inside.splitlines():
        start = max(line.find(word) for word in words)
        if start >= 0:
            found.append(line[start:].strip().rstrip(" &;}"))
    return found


class TestMaking:
    def test_commands_in_their_order(self):
        kind = "type macvlan mode private"
        assert commands(keeper.making(full(), BARE_HOST)) == [
            f"ip link add link eth0 name lan0 address 02:00:00:00:00:01 mtu $mtu {kind} bcqueuelen 2000",
            "systemd-sysctl /etc/sysctl.d/90-linuxnet-macvlan-lan0.conf",
            "ip link set dev lan0 mtu $mtu",
            "ip address replace 192.0.2.3/32 dev lan0",
            "ip address replace 2001:db8::3/128 dev lan0",
            "ip link set dev lan0 up",
            "ip -4 route append 192.0.2.128/28 dev lan0 proto static src 192.0.2.3",
            "ip -4 route append 10.0.0.0/8 dev lan0 via 192.0.2.129 proto static metric 50 table 100",
            "ip -6 route append 2001:db8::80/124 dev lan0 proto static src 2001:db8::3",
        ]

    def test_a_parent_is_set_up_on_consent(self):
        plain, consent = (commands(keeper.making(full(parent_up=up), BARE_HOST)) for up in (False, True))
        assert consent == ["ip link set dev eth0 up", *plain]

    def test_a_link_that_stays_down_has_no_routes(self):
        text = keeper.making(full(up=False), BARE_HOST)
        assert not [command for command in commands(text) if " route " in command or " up" in command]

    def test_nopromisc(self):
        text = keeper.making(link(mode="passthru", mac=None, nopromisc=True), BARE_HOST)
        assert "mode passthru nopromisc" in commands(text)[0]
        assert " address " not in commands(text)[0]

    def test_the_mtu_is_at_most_the_parents(self):
        assert "test $mtu -le 1400 || mtu=1400" in keeper.making(full(), BARE_HOST)
        assert "mtu=$(cat /sys/class/net/eth0/mtu) &&" in keeper.making(link(), BARE_HOST)


class TestSettings:
    def test_only_what_a_daemon_has_no_words_for(self):
        assert commands(keeper.settings(full(), NETWORKD_HOST)) == [
            "systemd-sysctl /etc/sysctl.d/90-linuxnet-macvlan-lan0.conf",
            "ip link set dev lan0 mtu $mtu",
            "ip link set dev lan0 type macvlan bcqueuelen 2000",
        ]


@pytest.mark.parametrize("render", [keeper.making, keeper.settings])
@pytest.mark.parametrize("wanted", [full(), link(), link(name="lan0.5", parent="br-lan", routes=[], addresses=[])])
def test_shells_understand_it(render, wanted):
    text = render(wanted, BARE_HOST)
    for shell in (["sh", "-n"], ["bash", "--posix", "-n"]):
        subprocess.run([*shell, "/dev/stdin"], input=text, text=True, check=True)
    assert not [line for line in text.splitlines() if "{{" in line or "None" in line]


def test_the_unit_runs_the_script_from_boot_on():
    files = made_of(link(), NM_HOST)
    found = dict(sections(files[UNIT]))
    assert ("ExecStartPre", f"/bin/sh {SCRIPT} once") in found["Service"]
    assert ("ExecStart", f"/bin/sh {SCRIPT} watch") in found["Service"]
    assert found["Install"] == [("WantedBy", "multi-user.target")]


def test_networkd_is_configured_to_leave_the_link_unmanaged():
    files = made_of(link(), NETWORKD_HOST, "systemd")
    assert sections(files[NETWORK]) == [("Match", [("Name", "lan0")]), ("Link", [("Unmanaged", "yes")])]
    assert NETWORK not in made_of(link(), NM_HOST)
