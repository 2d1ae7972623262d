# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager: a native profile in keyfile format, loaded and brought up without a restart.

Measured with NetworkManager 1.42 and 1.52. Bringing a profile up adopts a link that is there: same index, never down;
its IPv4 addresses are away for 10 ms, IPv6 ones go through duplicate address detection again. ``device set managed no``
releases a link with all its addresses, but restores the MAC address that it had when NetworkManager made it. A
profile that has been up makes its link again when that is deleted (1.52), hence ``down`` before a deletion.

A link that the configuration excludes cannot be brought up, nor does ``device set managed yes`` help. One that is no
longer excluded is flushed, and at once gets what a profile says that is loaded by then (IPv4 after 1 to 8 ms). When
NetworkManager writes a profile again it drops all comments and keeps the keys of ``[user]``: the mark is there.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import PAUSE, SETTLE, is_active
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.attributes import KEYFILE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, exclusion, specs
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    LEASE_METRIC,
    LINK_KEY,
    Action,
    Backend,
    Changed,
    HostState,
    Owner,
    Refusal,
    Rendered,
    Verb,
    head,
    inexpressible,
    keys,
    link_of,
    parent_name,
    section,
)

OWNER = "NetworkManager"
DIRECTORY = "/etc/NetworkManager/system-connections"
PREFIX = f"{DIRECTORY}/linuxnet-macvlan-"
SUFFIX = ".nmconnection"

#: NetworkManager ignores a profile that others than root may read (nm-keyfile-utils.c).
MODE = 0o600

#: The metric that the kernel gives the route of an IPv6 address's own prefix (linux/ipv6_route.h IP6_RT_PRIO_ADDRCONF).
IPV6_PREFIX_METRIC = 256

#: It identifies a profile. It follows from the link's name: the same in each run.
NAMESPACE = "6f2b3a46-8a0e-5c55-9a36-5e0e5a1f6d0c"


def profile_path(link: str) -> str:
    return f"{PREFIX}{link}{SUFFIX}"


def profile_uuid(link: str) -> str:
    import uuid

    return str(uuid.uuid5(uuid.UUID(NAMESPACE), link))


#: A leased address, and nothing else that a server offers; it asks for ever, by the MAC address. The host's name
#: belongs to the parent's address.
LEASE = (
    ("method", "auto"),
    ("dhcp-client-id", "mac"),
    ("dhcp-send-hostname", "false"),
    ("dhcp-timeout", "2147483647"),
    ("ignore-auto-dns", "true"),
    ("ignore-auto-routes", "true"),
    ("never-default", "true"),
    ("route-metric", str(LEASE_METRIC)),
)

#: Seconds that NetworkManager gets to bring up a profile.
WAIT = 30

#: nmcli's names of the states of devices that NetworkManager leaves to others, or has no part in.
NOT_ITS_OWN = ("unmanaged", "connected (externally)", "disconnected", "")


@dataclass(frozen=True)
class NetworkManagerState:
    """unmanaged: the devices that it leaves alone by configuration, None where it does not run. exclusion: the text of
    nm_unmanaged's file, None where there is none. devices: their states by name, as nmcli calls them."""

    unmanaged: config.Merged | None = None
    exclusion: str | None = None
    devices: Mapping[str, str] = field(default_factory=dict)


def _unmanaged() -> config.Merged | None:
    if not is_active("NetworkManager.service"):
        return None
    running = run(["nmcli", "--get-values", "VERSION", "general"], check=False).out.strip()
    return config.merge(config.order(config.read_files()), running)


def _device_states() -> dict[str, str]:
    if find("nmcli") is None:
        return {}
    shown = run(["nmcli", "--terse", "--fields", "DEVICE,STATE", "device"], check=False)
    return parse_nmcli(shown.out) if shown.rc == 0 else {}


def parse_nmcli(text: str) -> dict[str, str]:
    """Terse lines, with backslashes before colons and backslashes (nmcli(1), --escape). Pure."""
    states = {}
    for line in text.splitlines():
        name, separator, state = line.rpartition(":")
        if separator:
            states[name.replace("\\:", ":").replace("\\\\", "\\")] = state
    return states


def _up(action: Action, check: bool = True) -> None:
    run(["nmcli", "--wait", str(WAIT), "connection", "up", "uuid", action.target], timeout=WAIT + 10, check=check)


def _unmanage(action: Action) -> None:
    """It returns when NetworkManager has released the link: only then is the link as it stays."""
    run(["nmcli", "device", "set", action.target, "managed", "no"], check=False)
    _await(action.target, unmanaged=True)


