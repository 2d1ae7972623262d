# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm-or-revert with real daemons: NetworkManager's state, a shutdown in between, and many hosts at once."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.lab import Lab

from . import playbooks

NM_FILE = "/etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf"
OUTCOME = "/run/linuxnet-macvlan/confirm/outcome.json"
LINK = {"name": "lan0", "parent": "eth0", "addresses": ["192.168.100.3/32"], "parent_sysctl": {"arp_filter": 1}}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    nic = {"name": "eth0", "switch": "sw0"}
    managers = {"nm": "networkmanager", "bare": "none"}
    hosts = {
        name: {
            "kind": "nspawn", "os": "bookworm", "manager": manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{number}/24"]}],
        }
        for number, (name, manager) in enumerate(managers.items(), start=11)
    }  # fmt: skip
    made = Lab.up({"switches": {"sw0": {}}, "hosts": hosts}, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.1)


def exists(lab: Lab, host: str, path: str) -> bool:
    return lab.exec(host, "test", "-e", path, check=False).returncode == 0


def test_an_exclusion_that_nobody_confirms_is_undone(lab: Lab, lab_module) -> None:
    lab.exec("nm", "sh", "-e", "-c", "ip link add mv0 link eth0 type macvlan mode bridge; ip link set mv0 up")
    lab.exec("nm", "ip", "address", "add", "192.0.2.5/32", "dev", "mv0")
    lab.exec("nm", "sh", "-c", "until nmcli -t device | grep -q '^mv0:macvlan:connected'; do sleep 0.1; done")
    devices = lab.exec("nm", "nmcli", "-t", "-f", "DEVICE,STATE", "device").stdout
    addresses = lab.exec("nm", "ip", "-brief", "address").stdout
    wanted = {"devices": ["mv0"], "confirm_token": "a1", "confirm_timeout": 1}
    done = lab_module(lab, "nm", "nm_unmanaged", wanted)
    assert not done.get("failed"), done["msg"]
    assert done["confirm"] == {"token": "a1", "timeout": 1}
    until(lambda: exists(lab, "nm", OUTCOME))
    answer = lab_module(lab, "nm", "confirm_change", {"token": "a1"})
    assert answer["state"] == "undone"
    assert f"file {NM_FILE}: remove" in answer["data"]["undone"]
    assert not exists(lab, "nm", NM_FILE)
    assert lab.exec("nm", "ip", "-brief", "address").stdout == addresses
    left = answer["data"]["left"]
    now = lab.exec("nm", "nmcli", "-t", "-f", "DEVICE,STATE", "device").stdout
    assert (left, now) == ([], devices)
    lab.exec("nm", "ip", "link", "delete", "mv0")


def test_a_profile_that_the_uplink_lost_is_up_again(lab: Lab, lab_module) -> None:
    """NetworkManager releases eth0 and flushes its addresses."""
    before = lab.exec("nm", "ip", "-brief", "address", "show", "dev", "eth0").stdout
    wanted = {"devices": ["eth0"], "confirm_token": "a2", "confirm_timeout": 1}
    done = lab_module(lab, "nm", "nm_unmanaged", wanted)
    assert not done.get("failed"), done["msg"]
    until(lambda: exists(lab, "nm", OUTCOME))
    answer = lab_module(lab, "nm", "confirm_change", {"token": "a2"})
    assert (answer["state"], answer["data"]["left"]) == ("undone", [])
    assert lab.exec("nm", "ip", "-brief", "address", "show", "dev", "eth0").stdout == before
    assert lab.exec("nm", "nmcli", "-g", "GENERAL.STATE", "device", "show", "eth0").stdout.startswith("100 ")


