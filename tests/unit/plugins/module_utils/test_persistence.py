# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The persistent forms of links: what is chosen, rendered, compared and planned."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils import _files, _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._command import Output
from ansible_collections.linuxnet.macvlan.plugins.module_utils._difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import desired as _links
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import detect, networkd, sysctl, systemd, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Host,
    NetworkdLink,
    Owner,
    UnitState,
    link_of,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._problems import Problems

NETPLAN_FILE = "/run/systemd/network/10-netplan-eth0.network"
NETWORKD = Owner(("systemd-networkd",), (f"systemd-networkd configures it with {NETPLAN_FILE}",))
ETH0 = NetworkdLink(2, "eth0", "configured", NETPLAN_FILE)
NETWORKD_HOST = Host(version=252, udev=True, networkd={"eth0": ETH0}, owners={"eth0": NETWORKD})
NM_HOST = Host(version=252, owners={"eth0": Owner(("NetworkManager",), ("NetworkManager says connected",))})

SYSCTL = "/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf"
NETDEV = "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev"
NETWORK = "/etc/systemd/network/05-linuxnet-macvlan-lan0.network"
DROP_IN = "/etc/systemd/network/10-netplan-eth0.network.d/linuxnet-macvlan-lan0.conf"
UNIT_NAME = "linuxnet-macvlan-lan0.service"
UNIT = f"/etc/systemd/system/{UNIT_NAME}"


def link(**given) -> _links.DesiredLink:
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth0", "mac": "02:00:00:00:00:01", **given}
    made = _links.parse([declared], "h1", problems).present[0]
    assert not problems, problems.report()
    return made.on(Link(2, str(declared["parent"])))


def full(**more) -> _links.DesiredLink:
    return link(
        mtu=1400,
        mode="private",
        bcqueuelen=2000,
        addresses=["192.0.2.3/32", "2001:db8::3/128"],
        routes=[
            {"destination": "192.0.2.128/28", "source": "192.0.2.3"},
            {"destination": "10.0.0.0/8", "gateway": "192.0.2.129", "metric": 50, "table": 100},
            {"destination": "2001:db8::80/124", "source": "2001:db8::3"},
        ],
        sysctl={"arp_filter": 1, "accept_ra": 0},
        parent_sysctl={"arp_filter": 1},
        **more,
    )


