# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the matrix: events on a host. A new event is a function or command, and a line in `EVENTS`."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import lease
from .place import PARENT, Place
from .rows import Row

#: A temporary name of the parent.
RENAMED = "wan7"

#: Seconds between the two halves of an event, so that daemons notice both.
BETWEEN = 2.0

NETWORKD = ("networkd", "netplan")


def matches(name: str, globs: str) -> bool:
    """Whether a name of a row, an event or an engine is chosen. globs: of fnmatch, separated by commas."""
    return any(fnmatch.fnmatch(name, glob) for glob in globs.split(","))


def nothing(_place: Place) -> None:
    """For events that need no preparation."""


def anywhere(_row: Row) -> str:
    """For events that every row can have."""
    return ""


@dataclass(frozen=True)
class Event:
    """act: performs the event, and returns at its end.

    repair: restores what the event removed besides the link, before traffic is checked. meanwhile: what is expected
    differently after it (`Place.expected`). back: undoes it; then the declaration is expected again. prepare, restore:
    before and after all of it. missing: why a row cannot have the event; empty where it can. waits: it takes time but
    no work, so all hosts can go through it at once.
    """

    name: str
    title: str
    act: Callable[[Place], None]
    missing: Callable[[Row], str] = anywhere
    repair: Callable[[Place], None] | None = None
    back: Callable[[Place], None] | None = None
    meanwhile: Mapping[str, object] = field(default_factory=dict)
    prepare: Callable[[Place], None] = nothing
    restore: Callable[[Place], None] = nothing
    waits: bool = False


def command(commands: Mapping[str, str]) -> Callable[[Place], None]:
    """The command of the parent's manager."""
    return lambda place: void(place.shell(commands[place.row.manager]))


def everywhere(script: str) -> Callable[[Place], None]:
    return lambda place: void(place.shell(script))


def void(_output: str) -> None:
    """Discard the output of commands."""


def has(commands: Mapping[str, str], without: str) -> Callable[[Row], str]:
    return lambda row: "" if row.manager in commands else without


def reboot(place: Place) -> None:
    # A process that entered from outside would block the shutdown.
    place.close()
    place.lab.reboot(place.row.name)
    place.open()


def down_and_up(place: Place) -> None:
    place.shell(f"ip link set {PARENT} down")
    time.sleep(BETWEEN)
    place.shell(f"ip link set {PARENT} up")


def cable(seconds: float) -> Callable[[Place], None]:
    def act(place: Place) -> None:
        place.lab.cable(place.row.name, PARENT, False)
        time.sleep(seconds)
        place.lab.cable(place.row.name, PARENT, True)

    return act


#: What an operator does when a parent is back that its manager does not notice, as without udev.
CONFIGURE = {
    "ifupdown": f"ifdown --force {PARENT}; ifup {PARENT}",
    "none": "systemctl restart network-by-hand",
}


def removed_and_back(place: Place) -> None:
    """Unbind and bind the driver in a virtual machine; elsewhere make another veth pair of the same name."""
    if place.row.kind == "vm":
        device = place.shell(f"basename $(readlink -f /sys/class/net/{PARENT}/device)")
        driver = "/sys/bus/virtio/drivers/virtio_net"
        place.shell(f"echo {device} > {driver}/unbind")
        time.sleep(BETWEEN)
        place.shell(f"echo {device} > {driver}/bind; until test -e /sys/class/net/{PARENT}; do sleep 0.1; done")
    else:
        place.unplug()
        time.sleep(BETWEEN)
        place.plug_in()
    place.shell(CONFIGURE.get(place.row.manager, "true"))


def rename(old: str, new: str) -> Callable[[Place], None]:
    """Older kernels rename a device only while it is down (dev_change_name)."""

    def act(place: Place) -> None:
        place.shell(f"ip link set {old} down; ip link set {old} name {new}; ip link set {new} up")

    return act


def mtu(size: int) -> Callable[[Place], None]:
    return everywhere(f"ip link set {PARENT} mtu {size}")


#: An upgraded package restores its configuration files, also one that replaces the list of devices.
OVERWRITE = """
mkdir -p /usr/lib/NetworkManager/conf.d
printf '[keyfile]\\nunmanaged-devices=*,except:type:wifi,except:type:ethernet,except:type:macvlan\\n' \
    > /usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf
printf '[keyfile]\\nunmanaged-devices=none\\n' > /usr/lib/NetworkManager/conf.d/zz-distribution.conf
printf '[main]\\nplugins=keyfile\\n\\n[keyfile]\\nunmanaged-devices=none\\n' > /etc/NetworkManager/NetworkManager.conf
systemctl restart NetworkManager
"""

RESTART = {
    "networkmanager": "systemctl restart NetworkManager",
    "networkd": "systemctl restart systemd-networkd",
    "netplan": "systemctl restart systemd-networkd",
    "ifupdown": "systemctl restart networking",
}
RELOAD = {
    "networkmanager": "systemctl reload NetworkManager; nmcli connection reload",
    "networkd": "networkctl reload",
    "netplan": "netplan generate; networkctl reload",
    "ifupdown": "ifup -a",
}
ACTIVATE = {
    "networkmanager": f"nmcli connection up {PARENT}",
    "networkd": f"networkctl reconfigure {PARENT}",
    "netplan": f"netplan generate; networkctl reload; networkctl reconfigure {PARENT}",
    "ifupdown": f"ifdown {PARENT}; ifup {PARENT}",
}
NO_MANAGER = "nothing manages the parent"


def only_vm(row: Row) -> str:
    return "" if row.kind == "vm" else "needs udev: in virtual machines"


def netplan_apply(row: Row) -> str:
    return only_vm(row) if row.manager == "netplan" else "netplan only"


def networkmanager(row: Row) -> str:
    return "" if row.manager == "networkmanager" else "NetworkManager only"


#: udev processes every device again, also its MAC address: MACAddressPolicy=persistent is systemd's default.
UDEV_AGAIN = "udevadm control --reload; udevadm trigger --action=add --subsystem-match=net; udevadm settle"

EVENTS = (
    Event("reboot", "reboot", reboot),
    Event("restart", "manager restarted", command(RESTART), has(RESTART, NO_MANAGER)),
    Event("reload", "manager reloaded", command(RELOAD), has(RELOAD, NO_MANAGER)),
    Event("activate", "parent's profile activated again", command(ACTIVATE), has(ACTIVATE, NO_MANAGER)),
    Event("apply", "`netplan apply`", everywhere("netplan apply"), netplan_apply),
    Event("down-up", "parent down and up", down_and_up),
    Event("carrier-1", "no carrier for 1 s", cable(1), waits=True),
    Event("carrier-10", "no carrier for 10 s", cable(10), waits=True),
    Event("carrier-60", "no carrier for 60 s", cable(60), waits=True),
    # Its containers are removed with it; their engine recreates them.
    Event("removed", "parent removed and back", removed_and_back, repair=Place.make_container),
    Event(
        "renamed", "parent renamed and back", rename(PARENT, RENAMED),
        back=rename(RENAMED, PARENT), meanwhile={"parent": RENAMED},
    ),
    Event("mtu", "parent's MTU 1400 and back", mtu(1400), back=mtu(1500), meanwhile={"mtu": 1400}),
    Event(
        "dhcp", "DHCP lease renewed", lease.renewed, lease.missing,
        prepare=lease.prepare, restore=lease.restore, waits=True,
    ),
    Event("overwrite", "NetworkManager's files overwritten", everywhere(OVERWRITE), networkmanager),
    Event("udev", "udev runs again", everywhere(UDEV_AGAIN), only_vm),
)  # fmt: skip
