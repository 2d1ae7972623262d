# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge as parent that changes its MAC address: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

from . import causes_cases as cases

OLD, NEW = "02:00:00:00:00:47", "06:00:00:00:00:47"


def _changed(fleet: dict, kind: str = "bridge", port: str = NEW) -> None:
    """web1's parent took another MAC address at +1.0 s; port: the MAC address of the port that it still has."""
    parent = cases.own_link(fleet, "eth0")
    parent.update(kind=kind, mac=NEW)
    card = {**parent, "index": 90, "name": "card0", "kind": "", "mac": port, "master": "eth0"}
    fleet["web1"]["after"]["namespaces"][0]["links"].append(card)
    cases.event(fleet, link="eth0", what="eth0: mac", data={"changed": {"mac": [OLD, NEW]}})


def test_an_old_bridge_mac_that_no_port_has_is_confirmed_with_a_loss() -> None:
    fleet = cases.healthy()
    _changed(fleet)
    cases.lose(fleet, "gateway_from_parent", at=1.2)
    found = cases.verdict(fleet, "bridge_mac_changed")
    assert (found.status, found.after) == ("confirmed", 1.0)
    assert f"from {OLD} to {NEW} at +1.0 s" in found.summary
    assert found.remedy.startswith(f"ip link set eth0 address {NEW}")


def test_a_harmless_change_is_suspected_unless_a_port_has_the_mac() -> None:
    for port, lost_at, status in (
        (NEW, None, "suspected"),
        (OLD, None, "ruled_out"),
        (OLD, 1.2, "suspected"),
        (NEW, 9.0, "confirmed"),
    ):
        fleet = cases.healthy()
        _changed(fleet, port=port)
        if lost_at is not None:
            cases.lose(fleet, "gateway_from_parent", at=lost_at)
        assert cases.verdict(fleet, "bridge_mac_changed").status == status, (port, lost_at)


def test_what_was_lost_before_or_elsewhere_is_not_the_bridges() -> None:
    for kind, lost_at in (("gateway_from_parent", 0.0), ("gateway_from_link", 1.2)):
        fleet = cases.healthy()
        _changed(fleet)
        cases.lose(fleet, kind, at=lost_at)
        assert cases.verdict(fleet, "bridge_mac_changed").status == "suspected", kind


def test_other_parents_and_a_bridge_that_kept_its_mac_are_ruled_out() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, "bridge_mac_changed").status == "ruled_out"
    _changed(fleet, kind="bond")
    cases.lose(fleet, "gateway_from_parent", at=1.2)
    assert cases.verdict(fleet, "bridge_mac_changed").status == "ruled_out"
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0")["kind"] = "bridge"
    cases.lose(fleet, "gateway_from_parent", at=1.2)
    assert cases.verdict(fleet, "bridge_mac_changed").status == "ruled_out"