def sections(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """A systemd file as its readers see it: sections in their order, keys may come again."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line.strip("[]"), []))
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found[-1][1].append((key, value))
    return found


def made_of(wanted: _links.DesiredLink, host: Host, persistence: str = "auto") -> dict[str, str]:
    return dict(planned([wanted], host=host, persistence=persistence)[0].files)


def planned(present=(), removed=(), persistence="auto", host=NM_HOST, files=None, unit_states=None, interrupted=False):
    """Steps, differences and problems of one run."""
    state = _persistence.Persisted(host, files or {}, unit_states or {}, interrupted)
    difference, problems = Difference(), Problems()
    steps = _persistence.plan(state, list(present), removed, persistence, difference, problems)
    return steps, difference, problems


def kinds(steps: _persistence.Steps) -> list[str]:
    return [f"{action.kind} {action.target}".strip() for action in steps.actions]


class TestUnitSyntax:
    @pytest.mark.parametrize(
        ("name", "escaped"),
        [
            ("eth0", "eth0"),
            ("eth0.10", "eth0.10"),
            ("br-lan", "br\\x2dlan"),
            ("team_1", "team_1"),
            ("a+b@c", "a\\x2bb\\x40c"),
            (".x", "\\x2ex"),
            ("a/b", "a-b"),
        ],
    )
    def test_names_are_escaped_as_systemd_escape_does(self, name, escaped):
        assert units.escape(name) == escaped
        assert units.device_unit(name) == f"sys-subsystem-net-devices-{escaped}.device"

    @pytest.mark.parametrize(
        ("argument", "quoted"),
        [
            ("dev", "dev"),
            ("fd00::1/128", "fd00::1/128"),
            ("", '""'),
            ("two words", '"two words"'),
            ("100%", "100%%"),
            ("$n", "$$n"),
            ('say "x"', '"say \\"x\\""'),
            ("back\\slash", '"back\\\\slash"'),
            ("a;b", '"a;b"'),
        ],
    )
    def test_arguments_are_quoted_for_command_lines(self, argument, quoted):
        assert units.quote(argument) == quoted


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


class TestNetworkd:
    def test_files(self):
        files = made_of(full(), NETWORKD_HOST)
        assert sorted(files) == sorted([SYSCTL, NETDEV, NETWORK, DROP_IN])
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

    def test_without_udev_a_unit_applies_the_settings(self):
        files = made_of(full(), replace(NETWORKD_HOST, udev=False))
        commands = [value for key, value in dict(sections(files[UNIT]))["Service"] if key == "ExecStart"]
        assert commands == [f"/usr/lib/systemd/systemd-sysctl {SYSCTL}"]
        assert UNIT not in made_of(link(), replace(NETWORKD_HOST, udev=False))


class TestSystemdUnit:
    def commands(self, wanted: _links.DesiredLink, host: Host = NM_HOST) -> list[str]:
        text = made_of(wanted, host)[UNIT]
        return [value for key, value in dict(sections(text))["Service"] if key == "ExecStart"]

    def test_commands_in_their_order(self):
        ip = "/usr/sbin/ip"
        expected = r"""
/bin/sh -c "test -e /sys/class/net/lan0 || exec IP link add link eth0 name lan0 address 02:00:00:00:00:01
  mtu 1400 type macvlan mode private bcqueuelen 2000"
/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/90-linuxnet-macvlan-lan0.conf
IP address replace 192.0.2.3/32 dev lan0
IP address replace 2001:db8::3/128 dev lan0
IP link set dev lan0 up
/bin/sh -c "test -n \"$$(IP -4 route show exact 192.0.2.128/28 dev lan0 proto static table 254 src 192.0.2.3)\" ||
  exec IP -4 route append 192.0.2.128/28 dev lan0 proto static src 192.0.2.3"
/bin/sh -c "test -n \"$$(IP -4 route show exact 10.0.0.0/8 dev lan0 proto static table 100
  via 192.0.2.129 metric 50)\" ||
  exec IP -4 route append 10.0.0.0/8 dev lan0 via 192.0.2.129 proto static metric 50 table 100"
/bin/sh -c "n=0; until test -z \"$$(IP -6 address show dev lan0 tentative)\" || test $$n -ge 10;
  do n=$$((n+1)); sleep 0.5; done"
/bin/sh -c "test -n \"$$(IP -6 route show exact 2001:db8::80/124 dev lan0 proto static table 254 src 2001:db8::3)\" ||
  exec IP -6 route append 2001:db8::80/124 dev lan0 proto static src 2001:db8::3"
