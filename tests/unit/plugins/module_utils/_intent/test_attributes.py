# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new attribute is a row of the table: a toy one is parsed, planned, written, made persistent, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import lockout
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes, link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.attributes import (
    KEYFILE,
    Attribute,
    Key,
    number,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import plan as link_plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import CreateLink, DeleteLink, SetLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.writer import LinkWriter
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import Merged
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkd import (
    NetworkdLink,
    NetworkdState,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkmanager import (
    NetworkManagerState,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Owner
from ansible_collections.linuxnet.macvlan.plugins.modules import macvlan_link

ETH0 = Link(2, "eth0", "", "02:00:00:00:00:11", 1500, up=True)
MAC = "02:00:00:00:00:10"
NETWORKD = HostState(
    version=257,
    daemons=(
        NetworkdState(True, {"eth0": NetworkdLink(2, "eth0", "configured", "/etc/systemd/network/eth0.network")}),
    ),
    owners={"eth0": Owner(("systemd-networkd",))},
)
NM = HostState(version=257, daemons=(NetworkManagerState(Merged()),), owners={"eth0": Owner(("NetworkManager",))})

TOY = Attribute(
    "txqueuelen",
    {"type": "int"},
    lambda given: number(given.value, 1, 5000, given.key, given.problems),
    "txqlen",
    "txqueuelen {}",
    {KEYFILE: Key("link", "tx-queue-length")},
)


@dataclass(frozen=True)
class LinkWithQueue(Link):
    """What the kernel's facts have once they read the attribute."""

    txqueuelen: int = 1000


LAN0 = LinkWithQueue(3, "lan0", "macvlan", MAC, 1500, up=True, parent=2, mode="bridge", bcqueuelen=1000)


@pytest.fixture
def toy(monkeypatch):
    """Adds the row, changed where that is asked for."""

    def add(**changes) -> None:
        monkeypatch.setattr(attributes, "ATTRIBUTES", (*attributes.ATTRIBUTES, replace(TOY, **changes)))

    return add


def parsed(**given):
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth0", "mac": MAC, "addresses": [], "routes": [], **given}
    (link,) = link_parser.parse([declared], "h1", problems).present
    return link.on(ETH0), problems


def planned(wanted, *facts):
    difference = Difference()
    return link_plan.plan([wanted], [], Facts((ETH0, *facts)), {}, set(), difference), difference.messages()


def rendered(host, form, **given):
    """The texts of one link in one form, or what is wrong."""
    wanted, problems = parsed(**given)
    steps = persistence.plan(persistence.Persisted(host), [wanted], [], form, Difference(), problems)
    return "\n".join(steps.files.values()) or problems.items[0].problem


class TestANewAttribute:
    def test_it_is_an_option_that_is_checked(self, toy):
        assert [problem.key for problem in parsed(txqueuelen=5)[1].items] == ["links[0].txqueuelen"]
        toy()
        assert macvlan_link.argument_spec()["links"]["options"]["txqueuelen"] == {"type": "int"}
        assert not parsed(txqueuelen=5)[1]
        (problem,) = parsed(txqueuelen=0)[1].items
        assert (problem.key, problem.problem) == ("links[0].txqueuelen", "this is not a whole number from 1 to 5000")

    def test_a_network_passes_it_on_to_its_link(self, toy):
        network = {"name": "lan0", "parent": "eth0", "subnet": "192.0.2.0/24", "host_address": "192.0.2.3"}
        network |= {"containers": ["192.0.2.9"], "txqueuelen": 5}
        toy()
        problems = Problems()
        assert expand([network], [], problems).links[0]["txqueuelen"] == 5
        assert not problems

    def test_a_link_is_made_with_it(self, toy):
        toy()
        steps, messages = planned(parsed(txqueuelen=5)[0])
        assert steps[0] == CreateLink("lan0", ETH0, {"mode": "bridge", "mac": MAC, "mtu": 1500, "txqueuelen": 5})
        assert "txqueuelen 5" in messages[0]

    def test_it_is_changed_in_place(self, toy):
        toy()
        assert planned(parsed()[0], LAN0) == ([], [])
        steps, messages = planned(parsed(txqueuelen=5)[0], LAN0)
        assert steps == [SetLink("lan0", {"txqueuelen": 5})]
        assert messages == ["link lan0 txqueuelen: 1000 -> 5"]

    def test_it_may_need_another_link(self, toy):
        toy(fixed=(1000,))
        wanted = parsed(txqueuelen=5)[0]
        steps, _messages = planned(wanted, LAN0)
        assert [type(step) for step in steps[:2]] == [DeleteLink, CreateLink]
        needed = link_plan.needs_recreation(wanted, LAN0, Facts((ETH0, LAN0)))
        assert needed == ("txqueuelen", "its txqueuelen is 1000 and shall be 5")

    def test_it_may_follow_the_parent(self, toy):
        toy(of_parent=True)
        parent = LinkWithQueue(**{**ETH0.__dict__, "txqueuelen": 70})
        assert planned(parsed()[0].on(parent), LAN0)[0] == [SetLink("lan0", {"txqueuelen": 70})]

    @pytest.mark.parametrize("own", [False, True])
    def test_the_kernel_gets_it(self, toy, own):
        toy(own=own, encode=lambda value: f"<{value}>")
        sent = []

        class Netlink:
            def link(self, command, **given):
                sent.append((command, given))

            def link_lookup(self, ifname):
                return [3]

        SetLink("lan0", {"txqueuelen": 5}).write(LinkWriter(Netlink()))
        assert sent == [("set", {"index": 3, "txqlen": "<5>", **({"kind": "macvlan"} if own else {})})]

    @pytest.mark.parametrize(("harmless", "threats"), [(False, 1), (True, 0)])
    def test_it_may_be_harmless_for_the_controllers_connection(self, toy, harmless, threats):
        toy(harmless=harmless)

        class Uplink:
            carriers = ("lan0",)

        assert len(list(lockout._why(Uplink(), Facts(), SetLink("lan0", {"txqueuelen": 5})))) == threats


class TestItsPersistence:
    def test_in_words_of_ip(self, toy):
        toy()
        script = keeper.making(parsed(txqueuelen=5)[0], HostState())
        assert f"address {MAC} txqueuelen 5 mtu $mtu type macvlan mode bridge;" in script
        toy(own=True)
        script = keeper.making(parsed(txqueuelen=5)[0], HostState())
        assert "type macvlan mode bridge txqueuelen 5;" in script
        assert "txqueuelen" not in keeper.making(parsed()[0], HostState())

    def test_as_a_key(self, toy):
        toy()
        assert "\n[link]\ntx-queue-length=5\n" in rendered(NM, "networkmanager", txqueuelen=5)

    def test_a_form_without_a_key_for_it_is_refused(self, toy):
        toy()
        assert "systemd-networkd has no key for txqueuelen" in rendered(NETWORKD, "networkd", txqueuelen=5)
        assert "[MACVLAN]" in rendered(NETWORKD, "networkd")
        assert persistence.choose(parsed(txqueuelen=5)[0], NETWORKD, "auto", Problems()).backend == "systemd"

    def test_a_key_of_a_newer_systemd_is_refused(self, toy):
        toy(keys={"netdev": Key("Link", "TransmitQueueLength", since=300)})
        assert "txqueuelen needs systemd 300, this is 257" in rendered(NETWORKD, "networkd", txqueuelen=5)
        assert "\n[Link]\nTransmitQueueLength=5\n" in rendered(replace(NETWORKD, version=300), "networkd", txqueuelen=5)

    @pytest.mark.parametrize(("own", "words"), [(False, "txqueuelen 5"), (True, "type macvlan txqueuelen 5")])
    def test_a_harmless_one_is_set_by_the_keeper(self, toy, own, words):
        toy(own=own, harmless=True)
        assert f"ip link set dev lan0 {words}" in rendered(NETWORKD, "networkd", txqueuelen=5)


def test_the_documentation_knows_every_attribute():
    option = yaml.safe_load(macvlan_link.DOCUMENTATION)["options"]["links"]["suboptions"]
    for row in attributes.ATTRIBUTES:
        documented = {key: option[row.name][key] for key in ("type", "default") if key in option[row.name]}
        assert documented == row.option
