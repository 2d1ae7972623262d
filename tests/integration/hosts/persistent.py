# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of every kind of network management with one macvlan link, for the tests of persistent forms."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit import modules
from labkit.lab import Lab

KILLER = Path(__file__).with_name("killer.py").read_text(encoding="utf-8")

#: Host -> operating system, manager, the form that `auto` chooses, and its reason.
HOSTS = {
    "nm": ("bookworm", "networkmanager", "systemd", "eth0 belongs to NetworkManager (NetworkManager says connected)"),
    "nd": ("trixie", "networkd", "networkd", "/etc/systemd/network/10-eth0.network"),
    "np": ("bookworm", "netplan", "netplan", "/run/systemd/network/10-netplan-eth0.network"),
    "ifup": ("bookworm", "ifupdown", "ifupdown", "eth0 belongs to ifupdown"),
    "bare": ("trixie", "none", "systemd", "eth0 belongs to no daemon"),
}

#: Another form for the same link, by host.
OTHER_FORMS = {"nm": "networkmanager", "ifup": "systemd"}

GONE = [{"name": "lan0", "state": "absent"}]

#: Everything that a run may have changed: files with mode and content, links, addresses, routes, settings.
SNAPSHOT = r"""
find /etc /usr/local /var/lib/linuxnet-macvlan /run/linuxnet-macvlan /run/systemd/network ! -name resolv.conf \
    -printf '%p %y %m %l\n' 2>/dev/null | sort
find /etc /run/systemd/network ! -name resolv.conf -type f -exec sha256sum {} + | sort -k 2
ip -j link | python3 -c 'import json, sys
for link in json.load(sys.stdin):
    print(link["ifname"], link["address"], link["mtu"], sorted(link["flags"]), link.get("ifalias"))'
ip -brief address | sed 's/@[^ ]*//' | tr -s ' '; ip -4 route show table all; ip -6 route show table main
grep -r . /proc/sys/net/ipv4/conf/*/arp_* /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv6/conf/*/accept_ra
systemctl list-unit-files --state=enabled --no-legend; systemctl list-units --all --no-legend 'linuxnet*' --plain
"""


def topology() -> dict:
    nic = {"name": "eth0", "switch": "sw0", "gateway": "192.168.100.1"}
    hosts = {
        name: {
            "kind": "nspawn",
            "os": system,
            "manager": manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{number}/24"]}],
        }
        for number, (name, (system, manager, *_rest)) in enumerate(HOSTS.items(), start=11)
    }
    return {"switches": {"sw0": {}}, "stations": {"gateway": {"addresses": ["192.168.100.1/24"]}}, "hosts": hosts}