"""
        assert self.commands(full()) == expected.strip().replace("\n  ", " ").replace("IP", ip).splitlines()

    def test_a_link_that_stays_down_has_no_routes(self):
        commands = self.commands(full(up=False))
        assert not [command for command in commands if " route " in command or "dev lan0 up" in command]

    def test_nopromisc(self):
        assert "mode passthru nopromisc" in self.commands(link(mode="passthru", mac=None, nopromisc=True))[0]

    def test_with_udev_the_unit_comes_and_goes_with_the_parent(self):
        text = made_of(link(parent="br-lan"), Host(version=252, udev=True))[UNIT]
        device = "sys-subsystem-net-devices-br\\x2dlan.device"
        found = dict(sections(text))
        assert ("BindsTo", device) in found["Unit"]
        assert ("After", device) in found["Unit"]
        assert found["Install"] == [("WantedBy", "multi-user.target"), ("WantedBy", device)]
        assert "ExecStartPre" not in text

    def test_without_udev_the_unit_waits_for_the_parent(self):
        text = made_of(link(), NM_HOST)[UNIT]
        assert ".device" not in text
        assert "/sys/class/net/eth0" in dict(dict(sections(text))["Service"])["ExecStartPre"]

    @pytest.mark.parametrize(("version", "there"), [(243, False), (244, True)])
    def test_a_oneshot_is_retried_where_systemd_can(self, version, there):
        text = made_of(link(), replace(NM_HOST, version=version))[UNIT]
        assert ("Restart=on-failure" in text) is there

    def test_networkd_is_told_to_leave_the_link_alone(self):
        files = made_of(link(), NETWORKD_HOST, "systemd")
        assert sections(files[NETWORK]) == [("Match", [("Name", "lan0")]), ("Link", [("Unmanaged", "yes")])]
        assert NETWORK not in made_of(link(), NM_HOST)


class TestChoice:
    @pytest.mark.parametrize(
        ("owners", "backend"),
        [
            (("systemd-networkd",), "networkd"),
            (("NetworkManager",), "systemd"),
            (("ifupdown",), "systemd"),
            ((), "systemd"),
            (("systemd-networkd", "NetworkManager"), "systemd"),
        ],
    )
    def test_auto_takes_the_owners_form(self, owners, backend):
        host = replace(NETWORKD_HOST, owners={"eth0": Owner(owners)})
        problems = Problems()
        assert _persistence.choose(link(), host, "auto", problems).backend == backend
        assert not problems

    def test_auto_tells_what_it_saw(self):
        choice = _persistence.choose(link(), NM_HOST, "auto", Problems())
        assert choice.reason == "eth0 belongs to NetworkManager (NetworkManager says connected)"
        assert choice.owner == "NetworkManager"

    @pytest.mark.parametrize(
        ("given", "host", "words"),
        [
            ({"mode": "passthru", "mac": None, "nopromisc": True}, {}, "no key for nopromisc"),
            ({"bcqueuelen": 5}, {"version": 247}, "needs systemd 248"),
            ({"up": False}, {}, "stays down"),
            ({"sysctl": {"accept_ra": 2}}, {}, "accept_ra"),
            ({}, {"networkd": {"eth0": ETH0, "eth1": replace(ETH0, index=3, name="eth1")}}, "eth1 too"),
            ({}, {"networkd": {"eth0": replace(ETH0, file="")}}, "no .network file"),
            ({}, {"version": 257, "foreign": frozenset({"eth0"})}, "did not make"),
        ],
    )
    def test_networkd_refuses_what_it_cannot_do(self, given, host, words):
        host = replace(NETWORKD_HOST, **host)
        steps, difference, problems = planned([link(**given)], host=host, persistence="networkd")
        assert [(item.key, item.value) for item in problems.items] == [("persistence", "networkd")]
        assert words in problems.items[0].problem
        assert not steps
        assert not difference

        choice = _persistence.choose(link(**given), host, "auto", Problems())
        assert choice.backend == "systemd"
        assert words in choice.reason

    def test_a_loaded_drop_in_takes_nothing_from_the_parent_any_more(self):
        parent = replace(ETH0, drop_ins=(DROP_IN,))
        host = replace(NETWORKD_HOST, version=257, foreign=frozenset({"eth0"}), networkd={"eth0": parent})
        assert _persistence.choose(link(), host, "auto", Problems()).backend == "networkd"

    @pytest.mark.parametrize("host", [NM_HOST, Host(version=252)])
    def test_networkd_without_the_parent(self, host):
        dummy, dummy, problems = planned([link()], host=host, persistence="networkd")
        assert len(problems) == 1

    def test_a_host_that_cannot_persist(self):
        host = Host(unfit="there is no systemd")
        steps, difference, problems = planned([link()], ["lan1"], host=host)
        assert (bool(steps), bool(difference), bool(problems)) == (False, False, False)
        assert steps.choice("lan0") == _persistence.Choice("lan0", "none", "there is no systemd")
        for persistence in ("networkd", "systemd"):
            dummy, dummy, problems = planned([link()], host=host, persistence=persistence)
            assert [(item.key, item.problem) for item in problems.items] == [("persistence", "there is no systemd")]

    @pytest.mark.parametrize("name", ["a*b", "a$b", "-x", "a'b", "a\\b", "a#b", "[a]", "a@b", "a+b"])
    def test_names_that_files_of_systemd_would_misread(self, name):
        for wanted in (link(name=name), link(parent=name)):
            dummy, dummy, problems = planned([wanted])
            assert [item.value for item in problems.items] == [name]
            assert not planned([wanted], persistence="none")[2]


ACTIVE = {UNIT_NAME: UnitState(True, True)}


class TestPlan:
    def test_create_again_remove(self):
        steps, difference, _problems = planned([full()])
        assert kinds(steps) == [
            f"write {SYSCTL}",
            f"write {UNIT}",
            "daemon-reload",
            f"enable {UNIT_NAME}",
            f"restart {UNIT_NAME}",
        ]
        assert [(change.target, change.attribute, change.before) for change in difference] == [
            (f"file {SYSCTL}", "", None),
            (f"file {UNIT}", "", None),
            (f"unit {UNIT_NAME}", "enabled", False),
            (f"unit {UNIT_NAME}", "active", False),
        ]
        files = dict(steps.files)
        again, difference, _problems = planned([full()], files=files, unit_states=ACTIVE)
        assert (bool(again), bool(difference)) == (False, False)

        gone, difference, _problems = planned(removed=["lan0"], files=files, unit_states=ACTIVE)
        assert kinds(gone) == [
            f"remove {SYSCTL}",
            f"disable {UNIT_NAME}",
            f"remove {UNIT}",
            "daemon-reload",
            f"forget {UNIT_NAME}",
        ]
        assert len(difference.changes) == 4

    def test_links_in_neither_list_stay(self):
        files = made_of(full(), NM_HOST)
        steps, difference, _problems = planned(removed=["lan1"], files=files, unit_states=ACTIVE)
        assert (bool(steps), bool(difference)) == (False, False)
        assert _persistence.Persisted(files=files).links() == {"lan0"}

    def test_a_unit_that_somebody_stopped_or_disabled(self):
        files = made_of(full(), NM_HOST)
        for state in (UnitState(False, True), UnitState(True, False)):
            steps, difference, _problems = planned([full()], files=files, unit_states={UNIT_NAME: state})
            assert kinds(steps) == [f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]
            assert len(difference.changes) == 1

    def test_none_removes_what_was_persistent(self):
        files = made_of(full(), NM_HOST)
        steps, _difference, _problems = planned([full()], persistence="none", files=files, unit_states=ACTIVE)
        assert f"remove {UNIT}" in kinds(steps)
        assert steps.files == {}

    def test_a_file_that_is_not_ours(self):
        steps, dummy, problems = planned([full()], files={UNIT: "by hand\n"})
        assert [(item.key, item.value) for item in problems.items] == [("links[0]", UNIT)]
        assert not steps

    def test_a_file_that_is_not_ours_is_not_removed_either(self):
        steps, difference, _problems = planned(removed=["lan0"], files={UNIT: "by hand\n"})
        assert (bool(steps), bool(difference)) == (False, False)

    def test_an_interrupted_run_is_activated_again(self):
        files = made_of(full(), NM_HOST)
        steps, difference, _problems = planned([full()], files=files, unit_states=ACTIVE, interrupted=True)
        assert kinds(steps) == ["daemon-reload", f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]
        assert difference.messages() == ["persistence run: interrupted -> complete"]


class TestNetworkdActivation:
    """The order that keeps the parent's addresses, which was measured on systemd 252 and 257."""

    NEW = replace(NETWORKD_HOST, version=257)

    def test_an_older_one_is_restarted(self):
        steps, _difference, _problems = planned([link()], host=NETWORKD_HOST)
        assert kinds(steps) == [f"write {NETDEV}", f"write {NETWORK}", f"write {DROP_IN}", "restart networkd"]

    def test_a_newer_one_learns_of_the_link_before_the_parents_drop_in(self):
        steps, _difference, _problems = planned([link()], host=self.NEW)
        assert kinds(steps) == [
            f"write {NETDEV}",
            f"write {NETWORK}",
            "reload networkd",
            "announce lan0",
            f"write {DROP_IN}",
            "reload networkd",
        ]

    @pytest.mark.parametrize(("host", "load"), [(NETWORKD_HOST, "restart networkd"), (NEW, "reload networkd")])
    def test_a_change_of_the_link_leaves_the_parent_alone(self, host, load):
        files = made_of(link(), host)
        steps, _difference, _problems = planned([link(addresses=["192.0.2.9/32"])], host=host, files=files)
        assert kinds(steps) == [f"write {NETWORK}", load]

    def test_a_run_that_was_killed_ends_in_a_restart(self):
        files = made_of(link(), self.NEW)
        steps, _difference, _problems = planned([link()], host=self.NEW, files=files, interrupted=True)
        assert kinds(steps) == ["restart networkd"]

    def test_another_parent_file_moves_the_drop_in(self):
        files = made_of(link(), NETWORKD_HOST)
        host = replace(NETWORKD_HOST, networkd={"eth0": replace(ETH0, file="/etc/systemd/network/20-wired.network")})
        steps, _difference, _problems = planned([link()], host=host, files=files)
        assert kinds(steps) == [
            "write /etc/systemd/network/20-wired.network.d/linuxnet-macvlan-lan0.conf",
            f"remove {DROP_IN}",
            "restart networkd",
        ]

    @pytest.mark.parametrize(
        ("foreign", "last"), [(frozenset(), "reload networkd"), (frozenset({"eth0"}), f"remove {DROP_IN}")]
    )
    def test_a_removal_takes_nothing_from_the_parent(self, foreign, last):
        files = made_of(link(), self.NEW)
        parent = replace(ETH0, drop_ins=(DROP_IN,))
        host = replace(self.NEW, foreign=foreign, networkd={"eth0": parent})
        steps, _difference, _problems = planned(removed=["lan0"], host=host, files=files)
        assert kinds(steps)[:2] == [f"remove {NETWORK}", "reload networkd"]
        assert kinds(steps)[-1] == last

    def test_moving_to_a_unit_and_back(self):
        native = made_of(link(), self.NEW)
        steps, _difference, _problems = planned([link()], host=self.NEW, persistence="systemd", files=native)
        assert kinds(steps) == [
            f"write {NETWORK}",
            "reload networkd",
            f"remove {NETDEV}",
            f"remove {DROP_IN}",
            "reload networkd",
            f"write {UNIT}",
            "daemon-reload",
            f"enable {UNIT_NAME}",
            f"restart {UNIT_NAME}",
        ]
        back, _difference, _problems = planned([link()], host=self.NEW, files=dict(steps.files))
        assert kinds(back)[-4:] == [f"disable {UNIT_NAME}", f"remove {UNIT}", "daemon-reload", f"forget {UNIT_NAME}"]
        assert dict(back.files) == native


