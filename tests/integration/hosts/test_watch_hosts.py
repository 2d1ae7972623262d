# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_watch with real network managers: their device states, and that they are named as culprits."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit.lab import Lab

GATEWAY, FOREIGN = "192.168.100.1", "192.168.100.50/24"
#: Waits for the sockets of the watch.
LISTENING = "for n in $(seq 300); do ss -H --packet | grep -q '[*]:eth0' && break; sleep 0.1; done; sleep 1;"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    nic = {"name": "eth0", "switch": "sw0"}
    managers = {"nm": "networkmanager", "nd": "networkd"}
    hosts = {
        name: {
            "kind": "nspawn", "os": "bookworm", "manager": manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{number}/24"]}],
        }
        for number, (name, manager) in enumerate(managers.items(), start=11)
    }  # fmt: skip
    topology = {"switches": {"sw0": {}}, "stations": {"gateway": {"addresses": [f"{GATEWAY}/24"]}}, "hosts": hosts}
    made = Lab.up(topology, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def watch(lab: Lab, lab_module, host: str, script: str) -> dict:
    """The timeline while a script runs on the host."""
    given = {"targets": [{"target": GATEWAY, "method": "who_has", "link": "eth0"}], "duration": 16}
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(lab_module, lab, host, "macvlan_watch", given)
        lab.exec(host, "sh", "-ec", LISTENING + script)
        result = watching.result()
    assert not result.get("failed"), result
    return result


def deleted(timeline: dict, what: str) -> dict:
    """The process that removed an address or a route."""
    (process,) = [
        item["process"] for item in timeline["events"] if item["action"] == "delete" and item["what"].startswith(what)
    ]
    return process


def states(timeline: dict, manager: str) -> list[str]:
    """A manager's messages, without those about the loopback interface."""
    return [
        item["what"]
        for item in timeline["events"]
        if item["kind"] == "manager" and item["data"]["manager"] == manager and item["link"] != "lo"
    ]


def test_networkmanager_is_named_when_it_activates_the_parent(lab, lab_module):
    lab.exec("nm", "ip", "address", "add", FOREIGN, "dev", "eth0")
    again = 'nmcli connection up "$(nmcli -g GENERAL.CONNECTION device show eth0)"; sleep 1;'
    timeline = watch(lab, lab_module, "nm", again + "systemctl restart NetworkManager")
    process = deleted(timeline, f"address {FOREIGN} removed")
    assert (process["name"], process["unit"]) == ("NetworkManager", "NetworkManager.service")
    assert process["known_by"] == "port id"
    said = states(timeline, "NetworkManager")
    assert "NetworkManager: eth0 activated -> deactivating (new-activation)" in said
    assert {"NetworkManager stopped", "NetworkManager started"} <= set(said)


def test_networkd_is_named_though_systemd_opened_its_socket(lab, lab_module):
    lab.exec("nd", "ip", "address", "add", FOREIGN, "dev", "eth0")
    lab.exec("nd", "ip", "route", "add", "10.7.0.0/16", "via", GATEWAY)
    timeline = watch(lab, lab_module, "nd", "networkctl reconfigure eth0; sleep 1; systemctl restart systemd-networkd")
    for what in (f"address {FOREIGN} removed", "route 10.7.0.0/16"):
        process = deleted(timeline, what)
        assert (process["name"], process["unit"]) == ("systemd-network", "systemd-networkd.service")
        assert process["known_by"] == "/proc/net/netlink"
    said = states(timeline, "systemd-networkd")
    assert any(item.startswith("systemd-networkd: eth0: AdministrativeState") for item in said), said
    assert {"systemd-networkd stopped", "systemd-networkd started"} <= set(said)


def test_missing_process_events_in_a_container_are_a_blind_spot(lab, lab_module):
    result = lab_module(lab, "nd", "macvlan_watch", {"duration": 1})
    assert any("process events carry pids of the first PID namespace" in item for item in result["limits"])
