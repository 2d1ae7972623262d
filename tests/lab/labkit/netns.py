# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named network namespaces, and the cables between them (veth pairs into a bridge)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run

from .topology import AGEING, Nic, Port, Switch

RUN = Path("/run/netns")
BRIDGE = "br0"

#: The prefix that runs a command in the machine's mount namespace, where network namespaces have their names.
#: Set by a process with a mount namespace of its own.
outside: list[str] = []

#: A new namespace inherits the IPv4 settings of the machine (net.core.devconf_inherit_init_net, devinet_init_net()
#: in net/ipv4/devinet.c), where a container engine or an administrator may have changed them.
DEFAULTS = """
cd /proc/sys/net/ipv4
echo 0 > ip_forward
for group in all default; do
    for key in rp_filter arp_ignore arp_announce arp_filter arp_notify arp_accept proxy_arp proxy_arp_pvlan; do
        echo 0 > conf/$group/$key
    done
done
"""

#: linux/if.h IFNAMSIZ without the closing NUL.
IFNAME_MAX = 15


def ip(netns: str, *args: str) -> str:
    return run(["ip", "-n", netns, *args]).out


def links(netns: str) -> list[dict]:
    """Links with their addresses, from ``ip -json address``."""
    return json.loads(ip(netns, "-json", "address", "show") or "[]")


def names(prefix: str) -> list[str]:
    return sorted(path.name for path in RUN.glob(f"{prefix}*"))


def add(netns: str) -> None:
    """A new namespace: loopback up, and the kernel's defaults instead of this machine's settings."""
    run([*outside, "ip", "netns", "add", netns])
    run(["ip", "netns", "exec", netns, "sh", "-c", DEFAULTS])
    ip(netns, "link", "set", "lo", "up")


def delete(netns: str) -> None:
    """Remove a namespace and end every process in it."""
    if (RUN / netns).exists():
        kill(pids(netns))
        run([*outside, "ip", "netns", "delete", netns], check=False)


def pids(netns: str) -> list[int]:
    return [int(pid) for pid in run(["ip", "netns", "pids", netns], check=False).out.split()]


def idle(netns: str, patience: float) -> bool:
    """Wait at most `patience` seconds until no process is in it; whether that came.

    Asked twice: where PIDs begin anew, a list can lack one that was just forked.
    """
    end = time.monotonic() + patience
    while pids(netns) or pids(netns):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def kill(processes: list[int], patience: float = 5.0) -> None:
    """SIGKILL, then wait at most `patience` seconds until they are gone or zombies."""
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + patience
    while any(_alive(pid) for pid in processes) and time.monotonic() < end:
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def make_switch(netns: str, switch: Switch) -> None:
    add(netns)
    options = ["mcast_snooping", str(int(switch.mcast_snooping))]
    if switch.ageing != AGEING:
        options += ["ageing_time", str(switch.ageing * 100)]  # the kernel counts in hundredths of a second
    ip(netns, "link", "add", BRIDGE, "type", "bridge", *options)
    ip(netns, "link", "set", BRIDGE, "up")


def plug(switch: str, port: str, netns: str, device: str, mac: str | None = None, mtu: int | None = None) -> None:
    """Connect a new device of `netns` with a new port of the bridge in `switch`; only the port is up afterwards."""
    size = ["mtu", str(mtu)] if mtu else []
    address = ["address", mac] if mac else []
    ip(switch, "link", "add", port, *size, "type", "veth", "peer", "name", device, *address, *size, "netns", netns)
    attach(switch, port)


def attach(switch: str, port: str) -> None:
    """Make a device of the switch's namespace one of its ports."""
    ip(switch, "link", "set", port, "master", BRIDGE, "up")


def set_port(switch: str, port: str, options: Port) -> None:
    if options.flags:
        flags = [word for flag, value in options.flags.items() for word in (flag, "on" if value else "off")]
        run(["bridge", "-n", switch, "link", "set", "dev", port, *flags])
    for mac in options.static:
        run(["bridge", "-n", switch, "fdb", "replace", mac, "dev", port, "master", "static"])


def port_name(machine: str, device: str) -> str:
    """The name of the port of a machine's nic: readable if it fits, always stable."""
    name = f"{machine}.{device}"
    if len(name) <= IFNAME_MAX:
        return name
    return f"p{sum(ord(char) * 31**i for i, char in enumerate(name)) % 10**9}"


def configure(netns: str, device: str, given: tuple[str, ...], gateways: tuple[str, ...]) -> None:
    """Bring a device up with its addresses and default routes, usable at once (no duplicate address detection)."""
    ip(netns, "link", "set", device, "up")
    for address in given:
        ip(netns, "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
    for gateway in gateways:
        ip(netns, "route", "replace", "default", "via", gateway, "dev", device)


def connect(switch: str, machine: str, netns: str, nic: Nic) -> None:
    port = port_name(machine, nic.name)
    plug(switch, port, netns, nic.name, nic.mac, nic.mtu)
    set_port(switch, port, nic.port)


def disconnect(switch: str, machine: str, nic: Nic) -> None:
    """Delete the device now: the kernel removes those of a deleted namespace only some time later."""
    run(["ip", "-n", switch, "link", "delete", port_name(machine, nic.name)], check=False)
