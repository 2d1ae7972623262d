# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual changes of files, units or the kernel are shown precisely, and repaired without taking the link down."""

from __future__ import annotations

import pytest

from .persistent import OTHER_FORMS, in_any_order, settled

FILES = {
    "nm": "/etc/linuxnet-macvlan/lan0.sh",
    "nd": "/etc/systemd/network/05-linuxnet-macvlan-lan0.network",
    "np": "/etc/systemd/network/10-netplan-eth0.network.d/linuxnet-macvlan-lan0.conf",
    "ifup": "/etc/network/interfaces.d/linuxnet-macvlan-lan0",
    "bare": "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf",
}
UNIT = "linuxnet-macvlan-lan0.service"
#: What takes a parent down so that its manager leaves it down, and what undoes that.
DOWN = {
    "nm": ("nmcli device disconnect eth0; ip link set eth0 down", "nmcli connection up eth0"),
    "nd": ("ip link set eth0 down", "networkctl reconfigure eth0"),
    "ifup": ("ifdown eth0; ip link set eth0 down", "ifup eth0"),
}


def drift(host) -> list[str]:
    """What check mode shows, without the texts of files; the run then reports and does the same."""
    shown = host.link(check=True, links=[host.declared()])
    with host.parent_untouched():
        done = host.link(links=[host.declared()])
    assert (done["messages"], done["diff"]) == (shown["messages"], shown["diff"])
    return shown["messages"]


def test_each_drift_is_shown_alone_and_repaired_in_place(host):
    host.link(links=[host.declared()])
    index = host.run("cat", "/sys/class/net/lan0/ifindex")
    path = FILES[host.name]
    written = host.files()

    host.shell(f"echo '# by hand' >> {path}")
    (message,) = drift(host)
    assert message.startswith(f"file {path}")
    assert host.files() == written

    host.run("systemctl", "disable", "--now", "--quiet", UNIT)
    assert drift(host) == [f"unit {UNIT} enabled: False -> True", f"unit {UNIT} active: False -> True"]

    number = host.number
    by_hand = [
        (f"ip address delete 192.168.100.{number}/32 dev lan0", "link lan0 addresses: add"),
        ("ip route delete 192.168.100.144/28 dev lan0", "link lan0 routes: add 192.168.100.144/28"),
        ("ip link set lan0 mtu 1400", "link lan0 mtu: 1400 -> 1500"),
        ("sysctl -q -w net.ipv4.conf.eth0.arp_filter=0", "interface eth0 arp_filter: 0 -> 1"),
    ]
    for command, says in by_hand:
        host.shell(command)
        messages = drift(host)
        assert any(message.startswith(says) for message in messages), messages
        assert all(message.partition(":")[0] in (says.partition(":")[0], "link lan0 routes") for message in messages)
    assert host.link(links=[host.declared()])["changed"] is False
    assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())


@pytest.mark.parametrize("name", ["nd", "np"])
def test_a_netdev_that_was_gone_at_boot_is_made_up_for(on, name):
    """networkd has applied the parent's drop-in without the netdev, and the link exists before networkd reloads."""
    host = on(name)
    host.link(links=[host.declared()])
    written = host.files()
    host.run("rm", "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev")
    host.lab.reboot(name)
    messages = drift(host)
    assert messages[0].startswith("link lan0: add")
    assert "file /etc/systemd/network/05-linuxnet-macvlan-lan0.netdev: add" in messages
    assert host.files() == written
    assert host.link(links=[host.declared()])["changed"] is False
    assert "failed" not in host.run("networkctl", "list", "--no-legend")
    host.lab.reboot(name)
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())


@pytest.mark.parametrize("name", DOWN)
def test_a_parent_that_is_down_is_set_up_on_consent(on, name):
    host = on(name)
    down, restore = DOWN[name]
    host.shell(down)
    try:
        assert "eth0, the parent of lan0, is down" in str(host.link(check=True, links=[host.declared()])["warnings"])
        done = host.link(links=[host.declared(parent_up=True)])
        assert "interface eth0 up: False -> True" in done["messages"]
        assert "LOWER_UP" in host.run("ip", "link", "show", "dev", "eth0")
        assert host.link(links=[host.declared(parent_up=True)])["changed"] is False
        if done["links"][0]["persistence"] == "systemd":
            host.run("ip", "link", "set", "eth0", "down")
            host.run("timeout", "20", "sh", "-c", "until ip link show dev eth0 | grep -q LOWER_UP; do sleep 0.1; done")
    finally:
        host.shell(restore)


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_a_stable_mac_is_the_same_after_all_of_it(on, name):
    """It is derived from the names of host and link, so it survives recreation, reboots and another form."""
    host = on(name)
    stable = {**host.declared(), "mac": "stable"}
    host.link(links=[stable], host_id="web1")
    mac = host.state()["mac"]
    for change in (
        lambda: host.run("ip", "link", "delete", "lan0"),
        lambda: host.lab.reboot(name),
    ):
        change()
        host.link(links=[stable], host_id="web1")
        assert host.state()["mac"] == mac
    host.link(links=[stable], host_id="web1", persistence=OTHER_FORMS[name])
    assert host.state()["mac"] == mac
    host.lab.reboot(name)
    assert settled(host)["mac"] == mac