class HostOfLab:
    """One host of the lab and the module under test on it."""

    def __init__(self, lab: Lab, module: Callable[..., dict], name: str) -> None:
        self.lab = lab
        self.name = name
        self._module = module
        # Hosts share a segment, so each has its own addresses and MAC address.
        self.number = 20 + list(HOSTS).index(name)

    def declared(self, **more) -> dict:
        number = self.number
        return {
            "name": "lan0",
            "parent": "eth0",
            "mac": f"02:00:5e:00:00:{number}",
            "addresses": [f"192.168.100.{number}/32", f"fd00:100::{number}/128"],
            "routes": [
                {"destination": "192.168.100.128/28", "source": f"192.168.100.{number}"},
                {"destination": "192.168.100.144/28", "metric": 50},
                {"destination": "fd00:100::80/124", "source": f"fd00:100::{number}"},
            ],
            "bcqueuelen": 2000,
            "sysctl": {"arp_filter": 1, "arp_ignore": 1, "accept_ra": 0},
            "parent_sysctl": {"arp_filter": 1},
            **more,
        }

    def as_declared(self, **more) -> dict:
        """`declared` in the form of `state`."""
        number = self.number
        settings = ["ipv4/conf/lan0/arp_filter", "ipv4/conf/lan0/arp_ignore", "ipv4/conf/eth0/arp_filter"]
        return {
            "parent": "eth0",
            "mac": f"02:00:5e:00:00:{number}",
            "mtu": 1500,
            "up": True,
            "mode": "bridge",
            "bcqueuelen": 2000,
            "addresses": [f"192.168.100.{number}/32", f"fd00:100::{number}/128"],
            "tentative": [],
            "routes": [
                ("192.168.100.128/28", f"192.168.100.{number}", None),
                ("192.168.100.144/28", None, 50),
                ("fd00:100::80/124", f"fd00:100::{number}", 1024),
            ],
            "settings": {**dict.fromkeys(settings, "1"), "ipv6/conf/lan0/accept_ra": "0"},
            **more,
        }

    def link(self, check: bool = False, fails: bool = False, **args) -> dict:
        result = self._module(self.lab, self.name, "macvlan_link", args, check=check)
        assert bool(result.get("failed")) == fails, result.get("msg")
        return result

    def module(self, name: str, **args) -> dict:
        return self._module(self.lab, self.name, name, args)

    def run(self, *argv: str, check: bool = True, **options) -> str:
        return self.lab.exec(self.name, *argv, check=check, **options).stdout

    def shell(self, script: str) -> str:
        return self.run("sh", "-c", script)

    def snapshot(self) -> str:
        return self.shell(SNAPSHOT)

    def files(self) -> dict[str, str]:
        """Our files by path."""
        found = self.shell("grep -rls '^# Managed by Ansible: linuxnet.macvlan' /etc || true").split()
        return {path: self.run("cat", path) for path in sorted(found)}

    def state(self, name: str = "lan0") -> dict:
        """The link as the kernel has it."""
        link = json.loads(self.run("ip", "-json", "-details", "address", "show", "dev", name))[0]
        routes = json.loads(self.run("ip", "-json", "route", "show", "dev", name, "proto", "static"))
        routes += json.loads(self.run("ip", "-6", "-json", "route", "show", "dev", name, "proto", "static"))
        settings = [f"ipv4/conf/{name}/arp_filter", f"ipv4/conf/{name}/arp_ignore", f"ipv6/conf/{name}/accept_ra"]
        settings.append("ipv4/conf/eth0/arp_filter")
        addresses = [item for item in link["addr_info"] if item["scope"] == "global"]
        return {
            "parent": link["link"],
            "mac": link["address"],
            "mtu": link["mtu"],
            "up": "UP" in link["flags"],
            "mode": link["linkinfo"]["info_data"]["mode"],
            "bcqueuelen": link["linkinfo"]["info_data"]["bcqueuelen"],
            "addresses": [f"{item['local']}/{item['prefixlen']}" for item in addresses],
            "tentative": [item["local"] for item in addresses if item.get("tentative")],
            "routes": [(item["dst"], item.get("prefsrc"), item.get("metric")) for item in routes],
            "settings": {name: self.run("cat", f"/proc/sys/net/{name}").strip() for name in settings},
        }

    def killed(self, step: int, **more) -> dict:
        """Kill runs before every `step`th write, in the host's other form if it has one; see `killer`.

        more: of the link.
        """
        self.link(check=True, links=[])
        plain = {
            "mac": f"02:00:5e:00:02:{self.number}",
            "addresses": [f"192.168.100.{self.number}/32"],
            # Nothing here waits for duplicate address detection.
            "routes": [{"destination": "192.168.100.128/28", "source": f"192.168.100.{self.number}"}],
        }
        link = self.declared(**{**plain, **more})
        form = OTHER_FORMS.get(self.name, "auto")
        argv = ["python3", "-", f"{modules.INSIDE}/collections", json.dumps(link), form, str(step)]
        return json.loads(self.run(*argv, input=KILLER))

    @contextmanager
    def parent_untouched(self) -> Iterator[None]:
        """No address and no route of the parent is removed meanwhile, not even for a moment."""
        watch = [*self.lab.entry(self.name), "ip", "monitor", "address", "route"]
        with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as monitor:
            try:
                yield
                # An event of our own marks that everything before it has been read.
                self.run("ip", "address", "add", "127.1.2.3/32", "dev", "lo")
                self.run("ip", "address", "del", "127.1.2.3/32", "dev", "lo")
                seen = []
                for line in monitor.stdout:
                    seen.append(line)
                    if "Deleted" in line and "127.1.2.3/32" in line:
                        break
            finally:
                monitor.terminate()
        assert [line for line in seen if line.startswith("Deleted") and "eth0" in line] == []


def settled(host: HostOfLab) -> dict:
    """The state once duplicate address detection is over, which the end of a boot does not wait for."""
    for condition in (
        'test -z "$(ip -6 address show tentative)"',
        'test -n "$(ip -6 route show exact fd00:100::80/124)"',
    ):
        host.run("timeout", "60", "sh", "-c", f"until {condition}; do sleep 0.1; done")
    return host.state()


def in_any_order(state: dict) -> dict:
    return {**state, "addresses": sorted(state["addresses"])}
