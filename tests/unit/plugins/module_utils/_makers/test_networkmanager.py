# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles that make a link, as administrators and tools write them."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds import networkmanager
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds.networkmanager import KIND, Profile, parse

PATH = "/etc/NetworkManager/system-connections/macvlan-host.nmconnection"
PROFILE = """[connection]
id=macvlan-host
uuid=5a1c1d3e-3b0c-4f0e-9f50-0c4b6e2f1a11
type=macvlan
interface-name=lan0

[macvlan]
mode=2
parent=eth0
"""
MADE_BY = f"NetworkManager's profile macvlan-host ({PATH}) with type=macvlan and interface-name=lan0 makes lan0"


def found(text: str, path: str = PATH) -> list[str]:
    return [str(maker) for maker in KIND.find((parse(path, text),), ["lan0"])]


def test_profile_of_the_links_name() -> None:
    assert found(PROFILE) == [MADE_BY]
    (maker,) = KIND.find((parse(PATH, PROFILE),), ["lan0", "lan1"])
    assert maker.remove == "nmcli connection delete 5a1c1d3e-3b0c-4f0e-9f50-0c4b6e2f1a11"


@pytest.mark.parametrize(
    "change",
    [
        ("interface-name=lan0", "interface-name = lan0"),
        ("interface-name=lan0", "interface-name=eth9\ninterface-name=lan0"),
        ("[connection]", "# by hand\n\n [connection] "),
    ],
)
def test_odd_spellings_of_a_key_file(change: tuple[str, str]) -> None:
    assert len(found(PROFILE.replace(*change))) == 1


@pytest.mark.parametrize(
    "change",
    [
        ("interface-name=lan0", "interface-name=lan01"),
        ("interface-name=lan0\n", ""),
        ("interface-name=lan0", "#interface-name=lan0"),
        # for a card, which a profile cannot make
        ("type=macvlan", "type=ethernet"),
        # NetworkManager's own description of a link that others made
        ("[macvlan]", "[.nmmeta]\nnm-generated=true\nvolatile=true\nexternal=true\n\n[macvlan]"),
        ("[connection]", f"{_files.HEADER}\n# Link: lan0\n[connection]"),
        ("[macvlan]", "[user]\nlinuxnet-macvlan.link=lan0\n\n[macvlan]"),
    ],
)
def test_profile_that_makes_no_link_of_the_name(change: tuple[str, str]) -> None:
    assert found(PROFILE.replace(*change)) == []


def test_profile_of_another_virtual_type_configures_the_name() -> None:
    assert found(PROFILE.replace("type=macvlan", "type=bridge"))[0].endswith(
        "type=bridge and interface-name=lan0 configures lan0"
    )


def test_only_files_that_networkmanager_reads_count() -> None:
    names = {"a.nmconnection": True, "old-name": True, "a.nmconnection~": False, "x.swp": False}
    assert {name: networkmanager._is_read(f"/etc/NetworkManager/system-connections/{name}") for name in names} == names
    assert not networkmanager._is_read("/run/NetworkManager/system-connections/old-name")


def test_profiles_in_memory_are_asked_for_over_the_bus() -> None:
    interface = "org.freedesktop.NetworkManager.Settings.Connection"
    objects = {
        "/1": {interface: {"Filename": PATH, "Flags": 0, "Unsaved": False}},
        "/2": {interface: {"Filename": "", "Flags": 1, "Unsaved": True}},
        "/3": {interface: {"Filename": "", "Flags": 2 | 4 | 8, "Unsaved": True}},
        "/4": {interface: {"Filename": "/etc/sysconfig/network-scripts/ifcfg-lan0", "Flags": 0}},
        "/5": {"org.freedesktop.NetworkManager.Device": {}},
    }
    asked = [("/2", ""), ("/4", "/etc/sysconfig/network-scripts/ifcfg-lan0")]
    assert networkmanager.parse_objects(objects, {PATH}) == asked


def test_answers_of_the_bus() -> None:
    connection = {"id": "shim", "uuid": "u", "type": "macvlan", "interface-name": "lan0"}
    assert networkmanager.parse_settings({"connection": connection}, "") == Profile("shim", "u", "macvlan", "lan0")
    ours = {"connection": connection, "user": {"data": {"linuxnet-macvlan.link": "lan0"}}}
    profile = networkmanager.parse_settings(ours, "")
    assert profile is not None
    assert profile.passive
    for odd in (None, [], {}, {"connection": "x"}):
        assert networkmanager.parse_settings(odd, "") is None


@pytest.mark.parametrize(("value", "starts"), [("", True), ("autoconnect=yes\n", True), ("autoconnect=false\n", False)])
def test_a_profile_without_autoconnect_does_not_start_by_itself(value: str, starts: bool) -> None:
    (maker,) = KIND.find((parse(PATH, PROFILE.replace("type=macvlan\n", f"type=macvlan\n{value}")),), ["lan0"])
    assert maker.starts is starts
