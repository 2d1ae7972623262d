# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm-or-revert with every persistent form: kernel, files, units and the daemons' states are as before."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.lab import Lab

SNAPSHOT = (Path(__file__).parent / "snapshot.py").read_text(encoding="utf-8")
OUTCOME = "/run/linuxnet-macvlan/confirm/outcome.json"

#: Persistent form -> operating system and manager of the host for its test.
FORMS = {
    "systemd": ("bookworm", "none"),
    "networkd": ("trixie", "networkd"),
    "networkmanager": ("trixie", "networkmanager"),
    "ifupdown": ("bookworm", "ifupdown"),
    "netplan": ("bookworm", "netplan"),
}
#: networkd's own record of each device, by the device's name.
NETWORKD = """
for path in /run/systemd/netif/links/*; do
    name=$(grep -lx "${path##*/}" /sys/class/net/*/ifindex) || continue
    grep -E '^(ADMIN_STATE|NETWORK_FILE.*)=' "$path" | sed "s|^|$name |"
done
"""
#: The daemons' states of all devices.
DAEMONS = {
    "networkd": NETWORKD,
    "netplan": NETWORKD,
    "networkmanager": "nmcli -t -f DEVICE,STATE,CONNECTION device",
    "ifupdown": "ifquery --state",
}
#: States in which a daemon still works on a device.
UNDER_WAY = re.compile(r"ADMIN_STATE=(pending|initialized|configuring)|:(connecting|deactivating)")
UNITS = "systemctl list-units --all --plain --no-legend 'linuxnet-macvlan-lan*' | awk '{print $1, $2, $3, $4}'"
#: Runtime files of daemons and of the guard that record the past.
PASSING = ("/run/linuxnet-macvlan", "/run/network/")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    nic = {"name": "eth0", "switch": "sw0"}
    hosts = {
        form: {
            "kind": "nspawn", "os": system, "manager": manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{number}/24"]}],
        }
        for number, (form, (system, manager)) in enumerate(FORMS.items(), start=11)
    }  # fmt: skip
    made = Lab.up({"switches": {"sw0": {}}, "hosts": hosts}, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def everywhere(action: Callable[[str], object]) -> dict[str, object]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(FORMS, pool.map(action, FORMS), strict=True))


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.1)


def seen(lab: Lab, host: str) -> list[str]:
    """Everything of a host, one line each."""
    daemons = DAEMONS.get(host, "true")
    until(lambda: not lab.exec(host, "ip", "-6", "address", "show", "tentative").stdout)
    until(lambda: not UNDER_WAY.search(lab.exec(host, "sh", "-c", daemons).stdout))
    parts = json.loads(lab.exec(host, "python3", "-", input=SNAPSHOT).stdout)
    lines = [
        f"{kind} {item}"
        for kind, part in parts.items()
        for item in (part.items() if isinstance(part, dict) else part)
        if kind != "files" or not str(item[0]).startswith(PASSING)
    ]
    for kind, script in (("daemon", daemons), ("unit", UNITS)):
        lines += [f"{kind} {line}" for line in lab.exec(host, "sh", "-c", script).stdout.splitlines()]
    return lines


def link(host: str, name: str = "lan0", **more: object) -> dict:
    number = 100 + 20 * int(name[-1]) + list(FORMS).index(host)
    addresses = [f"192.168.100.{number}/32", f"fd00:100::{number}/128"]
    net = f"10.{int(name[-1])}"
    routes = [{"destination": f"{net}.1.0/24"}, {"destination": f"{net}.2.0/24", "gateway": f"{net}.1.1"}]
    return {"name": name, "parent": "eth0", "addresses": addresses, "routes": routes, **more}


SETTINGS = {"sysctl": {"arp_ignore": 1}, "parent_sysctl": {"arp_filter": 1}}

#: Host -> the requested links and their form; the host has lan0 before.
CHANGES = {
    "one more": lambda host: ([link(host, **SETTINGS), link(host, "lan1", **SETTINGS)], host),
    "in place": lambda host: (
        [link(host, mode="private", mtu=1400, addresses=["192.168.100.99/32"], routes=[], sysctl={"arp_ignore": 2})],
        host,
    ),
    "recreated": lambda host: ([link(host, **SETTINGS, mode="passthru")], host),
    "removed": lambda host: ([{"name": "lan0", "state": "absent"}], host),
    "another form": lambda host: ([link(host, **SETTINGS)], "none" if host == "systemd" else "systemd"),
}


@pytest.fixture(scope="module")
def before(lab: Lab, lab_module) -> dict[str, list[str]]:
    def make(host: str) -> list[str]:
        made = lab_module(
            lab, host, "macvlan_link", {"links": [link(host, **SETTINGS)], "persistence": host, "host_id": host}
        )
        assert not made.get("failed"), (host, made["msg"])
        return seen(lab, host)

    return everywhere(make)


@pytest.mark.parametrize("change", CHANGES)
def test_what_nobody_confirms_is_as_it_was(lab: Lab, lab_module, before: dict[str, list[str]], change: str) -> None:
    token = secrets.token_hex(4)

    def index(host: str) -> str:
        return lab.exec(host, "cat", "/sys/class/net/lan0/ifindex").stdout.strip()

    def made_and_undone(host: str) -> tuple[dict, dict, list[str], list[str]]:
        first = index(host)
        links, form = CHANGES[change](host)
        args = {"links": links, "persistence": form, "recreate": "when_needed", "host_id": host}
        args.update(confirm_token=token, confirm_timeout=1)
        done = lab_module(lab, host, "macvlan_link", args)
        assert not done.get("failed"), (host, done["msg"])
        until(lambda: lab.exec(host, "test", "-e", OUTCOME, check=False).returncode == 0)
        answer, after, now = lab_module(lab, host, "confirm_change", {"token": token}), seen(lab, host), index(host)
        new = f"link lan0: it is a new one with the index {now}, not {first}, and new counters"
        return done, answer, after, [] if now == first else [new]

    for host, (done, answer, after, left) in everywhere(made_and_undone).items():
        assert done["changed"], host
        assert (answer["state"], answer["data"]["left"]) == ("undone", left), host
        lost = sorted(set(before[host]) - set(after))
        gained = sorted(set(after) - set(before[host]))
        assert (host, lost, gained) == (host, [], [])