class TestUnitStates:
    """systemctl is the door to systemd; what it says comes from `answers`, one for each time it is asked."""

    @pytest.fixture
    def answers(self, monkeypatch) -> list[str]:
        given: list[str] = []
        monkeypatch.setattr(systemd, "run", lambda _argv: Output(0, given.pop(0), ""))
        monkeypatch.setattr(systemd, "PAUSE", 0)
        return given

    def test_several_and_one_that_does_not_exist(self, answers):
        answers.append(
            "Id=a.service\nActiveState=active\nUnitFileState=enabled\n\n"
            "Id=b.service\nActiveState=inactive\nUnitFileState=\n"
        )
        assert systemd.unit_states(["a.service", "b.service"]) == {
            "a.service": UnitState(True, True),
            "b.service": UnitState(False, False),
        }

    def test_one_that_is_starting_is_waited_for(self, answers):
        answers += ["Id=a.service\nActiveState=activating\nUnitFileState=enabled\n"] * 3
        answers.append("Id=a.service\nActiveState=active\nUnitFileState=enabled\n")
        assert systemd.unit_states(["a.service"]) == {"a.service": UnitState(True, True)}

    def test_one_that_never_gets_there(self, answers, monkeypatch):
        monkeypatch.setattr(systemd, "SETTLE", -1)
        answers.append("Id=a.service\nActiveState=activating\nUnitFileState=enabled\n")
        assert systemd.unit_states(["a.service"]) == {"a.service": UnitState(True, False)}

    @pytest.mark.parametrize(
        ("text", "number"),
        [("systemd 252 (252.39-1~deb12u2)\n+PAM", 252), ("systemd 257~rc1 (x)\n", 257), ("systemd 255.4-1\n", 255)],
    )
    def test_version(self, answers, text, number):
        answers.append(text)
        assert systemd.version() == number

    def test_nothing_is_not_asked(self, answers):
        assert systemd.unit_states([]) == {}
        assert answers == []


