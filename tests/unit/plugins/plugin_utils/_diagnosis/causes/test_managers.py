# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes in network managers: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

from typing import Any

import pytest

from . import causes_cases as cases

OURS = {
    "path": "/etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf",
    "operation": "add",
    "specs": ["interface-name:lan0"],
}
VENDOR = "/etc/NetworkManager/conf.d/99-zz-vendor.conf"


def _manager(fleet: dict[str, Any], state: str = "unmanaged", profile: str | None = None) -> dict[str, Any]:
    """NetworkManager on web1, which has lan0 in a state."""
    made = {
        "installed": True, "running": True, "version": "1.42.4", "why_not": "",
        "unmanaged": ["interface-name:lan0"] if state == "unmanaged" else [],
        "contributions": [OURS],
        "devices": {"lan0": {"managed": state != "unmanaged", "state": state, "kind": "macvlan"}},
        "connections": {"lan0": profile} if profile else {},
    }  # fmt: skip
    fleet["web1"]["system"]["networkmanager"] = made
    return made


def _taken(fleet: dict[str, Any]) -> None:
    """NetworkManager begins to configure the link during the watch, and removes its address."""
    data = {"manager": "NetworkManager", "state": "ip-config", "changed": {"state": ["config", "ip-config"]}}
    cases.event(fleet, kind="manager", after=2.0, data=data)
    process = cases.process("NetworkManager", 5, "NetworkManager.service")
    address = {"address": "192.168.100.3/32", "link": "lan0"}
    cases.event(fleet, kind="address", action="delete", after=2.1, data=address, process=process)
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]


def test_networkmanager_on_the_link_is_named_and_explains_the_address() -> None:
    fleet = cases.healthy()
    _manager(fleet, "ip-config")
    _taken(fleet)
    assert cases.verdict(fleet, "nm_dhcp_on_link").status == "suspected"
    cases.lose(fleet, "host_to_container", at=2.25)
    found = cases.verdict(fleet, "nm_dhcp_on_link")
    assert (found.status, found.after, found.culprit["name"]) == ("confirmed", 2.0, "NetworkManager")
    assert cases.verdict(fleet, "address_removed_by_other").explained_by == "nm_dhcp_on_link"


@pytest.mark.parametrize("state", ["unmanaged", "unavailable", "disconnected", "activated"])
def test_a_link_that_networkmanager_only_knows_is_not_taken(state: str) -> None:
    """Activated without a profile is "connected (externally)"."""
    fleet = cases.healthy()
    _manager(fleet, state)
    cases.lose(fleet, "host_to_container")
    assert cases.verdict(fleet, "nm_dhcp_on_link").status == "ruled_out"


def test_the_watch_may_end_before_networkmanager_configures() -> None:
    fleet = cases.healthy()
    _manager(fleet, "ip-config")
    data = {"manager": "NetworkManager", "state": "unavailable", "changed": {"state": ["unmanaged", "unavailable"]}}
    cases.event(fleet, kind="manager", after=1.9, data=data)
    cases.lose(fleet, "host_to_container", at=2.0)
    found = cases.verdict(fleet, "nm_dhcp_on_link")
    assert (found.status, found.after) == ("confirmed", 1.9)


def test_a_link_that_networkmanager_is_declared_to_have_is_not_taken() -> None:
    fleet = cases.healthy()
    _manager(fleet, "activated", profile="lan0")
    cases.lose(fleet, "host_to_container")
    found = cases.verdict(fleet, "nm_dhcp_on_link")
    assert found.status == "suspected", "it has its address, and nobody was seen to remove it"
    assert "removed" not in found.summary
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    found = cases.verdict(fleet, "nm_dhcp_on_link")
    assert found.status == "confirmed"
    assert found.summary.endswith("and lan0 does not have 192.168.100.3")
    fleet["web1"]["drift"]["links"][0]["persistence"] = "networkmanager"
    assert cases.verdict(fleet, "nm_dhcp_on_link").status == "ruled_out"


@pytest.mark.parametrize(
    ("operation", "specs"),
    [("replace", ["interface-name:br-*"]), ("remove", ["interface-name:lan0"]), ("add", ["except:type:macvlan"])],
)
def test_a_file_that_undoes_the_exclusion_is_named(operation: str, specs: list[str]) -> None:
    fleet = cases.healthy()
    manager = _manager(fleet, "ip-config")
    manager["contributions"].append({"path": VENDOR, "operation": operation, "specs": specs})
    assert cases.verdict(fleet, "nm_exclusion_overridden").status == "suspected"
    _taken(fleet)
    cases.lose(fleet, "host_to_container", at=2.25)
    found = cases.verdict(fleet, "nm_exclusion_overridden")
    assert found.status == "confirmed"
    assert found.culprit["path"] == VENDOR
    assert cases.verdict(fleet, "nm_dhcp_on_link").explained_by == "nm_exclusion_overridden"


def test_an_exclusion_that_counts_or_never_was_is_not_overridden() -> None:
    fleet = cases.healthy()
    manager = _manager(fleet)
    manager["contributions"].insert(0, {"path": VENDOR, "operation": "replace", "specs": []})
    cases.lose(fleet, "host_to_container")
    assert cases.verdict(fleet, "nm_exclusion_overridden").status == "ruled_out"
    manager.update(unmanaged=[], contributions=manager["contributions"][:1])
    assert cases.verdict(fleet, "nm_exclusion_overridden").status == "ruled_out"


def _flap(fleet: dict[str, Any], unit: str = "systemd-networkd.service") -> None:
    """The parent loses its carrier, and a process takes the link's address, and with it the route to the containers."""
    cases.event(fleet, link="eth0", after=2.0, data={"changed": {"carrier": [True, False]}})
    process = cases.process("systemd-network", 5, unit, command="/lib/systemd/systemd-networkd")
    address = {"address": "192.168.100.3/32", "link": "lan0"}
    cases.event(fleet, kind="address", action="delete", after=2.1, data=address, process=process)
    # The kernel removes it with its source, and names no process.
    data = {"destination": "192.168.100.128/28", "link": "lan0", "table": 254, "source": "192.168.100.3"}
    cases.event(fleet, kind="route", action="delete", after=2.1, data=data)
    own = fleet["web1"]["after"]["namespaces"][0]
    own["routes"] = [item for item in own["routes"] if item["link"] != "lan0"]


def test_what_a_manager_drops_on_carrier_loss_is_no_own_removal() -> None:
    fleet = cases.healthy()
    _flap(fleet)
    found = cases.verdict(fleet, "carrier_loss_drops_config")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert found.culprit["unit"] == "systemd-networkd.service"
    assert cases.verdict(fleet, "address_removed_by_other").explained_by == "carrier_loss_drops_config"


def test_foreign_or_undone_removals_are_not_dropped_on_carrier_loss() -> None:
    fleet = cases.healthy()
    routes = list(fleet["web1"]["after"]["namespaces"][0]["routes"])
    _flap(fleet, unit="session-1.scope")
    assert cases.verdict(fleet, "carrier_loss_drops_config").status == "ruled_out"
    assert cases.verdict(fleet, "address_removed_by_other").status == "confirmed"
    fleet = cases.healthy()
    _flap(fleet)
    fleet["web1"]["after"]["namespaces"][0]["routes"] = routes
    assert cases.verdict(fleet, "carrier_loss_drops_config").status == "ruled_out"