def _await(device: str, unmanaged: bool) -> None:
    """Until NetworkManager leaves a device alone, or does not any more; at most `SETTLE` seconds."""
    deadline = time.monotonic() + SETTLE
    question = ["nmcli", "--get-values", "GENERAL.STATE", "device", "show", device]
    while ("(unmanaged)" in run(question, check=False).out) != unmanaged and time.monotonic() < deadline:
        time.sleep(PAUSE)


class NetworkManager(Backend):
    name = "networkmanager"
    owner = OWNER
    service = "NetworkManager.service"
    patterns = (f"{PREFIX}*{SUFFIX}",)
    mode = MODE
    verbs = (
        Verb("nm load", lambda action: run(["nmcli", "connection", "load", action.target])),
        Verb("nm reload", lambda _action: run(["nmcli", "connection", "reload"])),
        Verb("nm reload conf", lambda _action: run(["nmcli", "general", "reload", "conf"])),
        Verb("nm manage", lambda action: _await(action.target, unmanaged=False)),
        Verb("nm up", _up),
        # As a boot would: where NetworkManager may not, it does when it may.
        Verb("nm resume", lambda action: _up(action, check=False)),
        # The next two refuse where there is nothing to do.
        Verb("nm down", lambda action: run(["nmcli", "connection", "down", "uuid", action.target], check=False)),
        Verb("nm unmanage", _unmanage, releases=True),
    )

    def read(self) -> NetworkManagerState:
        return NetworkManagerState(_unmanaged(), _files.read(exclusion.PATH), _device_states())

    def devices(self, host: HostState) -> dict[str, Owner]:
        states = host.daemon(NetworkManagerState).devices
        return {
            name: Owner((OWNER,), (f"NetworkManager says {state}",))
            for name, state in states.items()
            if state not in NOT_ITS_OWN
        }

    def suits(self, owner: Owner) -> bool:
        """Only on request, and for a lease: with a unit, one daemon less can take the link's addresses away."""
        return False

    def refuse(self, link: DesiredLink, host: HostState) -> Refusal | None:
        owner = host.owner(parent_name(link))
        if host.daemon(NetworkManagerState).unmanaged is None:
            return Refusal("NetworkManager does not run on this host", "set persistence: auto")
        if owner.names != (OWNER,):
            what = f"{owner.configures(parent_name(link))}, and not NetworkManager"
            return Refusal(what, "set persistence: auto")
        return _refuse_excluded(link, host) or _refuse_values(link)

    def render(self, link: DesiredLink, host: HostState) -> Rendered:
        kept = units.keeping(link, keeper.settings(link, host), "NetworkManager.service")
        return kept.plus({profile_path(link.name): _profile(link)})

    def share(self, host: HostState, links: Collection[str]) -> dict[str, str | None]:
        """nm_unmanaged's entry for a link goes when there is a profile."""
        return {exclusion.PATH: exclusion.without(host.daemon(NetworkManagerState).exclusion, links)}

    def before_kernel(self, changed: Changed, have: Mapping[str, str], host: HostState) -> list[Action]:
        """A link that the kernel deletes would come back, one that stays would be deleted."""
        found = {path: link_of_path(path) for path in have if path.startswith(PREFIX) and link_of(have[path])}
        down = [Action("nm down", profile_uuid(link)) for link in found.values() if link in changed.deleted]
        kept = [link for path, link in found.items() if path in changed.remove and link not in changed.deleted]
        return [*down, *(Action("nm unmanage", link) for link in kept)]

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        """A profile that has gone is forgotten when its path is loaded. A daemon that does not run reads them later."""
        profiles, excluding = self.own(changed), changed.of((exclusion.PATH,)).file_actions()
        files = profiles.file_actions(self.mode)
        if host.daemon(NetworkManagerState).unmanaged is None:
            return [*files, *excluding]
        loaded = [*profiles.write, *profiles.again]
        up = dict.fromkeys([*loaded, *profiles.remade])
        reload = [Action("nm reload conf")] if excluding or changed.interrupted else []
        return [
            *files,
            *([Action("nm reload")] if changed.interrupted else []),
            *(Action("nm load", path) for path in (*profiles.remove, *loaded)),
            *excluding,
            *reload,
            *(Action("nm manage", link_of_path(path)) for path in (*loaded, *profiles.remade) if reload),
            *(Action("nm up", profile_uuid(link_of_path(path))) for path in up),
        ]

    def verify(self, link: DesiredLink, host: HostState) -> list[str]:
        question = ["nmcli", "--get-values", "GENERAL.CON-UUID", "device", "show", link.name]
        active = run(question, check=False).out.strip() == profile_uuid(link.name)
        return [] if active else [f"NetworkManager has not brought up {profile_path(link.name)}"]