def test_the_uplink_is_not_excluded_from_networkmanager(lab: Lab, lab_module) -> None:
    script = (
        "SSH_CONNECTION='192.168.100.2 50000 192.168.100.11 22' PYTHONPATH=/opt/linuxnet-macvlan-test exec python3 "
        "/opt/linuxnet-macvlan-test/tests/integration/run_module.py nm_unmanaged"
    )
    options = json.dumps({"devices": ["eth0"], "confirm_token": "a3"})
    refused = json.loads(lab.exec("nm", "sh", "-c", script, input=options, check=False).stdout.splitlines()[-1])
    assert [problem["key"] for problem in refused["problems"]] == ["devices"]
    assert "NetworkManager would flush its configuration from eth0, which carries Ansible's own" in refused["msg"]
    assert not exists(lab, "nm", NM_FILE)


def test_the_guard_has_a_scope_of_its_own(lab: Lab, lab_module) -> None:
    lab_module(lab, "bare", "macvlan_link", {"links": [LINK], "host_id": "h", "confirm_token": "a4"})
    pid = json.loads(lab.exec("bare", "cat", "/run/linuxnet-macvlan/confirm/pending/change.json").stdout)["pid"]
    group = lab.exec("bare", "cat", f"/proc/{pid}/cgroup").stdout
    assert "linuxnet-macvlan-confirm-a4.scope" in group
    assert lab_module(lab, "bare", "confirm_change", {"token": "a4"})["state"] == "confirmed"
    until(lambda: not lab.exec("bare", "systemctl", "list-units", "--no-legend", "linuxnet-macvlan-confirm*").stdout)
    assert not exists(lab, "bare", "/run/linuxnet-macvlan/confirm")


def test_a_host_that_goes_down_before_confirming_undoes_the_change(lab: Lab, lab_module) -> None:
    kept = ["/etc/systemd/system/linuxnet-macvlan-lan0.service", "/etc/linuxnet-macvlan/lan0.sh"]

    def texts() -> list[str]:
        return [lab.exec("bare", "cat", path).stdout for path in kept]

    before = texts()
    changed = {**LINK, "addresses": ["192.168.100.4/32"], "mode": "private"}
    args = {"links": [changed], "host_id": "h", "confirm_token": "a5", "confirm_timeout": 600}
    assert lab_module(lab, "bare", "macvlan_link", args)["changed"] is True
    assert "192.168.100.4/32" in texts()[1]
    lab.reboot("bare")
    assert texts() == before
    assert "192.168.100.3/32" in lab.exec("bare", "ip", "-brief", "address", "show", "dev", "lan0").stdout
    assert lab.exec("bare", "systemctl", "is-active", "linuxnet-macvlan-lan0.service").stdout == "active\n"


PLAY = """
- name: Change the links
  hosts: all
  gather_facts: false
  tasks:
    - name: Change the links
      linuxnet.macvlan.macvlan_link:
        links: [{name: lan0, parent: eth0, addresses: ["192.168.100.200/32"]}]
        # twenty Pythons at once are slow on a small machine
        confirm_timeout: 300
      register: change

    - name: See that a change was confirmed, and that nothing else was
      ansible.builtin.assert:
        that: (change.confirm.timeout | default(0)) == (300 if change is changed else 0)
        quiet: true
"""


def test_many_hosts_at_once(tmp_path: Path) -> None:
    """Without a network in between: each of twenty hosts confirms."""
    names = [f"n{number}" for number in range(1, 21)]
    hosts = {
        name: {"kind": "netns", "nics": [{"switch": "sw0", "addresses": [f"192.168.100.{number}/24"]}]}
        for number, name in enumerate(names, start=1)
    }
    play = tmp_path / "play.yml"
    play.write_text(PLAY, encoding="utf-8")
    made = Lab.up({"switches": {"sw0": {}}, "hosts": hosts}, name=f"t{secrets.token_hex(4)}")
    try:
        for changed in (1, 0):
            done = subprocess.run(
                [Path(sys.executable).parent / "ansible-playbook", play, "-i", made.inventory_path, "--forks", "50"],
                cwd=playbooks.ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            run = playbooks.Run(done.returncode, done.stdout + done.stderr)
            assert (run.rc, run.changed) == (0, dict.fromkeys(names, changed)), run.output
        assert not [name for name in names if exists(made, name, "/run/linuxnet-macvlan/confirm")]
    finally:
        made.down()
