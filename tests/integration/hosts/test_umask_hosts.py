# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks on hosts whose logins have another umask, as hardened hosts do, and as careless ones do."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.lab import Lab

from . import playbooks

HERE = Path(__file__).parent
#: Manager -> operating system, and the form that its links get.
MANAGERS = {"networkd": ("trixie", "networkd"), "networkmanager": ("bookworm", "systemd")}
#: Of each manager: a slice, `UMASKS=000,027,077` for all of them on both.
UMASKS = {"networkd": ["027"], "networkmanager": ["000", "077"]}
if os.environ.get("UMASKS"):
    UMASKS = dict.fromkeys(MANAGERS, os.environ["UMASKS"].split(","))
#: Host -> its manager and umask.
HOSTS = {f"{manager[-1]}{umask}": (manager, umask) for manager, umasks in UMASKS.items() for umask in umasks}

#: sshd itself lets no umask through that others may write with; PAM has the last word (pam_umask(8)).
HARDEN = "echo 'session required pam_umask.so umask=0{umask}' >> /etc/pam.d/sshd"

#: Modes and owners of all that a run has made, by path.
MADE = r"""
find /etc /run/linuxnet-macvlan /var/lib/linuxnet-macvlan -newer /etc/pam.d/sshd \
    \( -path '*linuxnet*' -o -path '*.network.d*' -o -path '/etc/NetworkManager/conf.d/*' \) -printf '%p %y %04m %u\n' \
    2>/dev/null || true
"""
READABLE = {"f": "0644", "d": "0755", "l": "0777"}


def topology() -> dict:
    hosts = {}
    for number, (name, (manager, _umask)) in enumerate(HOSTS.items()):
        network = {
            "name": "lan0",
            "parent": "eth0",
            "subnet": "192.168.100.0/24",
            "container_range": f"192.168.100.{128 + 16 * number}/28",
            "host_address": f"192.168.100.{3 + number}",
        }
        nic = {"name": "eth0", "switch": "sw0", "addresses": [f"192.168.100.{11 + number}/24"]}
        hosts[name] = {
            "kind": "nspawn",
            "os": MANAGERS[manager][0],
            "manager": manager,
            "groups": ["macvlan_hosts"],
            "nics": [nic],
            "vars": {"macvlan_networks": [network]},
        }
    return {"switches": {"sw0": {}}, "hosts": hosts}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(topology(), name=f"t{secrets.token_hex(4)}")
    for host, (_manager, umask) in HOSTS.items():
        made.exec(host, "sh", "-c", HARDEN.format(umask=umask))
    yield made
    made.down()


def everywhere(lab: Lab, script: str, *argv: str) -> dict[str, str]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(HOSTS, pool.map(lambda host: lab.exec(host, *argv, input=script).stdout, HOSTS), strict=True))


def snapshots(lab: Lab) -> dict[str, dict]:
    script = (HERE / "snapshot.py").read_text(encoding="utf-8")
    return {host: json.loads(text) for host, text in everywhere(lab, script, "python3", "-").items()}


def test_no_umask_of_a_login_changes_what_the_playbooks_do(lab: Lab) -> None:
    ansible = [Path(sys.executable).parent / "ansible", "all", "--inventory", lab.inventory_path]
    said = subprocess.run([*ansible, "-m", "raw", "-a", "umask"], capture_output=True, text=True, check=True).stdout
    assert sorted(re.findall(r"^0(\d{3})$", said, re.MULTILINE)) == sorted(umask for _manager, umask in HOSTS.values())
    before = snapshots(lab)

    run = playbooks.run("site", lab.inventory_path, verify_soak_seconds=0)
    assert run.rc == 0, run.output
    assert {host: run.row(host)[3] for host in HOSTS} == {
        host: MANAGERS[manager][1] for host, (manager, _umask) in HOSTS.items()
    }
    for host, made in everywhere(lab, MADE, "sh").items():
        rows = [line.rsplit(" ", 3) for line in made.splitlines()]
        assert len(rows) > 4, host
        for path, kind, mode, owner in rows:
            private = path.startswith(("/run/linuxnet", "/var/lib/linuxnet"))
            wanted = {"d": "0700", "f": "0600"}[kind] if private else READABLE[kind]
            assert (path, mode, owner) == (path, wanted, "root"), host

    again = playbooks.run("site", lab.inventory_path, options=("--diff",), verify_soak_seconds=0)
    assert (again.rc, again.changed, again.diff) == (0, dict.fromkeys(HOSTS, 0), []), again.output

    teardown = playbooks.run("teardown", lab.inventory_path)
    assert teardown.rc == 0, teardown.output
    after = snapshots(lab)
    assert {host: after[host] for host in HOSTS} == {host: before[host] for host in HOSTS}
