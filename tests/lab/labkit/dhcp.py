# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real DHCP servers in the namespaces of a segment, as Debian has them: dnsmasq, Kea and ISC's.

Each function starts one on a namespace's ``eth0``, waits until it serves, and returns its lease file.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .segment import Namespace


@dataclass
class Server:
    """A running server. path: its lease file; leases: the leases in it, by address."""

    process: subprocess.Popen
    path: Path
    read: Callable[[str], list[str]]

    @property
    def leases(self) -> list[str]:
        return self.read(self.path.read_text()) if self.path.exists() else []


def dnsmasq(host: Namespace, folder: Path, *options: str, ping: bool = False) -> Server:
    leases = folder / "dnsmasq.leases"
    argv = [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--pid-file=",
        "--log-facility=-", "--log-dhcp", "--interface=eth0", "--except-interface=lo", "--bind-interfaces",
        f"--dhcp-leasefile={leases}", *([] if ping else ["--no-ping"]), *options,
    ]  # fmt: skip
    process = _start(host, argv, "DHCP, ", {})
    return Server(process, leases, lambda text: [line.split()[2] for line in text.splitlines() if line[0].isdigit()])


def relay(host: Namespace, address: str, server: str) -> None:
    """dnsmasq as a relay agent with this address, for a server to which it has a route."""
    argv = [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--pid-file=",
        "--log-facility=-", f"--dhcp-relay={address},{server}",
    ]  # fmt: skip
    _start(host, argv, "DHCP relay", {})


def kea(host: Namespace, folder: Path, subnet: str, pool: str, options: dict[str, str] | None = None) -> Server:
    """For IPv4 or IPv6, as the subnet is."""
    version = ipaddress.ip_network(subnet).version
    leases = folder / "kea.csv"
    option_data = [{"name": name, "data": data} for name, data in (options or {}).items()]
    one = {"subnet": subnet, "interface": "eth0", "pools": [{"pool": pool}], "option-data": option_data}
    configuration = {
        f"Dhcp{version}": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "lease-database": {"type": "memfile", "name": str(leases), "lfc-interval": 0},
            "valid-lifetime": 7200,
            f"subnet{version}": [one],
            "loggers": [{"name": f"kea-dhcp{version}", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
        }
    }
    if version == 6:
        # not in the machine's own directory
        configuration["Dhcp6"]["server-id"] = {"type": "LLT", "persist": False}
    path = folder / "kea.json"
    path.write_text(json.dumps(configuration))
    # newer versions have to be given other directories than their own
    environment = {name: str(folder) for name in ("KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR", "KEA_DHCP_DATA_DIR")}
    program = _unconfined(f"kea-dhcp{version}", folder)
    process = _start(host, [program, "-c", str(path)], f"DHCP{version}_STARTED", environment)
    return Server(process, leases, lambda text: [line.split(",")[0] for line in text.splitlines()[1:]])


def isc(host: Namespace, folder: Path, declarations: str) -> Server:
    leases = folder / "dhcpd.leases"
    leases.touch()
    path = folder / "dhcpd.conf"
    path.write_text(declarations)
    argv = [_unconfined("dhcpd", folder), "-4", "-f", "-d", "-cf", str(path), "-lf", str(leases), "--no-pid", "eth0"]
    process = _start(host, argv, "Server starting service", {})

    def active(text: str) -> list[str]:
        entries = [entry for entry in text.split("lease ")[1:] if "binding state active" in entry]
        return [entry.split()[0] for entry in entries]

    return Server(process, leases, active)


def _unconfined(program: str, folder: Path) -> str:
    """A copy without an AppArmor profile: Debian's profiles confine a server to its own directories."""
    found = shutil.which(program, path="/usr/sbin:/usr/bin")
    assert found, f"{program} is not installed: make setup"
    return shutil.copy(found, folder / program)


def _start(host: Namespace, argv: list[str], ready: str, environment: dict[str, str]) -> subprocess.Popen:
    process = host.start(*argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    printed = []
    for line in process.stdout:
        printed.append(line)
        if ready in line:
            # its output has to be read: a full pipe would block the server
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process
    raise AssertionError(f"{argv[0]} ended:\n{''.join(printed)}")
