# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What macvlan_link writes survives a reboot on hosts of every kind, and its removal leaves nothing."""

from __future__ import annotations

import pytest

from .persistent import GONE, HOSTS, OTHER_FORMS, in_any_order, settled

DROP_IN_OWNERS = {"nd": "10-eth0.network", "np": "10-netplan-eth0.network"}


def test_a_link_survives_a_reboot_and_leaves_nothing(host):
    _system, _manager, backend, reason = HOSTS[host.name]
    before = host.snapshot()
    predicted = host.link(check=True, links=[host.declared()])
    assert host.snapshot() == before, "check mode changes nothing"

    with host.parent_untouched():
        done = host.link(links=[host.declared()])
    assert done["changed"] is True
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert done["links"][0]["persistence"] == backend
    assert reason in done["links"][0]["reason"]
    assert host.state() == host.as_declared()
    written = host.files()
    units = [path for path in written if path.endswith(".service")]
    assert host.run("systemd-analyze", "verify", *units) == ""
    assert host.link(links=[host.declared()])["changed"] is False

    host.lab.reboot(host.name)
    assert settled(host) == host.as_declared()
    assert host.files() == written
    again = host.link(links=[host.declared()])
    assert (again["changed"], again["diff"]) == (False, [])

    with host.parent_untouched():
        assert host.link(links=GONE)["changed"] is True
    assert host.snapshot() == before
    assert host.link(links=GONE)["changed"] is False


def test_a_change_reaches_kernel_and_files_in_place(host):
    host.link(links=[host.declared()])
    index = host.run("cat", "/sys/class/net/lan0/ifindex")
    number = host.number
    change = {
        "addresses": [f"192.168.100.{number + 20}/32", f"fd00:100::{number}/128"],
        "routes": [{"destination": "fd00:100::80/124", "source": f"fd00:100::{number}"}],
        "mtu": 1400,
        "mode": "private",
    }
    expected = host.as_declared(
        addresses=change["addresses"],
        routes=[("fd00:100::80/124", f"fd00:100::{number}", 1024)],
        mtu=1400,
        mode="private",
    )
    with host.parent_untouched():
        assert host.link(links=[host.declared(**change)])["changed"] is True
    assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
    assert in_any_order(host.state()) == in_any_order(expected)
    assert host.link(links=[host.declared(**change)])["changed"] is False
    host.lab.reboot(host.name)
    assert in_any_order(settled(host)) == in_any_order(expected)
    assert host.link(links=[host.declared(**change)])["changed"] is False


@pytest.mark.parametrize("name", ["nm", "nd", "np"])
def test_links_on_one_parent_come_and_go_without_each_other(on, name):
    host = on(name)
    other = {
        "name": "lan1",
        "parent": "eth0",
        "mac": f"02:00:5e:00:01:{host.number}",
        "addresses": [f"192.168.100.{host.number + 40}/32"],
        "routes": [],
        "parent_sysctl": {"arp_filter": 1},
    }
    host.link(links=[other])
    alone = host.files()
    with host.parent_untouched():
        host.link(links=[other, host.declared()])
    assert host.state() == host.as_declared()
    assert host.link(links=[other, host.declared()])["changed"] is False
    with host.parent_untouched():
        host.link(links=GONE)
    assert host.files() == alone
    host.lab.reboot(name)
    assert host.run("ip", "-brief", "-4", "address", "show", "dev", "lan1").split()[2:] == other["addresses"]
    assert host.run("sysctl", "-n", "net.ipv4.conf.eth0.arp_filter").strip() == "1"
    assert host.link(links=[other])["changed"] is False
    host.link(links=[{"name": "lan1", "state": "absent"}])
    assert host.files() == {}


def test_a_link_that_stays_down_gets_a_unit_instead_of_networkd(on):
    """As one does whose parent systemd-networkd leaves down: the unit sets that up at boot."""
    host = on("nd")
    declared = host.declared(up=False, parent_up=True)
    with host.parent_untouched():
        done = host.link(links=[host.declared(up=False)])
    assert done["links"][0]["persistence"] == "systemd"
    assert "stays down" in done["links"][0]["reason"]
    policy = "/etc/systemd/network/10-eth0.network.d/50-manual.conf"
    host.run("install", "-D", "-m", "644", "/dev/stdin", policy, input="[Link]\nActivationPolicy=manual\n")
    try:
        left = host.link(links=[declared])["links"][0]["reason"]
        assert "eth0 down: /etc/systemd/network/10-eth0.network has ActivationPolicy=manual" in left
        host.lab.reboot("nd")
        assert "UP" in host.run("ip", "link", "show", "dev", "eth0", "up")
        state = host.state()
        assert (state["up"], state["routes"]) == (False, [])
        assert host.link(links=[declared])["changed"] is False
    finally:
        host.shell(f"rm {policy}; rmdir -p --ignore-fail-on-non-empty {policy.rpartition('/')[0]}; networkctl reload")