class TestDetection:
    def test_a_link_of_networkd(self):
        text = (
            "# This is private data. Do not parse.\nADMIN_STATE=configured\nOPER_STATE=routable\n"
            f'NETWORK_FILE={NETPLAN_FILE}\nNETWORK_FILE_DROPINS="/a.conf:/b.conf"\nDNS=\n'
        )
        assert detect.parse_link(2, "eth0", text) == replace(ETH0, drop_ins=("/a.conf", "/b.conf"))
        assert detect.parse_link(2, "eth0", "ADMIN_STATE=unmanaged\n") == NetworkdLink(2, "eth0", "unmanaged")
        assert detect.parse_link(2, "eth0", 'NETWORK_FILE_DROPINS=""\n').drop_ins == ()

    def test_nmcli(self):
        text = "eth0:connected\nlo:connected (externally)\nodd\\:name:unmanaged\n"
        assert detect.parse_nmcli(text) == {
            "eth0": "connected",
            "lo": "connected (externally)",
            "odd:name": "unmanaged",
        }

    def test_ifupdown(self):
        assert detect.ifupdown_interfaces("lo=lo\neth0=eth0\neth1=home\n") == {"eth0", "eth1"}

    @pytest.mark.parametrize(
        ("data", "found"),
        [
            ({}, False),
            ({"Addresses": [{"Address": [10, 0, 0, 1], "ConfigSource": "static"}]}, False),
            ({"Addresses": [{"Address": [10, 0, 0, 1], "ConfigSource": "foreign"}]}, True),
            ({"Addresses": [{"Address": [0xFE, 0x80] + [0] * 14, "ConfigSource": "foreign"}]}, False),
            ({"Routes": [{"ConfigSource": "foreign", "ProtocolString": "kernel"}]}, False),
            ({"Routes": [{"ConfigSource": "foreign", "ProtocolString": "boot"}]}, True),
        ],
    )
    def test_foreign_configuration(self, data, found):
        assert detect.has_foreign(data) is found

    def test_the_paths_that_are_read_cover_all_that_are_written(self):
        for path in (NETDEV, NETWORK, DROP_IN):
            assert any(matches(path, pattern) for pattern in networkd.PATTERNS)
        assert matches(SYSCTL, sysctl.PATTERN)
        assert matches(UNIT, units.PATTERN)


def matches(path: str, pattern: str) -> bool:

    return fnmatch.fnmatchcase(path, pattern)
