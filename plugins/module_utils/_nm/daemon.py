# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager as a running daemon: whether it is there, how it sees each device, and a reload of its files."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import busctl as _busctl
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .specs import Device

SERVICE = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"
_DEVICE = f"{SERVICE}.Device"

#: NM_MANAGER_RELOAD_FLAG_CONF (NetworkManager's introspection/org.freedesktop.NetworkManager.xml, method Reload).
RELOAD_CONF = 0x01

#: NMDeviceState, libnm-core-public/nm-dbus-interface.h
STATES = {
    0: "unknown", 10: "unmanaged", 20: "unavailable", 30: "disconnected", 40: "prepare", 50: "config", 60: "need-auth",
    70: "ip-config", 80: "ip-check", 90: "secondaries", 100: "activated", 110: "deactivating", 120: "failed",
}  # fmt: skip
#: NMDeviceType, same file, with the names that ``type:`` in a device spec goes by.
KINDS = {
    1: "ethernet", 2: "wifi", 5: "bt", 8: "modem", 9: "infiniband", 10: "bond", 11: "vlan", 13: "bridge", 14: "generic",
    15: "team", 16: "tun", 17: "iptunnel", 18: "macvlan", 19: "vxlan", 20: "veth", 21: "macsec", 22: "dummy", 23: "ppp",
    24: "ovs-interface", 25: "ovs-port", 26: "ovs-bridge", 27: "wpan", 28: "6lowpan", 29: "wireguard", 30: "wifi-p2p",
    31: "vrf", 32: "loopback", 33: "hsr", 34: "ipvlan",
}  # fmt: skip
#: NM_ACTIVE_CONNECTION_STATE_ACTIVATED, NM_ACTIVATION_STATE_FLAG_EXTERNAL, same file.
ACTIVATED = 2
EXTERNAL = 0x80


@dataclass(frozen=True)
class Connection:
    """A profile that is up. profile, device: paths of D-Bus objects."""

    name: str
    profile: str
    device: str


@dataclass(frozen=True)
class Status:
    """Whether NetworkManager is on this host. why_not: why it cannot be queried, empty where it can."""

    installed: bool
    running: bool
    version: str | None
    why_not: str = ""

    def as_data(self) -> dict[str, object]:
        return {"installed": self.installed, "running": self.running, "version": self.version}


@dataclass(frozen=True)
class ManagedDevice:
    """A device as NetworkManager sees it: managed or not, its state by name, and what a spec compares."""

    device: Device
    managed: bool
    state: str
    mac: str = ""


def status() -> Status:
    """Find the program and ask the bus for the daemon. Errors: CommandFailed when the program does not work."""
    if find("NetworkManager") is None:
        return Status(False, False, None)
    version = run(["NetworkManager", "--version"]).out.strip() or None
    try:
        running = _busctl.has_owner(SERVICE)
    except _busctl.BusAbsent as error:
        return Status(True, False, version, str(error))
    return Status(True, running, version, "" if running else "NetworkManager is installed and not running")


def devices() -> list[ManagedDevice]:
    """All devices that NetworkManager lists, in one call. Errors: BusError."""
    objects = _busctl.call(SERVICE, "/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    return parse_devices(objects[0]) if objects else []


def parse_devices(objects: object) -> list[ManagedDevice]:
    """Devices, parsed from the answer to GetManagedObjects. Pure."""
    found = []
    for interfaces in objects.values() if isinstance(objects, dict) else ():
        properties = interfaces.get(_DEVICE)
        if properties is None or not properties.get("Real", True):
            continue
        permanent = str(interfaces.get(f"{_DEVICE}.Wired", {}).get("PermHwAddress", "")).lower()
        mac = str(properties.get("HwAddress", "")).lower()
        kind = KINDS.get(properties.get("DeviceType"), "")
        found.append(
            ManagedDevice(
                Device(
                    str(properties["Interface"]),
                    kind,
                    str(properties.get("Driver", "")),
                    permanent,
                    str(properties.get("DriverVersion", "")),
                ),
                bool(properties["Managed"]),
                STATES.get(properties.get("State"), "unknown"),
                mac,
            )
        )
    return sorted(found, key=lambda item: item.device.name)


def connections() -> dict[str, Connection]:
    """The profile that each device has activated, by interface, in one call. Errors: BusError."""
    objects = _busctl.call(SERVICE, "/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    return parse_connections(objects[0]) if objects else {}


def parse_connections(objects: object) -> dict[str, Connection]:
    """The same, parsed from the answer to GetManagedObjects; external connections have no profile. Pure."""
    found = {}
    everything = objects if isinstance(objects, dict) else {}
    for path, interfaces in everything.items():
        device = interfaces.get(_DEVICE, {})
        active = everything.get(device.get("ActiveConnection"), {}).get(f"{SERVICE}.Connection.Active")
        if active and active.get("State") == ACTIVATED and not active.get("StateFlags", 0) & EXTERNAL:
            profile = str(active.get("Connection"))
            found[str(device["Interface"])] = Connection(str(active.get("Id")), profile, str(path))
    return found


def activate(connection: Connection) -> None:
    """Bring a profile up on its device. Errors: BusError."""
    _busctl.call(SERVICE, PATH, SERVICE, "ActivateConnection", "ooo", connection.profile, connection.device, "/")


def reload_configuration() -> None:
    """Have NetworkManager read its files again; connections stay up. Errors: BusError."""
    _busctl.call(SERVICE, PATH, SERVICE, "Reload", "u", str(RELOAD_CONF))