@pytest.mark.parametrize("name", ["nd", "np"])
def test_moving_between_forms_leaves_no_trace_of_the_old_one(on, name):
    host = on(name)
    host.link(links=[host.declared()])
    native = host.files()
    assert f"/etc/systemd/network/{DROP_IN_OWNERS[name]}.d/linuxnet-macvlan-lan0.conf" in native

    host.link(links=[host.declared()], persistence="systemd")
    assert sorted(host.files()) == [
        "/etc/linuxnet-macvlan/lan0.sh",
        "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf",
        "/etc/systemd/network/05-linuxnet-macvlan-lan0.network",
        "/etc/systemd/system/linuxnet-macvlan-lan0.service",
    ]
    assert host.state() == host.as_declared()
    assert "unmanaged" in host.run("networkctl", "list", "--no-legend", "lan0")
    assert host.link(links=[host.declared()], persistence="systemd")["changed"] is False
    host.lab.reboot(name)
    assert settled(host) == host.as_declared()

    index = host.run("cat", "/sys/class/net/lan0/ifindex")
    host.link(links=[host.declared()], persistence="none")
    assert host.files() == {}
    assert host.state() == host.as_declared()
    host.link(links=[host.declared()], persistence="networkd")
    assert host.files() == native
    assert host.state() == host.as_declared()
    assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
    host.link(links=GONE)


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_moving_between_forms_keeps_the_link(on, name):
    """Also after a reboot, when a daemon has created the link and would remove it."""
    host = on(name)
    host.link(links=[host.declared()])
    first = host.files()
    other = OTHER_FORMS[name]
    for moves in ((other, "auto", other, "none", other), ("auto", other, "none", other)):
        index = host.run("cat", "/sys/class/net/lan0/ifindex")
        for persistence in moves:
            with host.parent_untouched():
                assert host.link(links=[host.declared()], persistence=persistence)["changed"] is True
            assert host.link(links=[host.declared()], persistence=persistence)["changed"] is False
            assert in_any_order(settled(host)) == in_any_order(host.as_declared())
            assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
            if persistence == "auto":
                assert host.files() == first
            if persistence == "none":
                assert host.files() == {}
        host.lab.reboot(name)
        assert in_any_order(settled(host)) == in_any_order(host.as_declared())


def test_a_native_profile_comes_back_and_leaves_nothing(on):
    host = on("nm")
    before = host.snapshot()
    predicted = host.link(check=True, links=[host.declared()], persistence="networkmanager")
    assert host.snapshot() == before
    done = host.link(links=[host.declared()], persistence="networkmanager")
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert "lan0:connected" in host.run("nmcli", "--terse", "--fields", "DEVICE,STATE", "device").split()
    host.lab.reboot("nm")
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())
    assert host.link(links=[host.declared()], persistence="networkmanager")["changed"] is False

    # NetworkManager drops our comments when it writes a profile, which is still ours.
    host.run("nmcli", "connection", "modify", "linuxnet-macvlan-lan0", "ipv4.dad-timeout", "100")
    repaired = host.link(links=[host.declared()], persistence="networkmanager")
    assert [text.partition(":")[0] for text in repaired["messages"]] == [f"file {PROFILE}"]

    host.link(links=GONE)
    assert host.snapshot() == before
    assert host.shell("ip -brief link show lan0 2>&1 || true").strip().endswith("does not exist.")


def test_an_excluded_link_keeps_its_addresses_as_networkmanagers_own(on, every_manager, lab_module):
    host = on("nm")

    def excluded(*devices, **options):
        done = lab_module(every_manager, "nm", "nm_unmanaged", {"devices": list(devices), **options})
        assert not done.get("failed"), done["msg"]
        return done

    excluded("lan0", "mv9")
    host.link(links=[host.declared()])
    alone, files = host.snapshot(), host.files()
    kept = excluded(keep=["lan0", "mv8"])
    assert (kept["effective"], kept.get("warnings")) == (["interface-name:lan0"], None)
    excluded("lan0", "mv9")
    predicted = host.link(check=True, links=[host.declared()], persistence="networkmanager")
    assert host.snapshot() == alone

    unconfirmed = host.link(links=[host.declared()], persistence="networkmanager", confirm_token="a", confirm_timeout=1)
    assert unconfirmed["messages"] == predicted["messages"]
    host.shell("until test -e /run/linuxnet-macvlan/confirm/outcome.json; do sleep 0.1; done")
    assert "an earlier change was undone" in str(host.link(links=[host.declared()])["warnings"])
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())
    assert host.files() == files

    index = host.run("cat", "/sys/class/net/lan0/ifindex")
    with host.parent_untouched():
        done = host.link(links=[host.declared()], persistence="networkmanager")
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())
    assert host.run("cat", "/sys/class/net/lan0/ifindex") == index
    assert "interface-name:lan0" not in host.run("NetworkManager", "--print-config")
    again = excluded("mv9", keep=["lan0"])
    assert (again["changed"], again["effective"]) == (False, ["interface-name:mv9"])
    host.lab.reboot("nm")
    assert in_any_order(settled(host)) == in_any_order(host.as_declared())
    host.link(links=GONE)
    excluded()


PROFILE = "/etc/NetworkManager/system-connections/linuxnet-macvlan-lan0.nmconnection"


def test_foreign_routes_survive_on_an_older_networkd(on):
    host = on("np")
    host.run("ip", "address", "add", "192.168.100.77/32", "dev", "eth0")
    host.run("ip", "route", "add", "10.99.0.0/16", "via", "192.168.100.1")
    with host.parent_untouched():
        assert host.link(links=[host.declared()])["links"][0]["persistence"] == "netplan"
        host.link(links=GONE)
    assert "10.99.0.0/16" in host.run("ip", "route")
    host.run("ip", "route", "del", "10.99.0.0/16")
    host.run("ip", "address", "del", "192.168.100.77/32", "dev", "eth0")
