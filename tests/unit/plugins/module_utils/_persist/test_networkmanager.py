# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's own profile: keys, refusals and the order of its loading."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import exclusion
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import Contribution, Merged
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import networkmanager
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import link_of

from .persistence_cases import (
    ACTIVE,
    BARE_HOST,
    NETWORKD_HOST,
    NM_HOST,
    SCRIPT,
    SYSCTL,
    UNIT,
    UNIT_NAME,
    full,
    kinds,
    kinds_before,
    link,
    made_of,
    planned,
    refusals,
    sections,
)

PROFILE = "/etc/NetworkManager/system-connections/linuxnet-macvlan-lan0.nmconnection"
UUID = networkmanager.profile_uuid("lan0")


def profile(wanted) -> dict[str, dict[str, str]]:
    text = made_of(wanted, NM_HOST, "networkmanager")[PROFILE]
    return {name: dict(keys) for name, keys in sections(text)}


def test_a_profile():
    assert profile(full()) == {
        "connection": {
            "id": "linuxnet-macvlan-lan0",
            "uuid": UUID,
            "type": "macvlan",
            "interface-name": "lan0",
            "autoconnect-retries": "0",
        },
        "user": {"linuxnet-macvlan.link": "lan0"},
        "macvlan": {"mode": "3", "parent": "eth0"},
        "ethernet": {"cloned-mac-address": "02:00:00:00:00:01", "mtu": "1400"},
        "ipv4": {
            "method": "manual",
            "address1": "192.0.2.3/32",
            "route-metric": "0",
            "route1": "10.0.0.0/8,192.0.2.129,50",
            "route1_options": "table=100",
            "route2": "192.0.2.128/28,0.0.0.0,0",
            "route2_options": "src=192.0.2.3",
            "dad-timeout": "0",
        },
        "ipv6": {
            "method": "manual",
            "address1": "2001:db8::3/128",
            "route-metric": "256",
            "route1": "2001:db8::80/124,::,1024",
            "route1_options": "src=2001:db8::3",
            "addr-gen-mode": "eui64",
        },
    }


@pytest.mark.parametrize(
    ("mode", "number"), [("vepa", "1"), ("bridge", "2"), ("private", "3"), ("passthru", "4"), ("source", "5")]
)
def test_modes(mode, number):
    mac = None if mode == "passthru" else "02:00:00:00:00:01"
    assert profile(link(mode=mode, mac=mac, addresses=[], routes=[]))["macvlan"]["mode"] == number


def test_a_link_without_addresses():
    found = profile(link(addresses=[], routes=[]))
    assert (found["ipv4"]["method"], found["ipv6"]["method"]) == ("disabled", "link-local")


def test_passthru_carries_its_parents_mac():
    found = profile(link(mode="passthru", mac=None, nopromisc=True, addresses=[], routes=[]))
    assert "ethernet" not in found
    assert found["macvlan"]["promiscuous"] == "false"


def test_the_mark_survives_that_comments_are_dropped():
    text = made_of(full(), NM_HOST, "networkmanager")[PROFILE]
    rewritten = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert link_of(rewritten) == "lan0"


def test_only_root_may_read_a_profile(tmp_path):
    steps, _difference, _problems = planned([full()], persistence="networkmanager")
    modes = {action.target: action.mode for action in steps.actions if action.kind == "write"}
    assert {path for path, mode in modes.items() if mode != 0o644} == {PROFILE}
    for target, mode in ((PROFILE, 0o600), (SCRIPT, 0o644)):
        path = tmp_path / target.rsplit("/", 1)[1]
        actions.execute(actions.Action("write", str(path), "x", mode=modes[target]))
        assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"addresses": None}, "did not set"),
        ({"routes": None}, "did not set"),
        ({"up": False}, "to bring it up"),
        ({"sysctl": {"accept_ra": 2}}, "accept_ra"),
        ({"sysctl": {"autoconf": 1}}, "autoconf"),
    ],
)
def test_what_it_cannot_do(given, words):
    wanted = link(**{"addresses": [], "routes": [], **given})
    assert [words in problem for problem in refusals(wanted, NM_HOST, "networkmanager")] == [True]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (BARE_HOST, "does not run"),
        (NETWORKD_HOST, "does not run"),
        (replace(NETWORKD_HOST, daemons=NM_HOST.daemons), "systemd-networkd configures eth0"),
    ],
)
def test_hosts_of_others(host, words):
    assert [words in problem for problem in refusals(full(), host, "networkmanager")] == [True]


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        (["interface-name:lan0"], "interface-name:lan0 in /etc/x.conf"),
        (["interface-name:lan*"], "interface-name:lan* in /etc/x.conf"),
        (["type:macvlan"], "type:macvlan in /etc/x.conf"),
        (["except:interface-name:eth0"], "excludes lan0"),
        (["interface-name:lan1"], None),
        (["type:macvlan", "except:interface-name:lan0"], None),
    ],
)
def test_an_exclusion_of_the_link_is_a_conflict(specs, words):
    merged = Merged(specs, [Contribution("/etc/x.conf", "add", specs)])
    host = replace(NM_HOST, daemons=(networkmanager.NetworkManagerState(merged),))
    assert [words in problem for problem in refusals(full(), host, "networkmanager")] == ([True] if words else [])


