# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager: a native profile in keyfile format, loaded and brought up without a restart.

Measured with NetworkManager 1.42 and 1.52. Bringing a profile up adopts a link that is there: same index, never down;
its IPv4 addresses are away for 10 ms, IPv6 ones go through duplicate address detection again. ``device set managed no``
lets go of a link with all its addresses, but puts back the MAC address that it had when NetworkManager made it. A
profile that has been up makes its link again when somebody deletes that (1.52), hence ``down`` before a deletion.

A link that the configuration excludes cannot be brought up, nor does ``device set managed yes`` help. One that is no
longer excluded is flushed, and at once gets what a profile says that is loaded by then (IPv4 after 1 to 8 ms). When
NetworkManager writes a profile again it drops all comments and keeps the keys of ``[user]``: the mark is there.
"""

from __future__ import annotations

import uuid as _uuid
from collections.abc import Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import check_units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import exclusion, specs
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    LINK_KEY,
    Action,
    Backend,
    Changed,
    Host,
    Owner,
    Refusal,
    Rendered,
    head,
    link_of,
    parent_name,
)

from . import networkd

OWNER = "NetworkManager"
DIRECTORY = "/etc/NetworkManager/system-connections"
PREFIX = f"{DIRECTORY}/linuxnet-macvlan-"
SUFFIX = ".nmconnection"
PATTERN = f"{PREFIX}*{SUFFIX}"

#: NetworkManager ignores a profile that others than root may read (nm-keyfile-utils.c).
MODE = 0o600

#: NMSettingMacvlanMode, libnm-core-public/nm-setting-macvlan.h
MODES = {"vepa": 1, "bridge": 2, "private": 3, "passthru": 4, "source": 5}

#: The metric that the kernel gives the route of an IPv6 address's own prefix (linux/ipv6_route.h IP6_RT_PRIO_ADDRCONF).
IPV6_PREFIX_METRIC = 256

#: Profiles are told apart by it. It follows from the link's name: the same in each run.
NAMESPACE = _uuid.UUID("6f2b3a46-8a0e-5c55-9a36-5e0e5a1f6d0c")


def profile_path(link: str) -> str:
    return f"{PREFIX}{link}{SUFFIX}"


def profile_uuid(link: str) -> str:
    return str(_uuid.uuid5(NAMESPACE, link))


class NetworkManager(Backend):
    name = "networkmanager"
    owner = OWNER

    def suits(self, owner: Owner) -> bool:
        """Only on request: with a unit, one daemon less can take the link's addresses away."""
        return False

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        owner = host.owner(parent_name(link))
        if host.unmanaged is None:
            return Refusal("NetworkManager does not run on this host", "set persistence: auto")
        if owner.names != (OWNER,):
            what = f"{owner} configures {parent_name(link)}, and not NetworkManager"
            return Refusal(what, "set persistence: auto")
        return _refuse_excluded(link, host) or _refuse_values(link)

    def render(self, link: DesiredLink, host: Host) -> Rendered:
        files = {**networkd.hands_off(link, host), profile_path(link.name): _profile(link)}
        return units.keeping(link, keeper.settings(link, host), "NetworkManager.service").plus(files)

    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        question = ["nmcli", "--get-values", "GENERAL.CON-UUID", "device", "show", link.name]
        active = run(question, check=False).out.strip() == profile_uuid(link.name)
        wrong = [] if active else [f"NetworkManager has not brought up {profile_path(link.name)}"]
        return wrong + check_units([units.unit_name(link.name)])


BACKEND = NetworkManager()


def _refuse_excluded(link: DesiredLink, host: Host) -> Refusal | None:
    merged = host.unmanaged
    if merged is None:
        return None
    device = specs.Device(link.name, "macvlan", "macvlan")
    own = exclusion.spec_of(link.name)
    # nm_unmanaged's own entry goes when the profile is there.
    ours = own in exclusion.parse(host.exclusion) and getattr(merged.source(own), "path", "") == exclusion.PATH
    left = [spec for spec in merged.specs if not (ours and spec == own)]
    if not specs.matches(left, device):
        return None
    spec = next((item for item in left if not specs.is_except(item) and specs.takes(item, device)), "*")
    source = merged.source(spec)
    where = f" by {spec} in {source.path}" if source else ""
    what = f"NetworkManager is told to leave {link.name} alone{where}"
    return Refusal(what, "take that entry out, or set persistence: auto")