BACKEND = NetworkManager()


def _refuse_excluded(link: DesiredLink, host: HostState) -> Refusal | None:
    daemon = host.daemon(NetworkManagerState)
    merged = daemon.unmanaged
    if merged is None:
        return None
    device = specs.macvlan(link.name)
    own = exclusion.spec_of(link.name)
    # nm_unmanaged's own entry goes when the profile is there.
    ours = own in exclusion.parse(daemon.exclusion) and getattr(merged.source(own), "path", "") == exclusion.PATH
    left = [spec for spec in merged.specs if not (ours and spec == own)]
    if not specs.matches(left, device):
        return None
    spec = next((item for item in left if not specs.is_except(item) and specs.takes(item, device)), "*")
    source = merged.source(spec)
    where = f" by {spec} in {source.path}" if source else ""
    what = f"NetworkManager's configuration excludes {link.name}{where}"
    return Refusal(what, "take that entry out, or set persistence: auto")


def _refuse_values(link: DesiredLink) -> Refusal | None:
    remedy = "leave it out, or set persistence: auto"
    if link.addresses is None or link.routes is None:
        what = "NetworkManager removes addresses and routes that it did not set, so both have to be declared"
        return Refusal(what, "declare addresses and routes, [] for none, or set persistence: auto")
    versions = {*(address.version for address in link.addresses), *([4] if link.dhcp else [])}
    if any(route.destination.version not in versions for route in link.routes):
        what = "NetworkManager adds no routes of a family of which the link has no address"
        return Refusal(what, "set persistence: auto, or give the link an address of its own")
    if not link.up:
        return Refusal("NetworkManager makes a link only to bring it up", remedy)
    missing = inexpressible(link, KEYFILE, OWNER)
    if missing:
        return Refusal(missing, remedy)
    for name in ("accept_ra", "autoconf"):
        if dict(link.sysctl).get(name):
            return Refusal(f"NetworkManager sets {name} to 0 and reads router advertisements itself", remedy)
    return None


def _profile(link: DesiredLink) -> str:
    """nm-settings-keyfile(5). No conflict detection by NetworkManager: with it a link would stay without addresses."""
    sections = keys(link, KEYFILE)
    mode, *others = sections.pop("macvlan")
    name = f"linuxnet-macvlan-{link.name}"
    connection = [("id", name), ("uuid", profile_uuid(link.name)), ("type", "macvlan"), ("interface-name", link.name)]
    return "".join(
        [
            head(link.name),
            # It is tried again for ever.
            section("connection", [*connection, ("autoconnect-retries", "0")]),
            section("user", [(LINK_KEY, link.name)]),
            section("macvlan", [mode, ("parent", parent_name(link)), *others]),
            *(section(*item) for item in sections.items()),
            section("ipv4", [*_family(link, 4, "disabled"), ("dad-timeout", "0")]),
            section("ipv6", [*_family(link, 6, "link-local"), ("addr-gen-mode", "eui64")]),
        ]
    )


def _family(link: DesiredLink, version: int, without: str) -> list[tuple[str, str]]:
    """Addresses and routes, with the metrics that the kernel itself would give them."""
    addresses = [str(item) for item in link.addresses or () if item.version == version]
    routes = [route for route in link.routes or () if route.destination.version == version]
    if link.dhcp and version == 4:
        keys = list(LEASE)
    else:
        keys = [("method", "manual" if addresses else without)]
        keys += [(f"address{number}", item) for number, item in enumerate(addresses, start=1)]
        keys.append(("route-metric", str(IPV6_PREFIX_METRIC if version == 6 else 0)))
    for number, route in enumerate(routes, start=1):
        keys += _route(f"route{number}", route, version)
    return keys


def _route(key: str, route: DesiredRoute, version: int) -> list[tuple[str, str]]:
    gateway = route.gateway or ("::" if version == 6 else "0.0.0.0")
    metric = route.metric or (IPV6_DEFAULT_METRIC if version == 6 else 0)
    options = [f"src={route.source}"] if route.source is not None else []
    if route.table != RT_TABLE_MAIN:
        options.append(f"table={route.table}")
    keys = [(key, f"{route.destination},{gateway},{metric}")]
    return [*keys, (f"{key}_options", ",".join(options))] if options else keys


def link_of_path(path: str) -> str:
    return path[len(PREFIX) : -len(SUFFIX)]
