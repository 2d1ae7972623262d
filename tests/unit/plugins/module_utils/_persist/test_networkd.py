# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of systemd-networkd: its files, and the order in which it reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import link_of

from .persistence_cases import (
    ACTIVE,
    DROP_IN,
    ETH0,
    NETDEV,
    NETWORK,
    NETWORKD_HOST,
    SCRIPT,
    SYSCTL,
    UNIT,
    UNIT_NAME,
    full,
    kinds,
    link,
    made_of,
    networkd,
    planned,
    sections,
)

#: The last actions of a run that writes a keeper.
KEPT = [f"write {UNIT}", "daemon-reload", f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]


class TestNetworkd:
    def test_files(self):
        files = made_of(full(), NETWORKD_HOST)
        assert sorted(files) == sorted([SYSCTL, SCRIPT, NETDEV, NETWORK, DROP_IN, UNIT])
        assert sections(files[NETDEV]) == [
            (
                "NetDev",
                [("Name", "lan0"), ("Kind", "macvlan"), ("MACAddress", "02:00:00:00:00:01"), ("MTUBytes", "1400")],
            ),
            ("MACVLAN", [("Mode", "private"), ("BroadcastMulticastQueueLength", "2000")]),
        ]
        assert sections(files[NETWORK]) == [
            ("Match", [("Name", "lan0")]),
            ("Link", [("RequiredForOnline", "no")]),
            (
                "Network",
                [
                    ("DHCP", "no"),
                    ("LLDP", "no"),
                    ("LinkLocalAddressing", "ipv6"),
                    ("IPv6AcceptRA", "no"),
                    ("ConfigureWithoutCarrier", "yes"),
                    ("IgnoreCarrierLoss", "yes"),
                    ("Address", "192.0.2.3/32"),
                    ("Address", "2001:db8::3/128"),
                ],
            ),
            ("Route", [("Destination", "10.0.0.0/8"), ("Gateway", "192.0.2.129"), ("Metric", "50"), ("Table", "100")]),
            ("Route", [("Destination", "192.0.2.128/28"), ("Scope", "link"), ("PreferredSource", "192.0.2.3")]),
            ("Route", [("Destination", "2001:db8::80/124"), ("PreferredSource", "2001:db8::3")]),
        ]
        assert sections(files[DROP_IN]) == [("Network", [("MACVLAN", "lan0")])]

    def test_each_file_names_its_owner_and_its_link(self):
        for text in made_of(full(), NETWORKD_HOST).values():
            assert _files.is_owned(text)
            assert link_of(text) == "lan0"

    def test_ours_is_the_first_network_file(self):
        assert NETWORK.rsplit("/", 1)[1] < "10-all.network"

    def test_what_is_not_declared_is_kept(self):
        keys = dict(sections(made_of(link(), NETWORKD_HOST)[NETWORK]))["Network"]
        assert ("KeepConfiguration", "static") in keys

    def test_passthru_takes_its_parents_mac(self):
        text = made_of(link(mode="passthru", mac=None), NETWORKD_HOST)[NETDEV]
        assert "MACAddress" not in text