def _refuse_values(link: DesiredLink) -> Refusal | None:
    remedy = "leave it out, or set persistence: auto"
    if link.addresses is None or link.routes is None:
        what = "NetworkManager removes addresses and routes that it did not set, so both have to be declared"
        return Refusal(what, "declare addresses and routes, [] for none, or set persistence: auto")
    if not link.up:
        return Refusal("NetworkManager makes a link only to bring it up", remedy)
    for name in ("accept_ra", "autoconf"):
        if dict(link.sysctl).get(name):
            return Refusal(f"NetworkManager sets {name} to 0 and reads router advertisements itself", remedy)
    return None


def _profile(link: DesiredLink) -> str:
    """nm-settings-keyfile(5). No conflict detection by NetworkManager: with it a link would stay without addresses."""
    macvlan = [("mode", str(MODES[link.mode])), ("parent", parent_name(link))]
    if link.nopromisc:
        macvlan.append(("promiscuous", "false"))
    ethernet = [("cloned-mac-address", link.mac.upper())] if link.mac else []
    if link.mtu is not None:
        ethernet.append(("mtu", str(link.mtu)))
    name = f"linuxnet-macvlan-{link.name}"
    connection = [("id", name), ("uuid", profile_uuid(link.name)), ("type", "macvlan"), ("interface-name", link.name)]
    return "\n".join(
        [
            head(link.name),
            # It is tried again for ever.
            _section("connection", [*connection, ("autoconnect-retries", "0")]),
            f"[user]\n{LINK_KEY}{link.name}\n",
            _section("macvlan", macvlan),
            *([_section("ethernet", ethernet)] if ethernet else []),
            _section("ipv4", [*_family(link, 4, "disabled"), ("dad-timeout", "0")]),
            _section("ipv6", [*_family(link, 6, "link-local"), ("addr-gen-mode", "eui64")]),
        ]
    )


def _section(name: str, keys: list[tuple[str, str]]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys)


def _family(link: DesiredLink, version: int, without: str) -> list[tuple[str, str]]:
    """Addresses and routes, with the metrics that the kernel itself would give them."""
    addresses = [str(item) for item in link.addresses or () if item.version == version]
    routes = [route for route in link.routes or () if route.destination.version == version]
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


def letting_go(changed: Changed, files: Mapping[str, str], deleted: frozenset[str]) -> list[Action]:
    """Before the kernel's part. A link that the kernel deletes would come back, one that stays would be deleted."""
    found = {path: link_of_path(path) for path in files if path.startswith(PREFIX) and link_of(files[path])}
    down = [Action("nm down", profile_uuid(link)) for link in found.values() if link in deleted]
    kept = [link for path, link in found.items() if path in changed.remove and link not in deleted]
    return [*down, *(Action("nm unmanage", link) for link in kept)]


def activation(changed: Changed, host: Host) -> list[Action]:
    """A profile that has gone is forgotten when its path is loaded. A daemon that does not run reads them later."""
    profiles, excluding = changed.below(PREFIX), changed.below(exclusion.PATH).file_actions()
    if host.unmanaged is None:
        return [*profiles.file_actions(), *excluding]
    loaded = [*profiles.write, *profiles.again]
    told = [Action("nm reload conf")] if excluding or changed.interrupted else []
    return [
        *profiles.file_actions(),
        *([Action("nm reload")] if changed.interrupted else []),
        *(Action("nm load", path) for path in (*profiles.remove, *loaded)),
        *excluding,
        *told,
        *(Action("nm manage", link_of_path(path)) for path in (*loaded, *profiles.remade) if told),
        *(Action("nm up", profile_uuid(link_of_path(path))) for path in dict.fromkeys([*loaded, *profiles.remade])),
    ]


def link_of_path(path: str) -> str:
    return path[len(PREFIX) : -len(SUFFIX)]
