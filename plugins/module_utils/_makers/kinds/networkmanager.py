# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of NetworkManager that name the link: keyfiles, and over D-Bus those that are in memory or in other forms.

NetworkManager makes the device of a profile of a virtual type when it brings that up. A keyfile counts while
NetworkManager runs or is enabled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import busctl as _busctl
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import (
    CONFIGURES,
    MAKES,
    CannotDisable,
    Maker,
    MakerKind,
    read_text,
    read_texts,
    unhidden,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import AWAY, Adoption, Edit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, daemon
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkmanager import (
    NetworkManager,
    NetworkManagerState,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import LINK_KEY, Action, HostState, link_of

#: In the order in which a file hides one of its name in a later one (NetworkManager.conf(5), [keyfile]).
DIRECTORIES = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
#: Types whose profiles are for devices that are there already; all others make their device.
FOR_HARDWARE = ("802-3-ethernet", "ethernet", "802-11-wireless", "wifi", "generic", "loopback", "infiniband", "gsm")
#: NM_SETTINGS_CONNECTION_FLAG_NM_GENERATED and _EXTERNAL (libnm-core-public/nm-dbus-interface.h): such a profile
#: describes a device that others made.
GENERATED = 0x02 | 0x08
#: Profiles that are asked for over D-Bus one by one.
PROFILES = 100


@dataclass(frozen=True)
class Profile:
    """path: of its file, empty for one in memory. passive: it is ours, or describes a device that others made."""

    name: str
    uuid: str
    type: str
    interface: str
    path: str = ""
    passive: bool = False
    autoconnect: bool = True


class NetworkManagerMakers(MakerKind["tuple[Profile, ...]"]):
    name = "NetworkManager"

    def read(self, host: HostState, links: Iterable[str]) -> tuple[Profile, ...]:
        running = host.daemon(NetworkManagerState).unmanaged is not None
        if not running and NetworkManager.service not in host.stopped:
            return ()
        texts = unhidden(read_texts(f"{directory}/*" for directory in DIRECTORIES), DIRECTORIES)
        profiles = [parse(path, text) for path, text in texts.items() if _is_read(path)]
        return (*profiles, *(_others({profile.path for profile in profiles}) if running else ()))

    def find(self, found: tuple[Profile, ...], links: Iterable[str]) -> list[Maker]:
        return [
            _maker(profile, link)
            for link in links
            for profile in found
            if profile.interface == link and profile.type not in FOR_HARDWARE and not profile.passive
        ]

    def disable(self, maker: Maker, host: HostState) -> Adoption:
        """A link that NetworkManager has released keeps everything, and its profile can go (measured: 1.42, 1.52)."""
        if not maker.path:
            raise CannotDisable("this profile is in no file")
        if not maker.path.startswith(DIRECTORIES[:1]):
            raise CannotDisable(f"{maker.path} comes back, as another program writes or ships it")
        uuid = parse(maker.path, read_text(maker.path)).uuid
        up = host.daemon(NetworkManagerState).devices.get(maker.link) == "connected"
        running = host.daemon(NetworkManagerState).unmanaged is not None
        return Adoption(
            maker.link,
            (Edit(maker.path, AWAY),),
            (Action("nm unmanage", maker.link),) if running else (),
            (Action("nm reload"),) if running else (),
            (Action("nm resume", uuid),) if up else (),
            (Action("nm resume", uuid),) if up else (),
        )


KIND = NetworkManagerMakers()


def _maker(profile: Profile, link: str) -> Maker:
    where = f" ({profile.path})" if profile.path else " (in memory)"
    words = f"NetworkManager's profile {profile.name}{where} with type={profile.type} and interface-name={link}"
    does = MAKES if profile.type == "macvlan" or not profile.type else CONFIGURES
    return Maker(
        KIND.name,
        link,
        profile.path,
        profile.name,
        does,
        words,
        f"nmcli connection delete {profile.uuid}",
        profile.autoconnect,
    )


def _is_read(path: str) -> bool:
    """Whether NetworkManager takes a file for a profile: outside of /etc only by its suffix (nm-keyfile-utils.c)."""
    name = os.path.basename(path)
    return name.endswith(".nmconnection") or (path.startswith("/etc/") and not name.endswith(("~", ".bak", ".swp")))


def parse(path: str, text: str) -> Profile:
    """A keyfile (nm-settings-keyfile(5)). Pure."""
    groups = config.parse(text)
    connection, meta = groups.get("connection", {}), groups.get(".nmmeta", {})
    values = {key: config.unescape(raw) for key, raw in connection.items()}
    name = values.get("id") or os.path.basename(path)
    uuid = values.get("uuid") or name
    passive = link_of(text) is not None or "true" in (meta.get("nm-generated"), meta.get("external"))
    autoconnect = values.get("autoconnect", "true").lower() not in ("false", "no", "off", "0")
    return Profile(name, uuid, values.get("type", ""), values.get("interface-name", ""), path, passive, autoconnect)


def _others(known: set[str]) -> list[Profile]:
    """The profiles that are in none of these files: in memory, or in a form of another plugin of NetworkManager."""
    try:
        objects = _busctl.call(
            daemon.SERVICE, "/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"
        )
        paths = parse_objects(objects[0] if objects else {}, known)
        return [
            profile
            for path, file in paths[:PROFILES]
            for profile in [parse_settings(_settings(path), file)]
            if profile is not None
        ]
    except _busctl.BusError:
        # It has gone meanwhile; the keyfiles are known all the same.
        return []


def _settings(path: str) -> object:
    answer = _busctl.call(daemon.SERVICE, path, f"{daemon.SERVICE}.Settings.Connection", "GetSettings")
    return answer[0] if answer else {}


def parse_objects(objects: object, known: set[str]) -> list[tuple[str, str]]:
    """Object and file of each profile to be asked for, of the answer to GetManagedObjects. Pure."""
    found = []
    for path, interfaces in objects.items() if isinstance(objects, Mapping) else ():
        properties = interfaces.get(f"{daemon.SERVICE}.Settings.Connection")
        if properties is None or int(properties.get("Flags", 0)) & GENERATED:
            continue
        file = str(properties.get("Filename", ""))
        if file not in known or properties.get("Unsaved"):
            found.append((str(path), file))
    return found


def parse_settings(settings: object, file: str) -> Profile | None:
    """A profile as GetSettings returns it. Pure."""
    if not isinstance(settings, Mapping) or not isinstance(settings.get("connection"), Mapping):
        return None
    values = settings["connection"]
    data = settings.get("user", {}).get("data", {}) if isinstance(settings.get("user"), Mapping) else {}
    name = str(values.get("id", ""))
    own = isinstance(data, Mapping) and LINK_KEY in data
    interface = str(values.get("interface-name", ""))
    autoconnect = values.get("autoconnect") is not False
    return Profile(name, str(values.get("uuid", name)), str(values.get("type", "")), interface, file, own, autoconnect)
