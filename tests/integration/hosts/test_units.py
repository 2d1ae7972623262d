# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A keeper's unit may do what the keeper needs and no more, and with that the keeper does its whole job."""

from __future__ import annotations

UNIT = "/etc/systemd/system/linuxnet-macvlan-lan0.service"
NAME = "linuxnet-macvlan-lan0.service"
#: Tenths of the exposure level that `systemd-analyze security` calls OK; without any confinement it is 96.
MOST = "29"

#: The unit of the first release.
FIRST = """\
# Managed by Ansible: linuxnet.macvlan. Changes made here are overwritten.
# Link: lan0

[Unit]
Description=macvlan link lan0 on eth0
After=network-pre.target
Before=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStartPre=/bin/sh /etc/linuxnet-macvlan/lan0.sh once
ExecStart=/bin/sh /etc/linuxnet-macvlan/lan0.sh watch
Restart=always
RestartSec=1
TimeoutStartSec=60

[Install]
WantedBy=multi-user.target
"""


def test_a_keeper_is_confined_and_does_its_job(host):
    host.link(links=[host.declared()])
    assert host.run("systemd-analyze", "verify", UNIT) == ""
    host.run("systemd-analyze", "security", "--no-pager", f"--threshold={MOST}", NAME)
    assert "cap_net_admin" in host.run("systemctl", "show", "--value", "-p", "CapabilityBoundingSet", NAME)

    # An event of the parent has it put back: settings, MTU, addresses and routes, as far as the form leaves them to it.
    host.shell("echo 0 > /proc/sys/net/ipv4/conf/lan0/arp_filter; ip link set eth0 mtu 1400; ip link set eth0 mtu 1500")
    filtered = "test $(cat /proc/sys/net/ipv4/conf/lan0/arp_filter) = 1"
    grown = "test $(cat /sys/class/net/lan0/mtu) = 1500"
    for condition in (filtered, grown):
        host.run("timeout", "60", "sh", "-c", f"until {condition}; do sleep 0.1; done")
    assert host.state() == host.as_declared()
    said = host.shell(f"journalctl --no-pager --output=cat --unit={NAME}")
    assert "not permitted" not in said
    assert "denied" not in said


def test_the_unit_of_an_earlier_release_is_a_difference_and_is_replaced(on):
    host = on("bare")
    host.link(links=[host.declared()])
    now = host.run("cat", UNIT)
    host.run("sh", "-c", f"cat > {UNIT} && systemctl daemon-reload && systemctl restart {NAME}", input=FIRST)
    assert "cap_sys_admin" in host.run("systemctl", "show", "--value", "-p", "CapabilityBoundingSet", NAME)
    done = host.link(links=[host.declared()])
    assert done["messages"] == [f"file {UNIT}: change"]
    assert host.run("cat", UNIT) == now
    assert host.run("systemctl", "show", "--value", "-p", "CapabilityBoundingSet", NAME).strip() == "cap_net_admin"
    assert host.run("systemctl", "is-active", NAME).strip() == "active"
    assert host.link(links=[host.declared()])["changed"] is False