def excluded(*others: str, foreign: bool = False, specs: tuple[str, ...] = ("interface-name:lan0",)):
    """A host where nm_unmanaged excludes lan0 from NetworkManager, and other files what they say."""
    text = exclusion.render(specs)
    ours = Contribution(exclusion.PATH, "add", list(specs))
    contributions = [*(Contribution("/etc/x.conf", "add", [spec]) for spec in others), ours]
    merged = list(dict.fromkeys([*others, *specs]))
    text = text.partition("\n")[2] if foreign else text
    return replace(NM_HOST, daemons=(networkmanager.NetworkManagerState(Merged(merged, contributions), text),))


@pytest.mark.parametrize("host", [excluded("type:macvlan"), excluded(foreign=True)], ids=["another", "not ours"])
def test_only_an_entry_of_our_own_may_stand_in_the_way(host):
    assert ["excludes lan0" in problem for problem in refusals(full(), host, "networkmanager")] == [True]


@pytest.mark.parametrize("specs", [("interface-name:lan0",), ("interface-name:lan0", "interface-name:mv9")])
def test_an_own_exclusion_ends_when_the_profile_is_loaded(specs):
    """NetworkManager flushes a link that it may have, and at once gives it what a profile says."""
    steps, difference, _problems = planned([full()], persistence="networkmanager", host=excluded(specs=specs))
    left = exclusion.render(specs[1:])
    assert kinds(steps)[2:7] == [
        f"write {PROFILE}",
        f"nm load {PROFILE}",
        f"{'write' if left else 'remove'} {exclusion.PATH}",
        "nm reload conf",
        "nm manage lan0",
    ]
    assert kinds(steps)[7] == f"nm up {UUID}"
    assert [action.text for action in steps.actions if action.target == exclusion.PATH] == [left or ""]
    assert difference.of(f"file {exclusion.PATH}")


def test_other_forms_leave_the_exclusion_alone():
    steps, _difference, _problems = planned([full()], persistence="systemd", host=excluded())
    assert not [action for action in steps.actions if exclusion.PATH in action.target or action.kind.startswith("nm")]


class TestActivation:
    def test_create_again_remove(self):
        steps, _difference, _problems = planned([full()], persistence="networkmanager")
        assert kinds_before(steps) == []
        assert kinds(steps) == [
            *(f"write {path}" for path in (SYSCTL, SCRIPT, PROFILE)),
            f"nm load {PROFILE}",
            f"nm up {UUID}",
            f"write {UNIT}",
            "daemon-reload",
            f"enable {UNIT_NAME}",
            f"restart {UNIT_NAME}",
        ]
        files = dict(steps.files)
        again = planned([full()], persistence="networkmanager", files=files, unit_states=ACTIVE)
        assert (bool(again[0]), bool(again[1])) == (False, False)

        gone, _difference, _problems = planned(
            removed=["lan0"], files=files, unit_states=ACTIVE, deleted=frozenset({"lan0"})
        )
        assert kinds_before(gone) == [f"stop {UNIT_NAME}", f"nm down {UUID}"]
        assert kinds(gone)[2:4] == [f"remove {PROFILE}", f"nm load {PROFILE}"]

    def test_moving_keeps_the_link(self):
        files = made_of(full(), NM_HOST, "networkmanager")
        steps, _difference, _problems = planned([full()], persistence="systemd", files=files, unit_states=ACTIVE)
        assert kinds_before(steps) == [f"stop {UNIT_NAME}", "nm unmanage lan0"]
        assert PROFILE not in steps.files

    def test_a_link_that_is_recreated_is_brought_up_again(self):
        files = made_of(full(), NM_HOST, "networkmanager")
        steps, _difference, _problems = planned(
            [full()], persistence="networkmanager", files=files, unit_states=ACTIVE, deleted=frozenset({"lan0"})
        )
        assert kinds_before(steps) == [f"stop {UNIT_NAME}", f"nm down {UUID}"]
        assert kinds(steps) == [f"nm up {UUID}", f"enable {UNIT_NAME}", f"restart {UNIT_NAME}"]