class TestNetworkdActivation:
    """The order that keeps the parent's addresses, which was measured on systemd 252 and 257."""

    NEW = networkd(version=257)

    def test_an_older_one_is_restarted(self):
        steps, _difference, _problems = planned([link()], host=NETWORKD_HOST)
        files = [f"write {path}" for path in (SCRIPT, NETDEV, NETWORK, DROP_IN)]
        assert kinds(steps) == [*files, "restart networkd", *KEPT]

    def test_a_newer_one_learns_of_the_link_before_the_parents_drop_in(self):
        steps, _difference, _problems = planned([link()], host=self.NEW)
        assert kinds(steps) == [
            f"write {SCRIPT}",
            f"write {NETDEV}",
            f"write {NETWORK}",
            "reload networkd",
            "announce lan0",
            f"write {DROP_IN}",
            "reload networkd",
            *KEPT,
        ]

    @pytest.mark.parametrize(("host", "load"), [(NETWORKD_HOST, "restart networkd"), (NEW, "reload networkd")])
    def test_a_change_of_the_link_leaves_the_parent_alone(self, host, load):
        files = made_of(link(), host)
        change = link(addresses=["192.0.2.9/32"])
        steps, _difference, _problems = planned([change], host=host, files=files, unit_states=ACTIVE)
        assert kinds(steps) == [f"write {NETWORK}", load, f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]

    def test_a_run_that_was_killed_ends_in_a_restart(self):
        files = made_of(link(), self.NEW)
        steps, _difference, _problems = planned([link()], host=self.NEW, files=files, interrupted=True)
        assert kinds(steps) == ["restart networkd", *KEPT[1:]]

    @pytest.mark.parametrize(
        ("foreign", "drop_in"), [(frozenset(), True), (frozenset({"eth1"}), True), (frozenset({"eth0"}), False)]
    )
    def test_a_netdev_that_was_gone_is_known_before_the_drop_in_again(self, foreign, drop_in):
        """Or networkd fails the parent; where that would lose what others have put there, it reads nothing."""
        files = {path: text for path, text in made_of(link(), self.NEW).items() if path != NETDEV}
        parent = replace(ETH0, drop_ins=(DROP_IN,))
        host = networkd(self.NEW, foreign=foreign, links={"eth0": parent})
        steps, _difference, _problems = planned([link()], host=host, files=files, unit_states=ACTIVE)
        anew = [
            f"remove {DROP_IN}",
            f"write {NETDEV}",
            "reload networkd",
            "announce lan0",
            f"write {DROP_IN}",
            "reload networkd",
        ]
        assert kinds(steps)[:-2] == (anew if drop_in else [f"write {NETDEV}"])
        assert dict(steps.files) == made_of(link(), self.NEW)
        assert all(steps.files[action.target] == action.text for action in steps.actions if action.kind == "write")

    def test_the_files_of_a_replaced_link_go_before_its_parent_gains_another(self):
        """Or networkd makes the link again that the kernel's part has just deleted."""
        files = made_of(link(), self.NEW)
        steps, _difference, _problems = planned([link(name="mvz")], ["lan0"], host=self.NEW, files=files)
        done = kinds(steps)
        last = max(number for number, what in enumerate(done) if what.startswith("remove /etc/systemd/network/"))
        gained = next(number for number, what in enumerate(done) if what.endswith("linuxnet-macvlan-mvz.conf"))
        assert last < gained < done.index("reload networkd", gained)

    def test_another_parent_file_moves_the_drop_in(self):
        files = made_of(link(), NETWORKD_HOST)
        host = networkd(links={"eth0": replace(ETH0, file="/etc/systemd/network/20-wired.network")})
        steps, _difference, _problems = planned([link()], host=host, files=files, unit_states=ACTIVE)
        assert kinds(steps) == [
            "write /etc/systemd/network/20-wired.network.d/linuxnet-macvlan-lan0.conf",
            f"remove {DROP_IN}",
            "restart networkd",
            *KEPT[2:],
        ]

    @pytest.mark.parametrize(("foreign", "load"), [(frozenset(), ["reload networkd"]), (frozenset({"eth0"}), [])])
    def test_a_removal_takes_nothing_from_the_parent(self, foreign, load):
        """At once, or networkd makes the link again when it hears of less than all."""
        files = made_of(link(), self.NEW)
        parent = replace(ETH0, drop_ins=(DROP_IN,))
        host = networkd(self.NEW, foreign=foreign, links={"eth0": parent})
        steps, _difference, _problems = planned(removed=["lan0"], host=host, files=files, unit_states=ACTIVE)
        gone = [f"remove {path}" for path in (SCRIPT, NETDEV, NETWORK, DROP_IN)]
        last = [f"disable {UNIT_NAME}", f"remove {UNIT}", "daemon-reload", f"forget {UNIT_NAME}"]
        assert kinds(steps) == [*gone, *load, *last]

    def test_moving_to_a_unit_and_back(self):
        native = made_of(link(), self.NEW)
        steps, _difference, _problems = planned([link()], host=self.NEW, persistence="systemd", files=native)
        assert kinds(steps) == [
            f"write {SCRIPT}",
            f"write {NETWORK}",
            "reload networkd",
            f"remove {NETDEV}",
            f"remove {DROP_IN}",
            "reload networkd",
            *KEPT,
        ]
        back, _difference, _problems = planned([link()], host=self.NEW, files=dict(steps.files))
        assert dict(back.files) == native
