# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker, by its Engine API."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, parse_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import version_tuple

from . import model
from .api import Client, EngineError, Json, Missing, Said, Unanswered, word
from .model import Attachment, EngineNetwork, NetworkSpec, Pool

NAME = "docker"
SOCKET = "/run/docker.sock"
#: Of the API: Docker 20.10, the oldest that is tested; and the newest that this was written for.
API_OLDEST, API_NEWEST = "1.41", "1.47"
#: From this release on, a MAC address is drawn at each start (moby's GenerateRandomMAC); before it follows from IPv4.
RANDOM_MAC = (28,)
#: From this release on, a container that is connected loses the MAC address that was chosen for it (26.1: the API takes
#: MacAddress and ignores it, for running and for stopped containers).
LOSES_MAC = (25,)
#: Hexadecimal digits of a container's ID that are its host name, and an alias.
SHORT_ID = 12

_MODE = "macvlan_mode"
_PARENT = "parent"


class Docker:
    """An engine that answers. Errors of all methods: EngineError."""

    name = NAME

    def __init__(self, client: Client, version: str) -> None:
        self._client = client
        self.version = version

    def networks(self) -> list[EngineNetwork]:
        return [network(item) for item in self._client.get("/networks")]

    def endpoints(self, one: EngineNetwork) -> list[Attachment]:
        """Of running and stopped containers, in the order in which they were created."""
        found = []
        for item in reversed(self._client.get("/containers/json?all=1")):
            connected = (item.get("NetworkSettings") or {}).get("Networks") or {}
            if one.name in connected or any((end or {}).get("NetworkID") == one.id for end in connected.values()):
                found.append(endpoint(self._client.get(f"/containers/{word(item['Id'])}/json"), one, self.version))
        return found

    def has(self, container: str) -> bool:
        return self._client.has(f"/containers/{word(container)}/json")

    def create(self, spec: NetworkSpec) -> None:
        self._client.post("/networks/create", body(spec))

    def create_again(self, raw: Mapping[str, object]) -> None:
        """A network as it was. raw: what the engine said of it."""
        self._client.post("/networks/create", again(raw))

    def remove(self, one: EngineNetwork) -> None:
        self._client.delete(f"/networks/{word(one.id)}")

    def connect(self, name: str, container: str, settings: Mapping[str, object] | None) -> None:
        request = {"Container": container, "EndpointConfig": settings or {}}
        self._client.post(f"/networks/{word(name)}/connect", request)

    def disconnect(self, name: str, container: str) -> None:
        self._client.post(f"/networks/{word(name)}/disconnect", {"Container": container, "Force": False})


def open_engine(path: str = SOCKET) -> Docker:
    """Errors: EngineError where it is missing, silent, too old or rootless."""
    client = Client(NAME, path)
    try:
        said = client.get("/version")
    except Unanswered:
        if find("dockerd") is None:
            raise Missing(NAME) from None
        raise
    client.prefix = f"/v{_api(said)}"
    options = client.get("/info").get("SecurityOptions") or []
    if any("rootless" in str(item) for item in options):
        problem = f"the docker that listens at {path} is rootless: its macvlan networks reach nothing on the LAN"
        raise EngineError(problem, "use a docker that runs as root")
    return Docker(client, str(said.get("Version") or ""))


def _api(said: Said) -> str:
    newest, oldest = str(said.get("ApiVersion") or "0"), str(said.get("MinAPIVersion") or "0")
    if version_tuple(newest) < version_tuple(API_OLDEST):
        problem = f"docker {said.get('Version')} offers version {newest} of its API, and {API_OLDEST} is needed"
        raise EngineError(problem, "upgrade to Docker 20.10 or newer")
    if version_tuple(oldest) > version_tuple(API_NEWEST):
        return oldest
    return min(newest, API_NEWEST, key=version_tuple)


def network(item: Said) -> EngineNetwork:
    """What ``GET /networks`` says of one. Pure."""
    options = {str(key): str(value) for key, value in (item.get("Options") or {}).items()}
    pools = (item.get("IPAM") or {}).get("Config") or []
    return EngineNetwork(
        name=str(item["Name"]),
        id=str(item["Id"]),
        driver=str(item.get("Driver") or ""),
        parent=options.pop(_PARENT, ""),
        mode=options.pop(_MODE, "") or "bridge",
        internal=bool(item.get("Internal")),
        ipv6=bool(item.get("EnableIPv6")),
        pools=tuple(found for found in map(_pool, pools) if found is not None),
        labels={str(key): str(value) for key, value in (item.get("Labels") or {}).items()},
        options=options,
        raw=dict(item),
    )


def _pool(item: Said) -> Pool | None:
    subnet = model.network_of(item.get("Subnet"))
    if subnet is None:
        return None
    assigned = model.network_of(item.get("IPRange"))
    return Pool(
        subnet,
        next(iter(model.addresses(item.get("Gateway"))), None),
        None if assigned is None else (assigned[0], assigned[-1]),
        tuple(sorted(model.addresses(*(item.get("AuxiliaryAddresses") or {}).values()), key=int)),
    )


def endpoint(item: Said, one: EngineNetwork, version: str) -> Attachment:
    """What ``GET /containers/ID/json`` says of a container's connection to a network. Pure."""
    connected = (item.get("NetworkSettings") or {}).get("Networks") or {}
    found: Json = connected.get(one.name) or {}
    if not found:
        found = next((end for end in connected.values() if (end or {}).get("NetworkID") == one.id), {})
    config, ipam = item.get("Config") or {}, found.get("IPAMConfig") or {}
    labels = config.get("Labels") or {}
    own = model.addresses(found.get("IPAddress"), found.get("GlobalIPv6Address"))
    mac = _fixed_mac(found, config, own, version)
    return Attachment(
        container=str(item["Id"]),
        name=str(item.get("Name") or "").lstrip("/"),
        running=bool((item.get("State") or {}).get("Running")),
        addresses=own,
        fixed=model.addresses(ipam.get("IPv4Address"), ipam.get("IPv6Address")),
        mac=mac,
        mac_kept=version_tuple(version) < LOSES_MAC,
        by_id=_names_by_id(item, one),
        project=str(labels.get(model.COMPOSE_PROJECT) or ""),
        compose=tuple(filter(None, str(labels.get(model.COMPOSE_FILES) or "").split(","))),
        settings=_settings(found, str(item["Id"]), mac),
    )


def _names_by_id(item: Said, one: EngineNetwork) -> bool:
    """Compose v2 stores the ID as the network mode, and no other network can take its role then."""
    mode = str((item.get("HostConfig") or {}).get("NetworkMode") or "")
    return len(mode) >= SHORT_ID and mode != one.name and one.id.startswith(mode)


def _fixed_mac(found: Said, config: Said, own: Iterable[Address], version: str) -> str:
    """The MAC address that somebody chose; one that is derived or drawn must not become one."""
    chosen = parse_mac(config.get("MacAddress"))
    now = parse_mac(found.get("MacAddress"))
    if chosen is not None and (now in (None, chosen) or version_tuple(version) < LOSES_MAC):
        return chosen
    if now is None or version_tuple(version) >= RANDOM_MAC or now in map(derived_mac, own):
        return ""
    return now


def derived_mac(address: Address) -> str:
    """The one that Docker before 28 gives a container with this address (libnetwork's netutils.GenerateMACFromIP)."""
    return ":".join(f"{octet:02x}" for octet in b"\x02\x42" + int(address).to_bytes(16, "big")[-4:])


def _settings(found: Said, container: str, mac: str) -> Json:
    """EndpointConfig of ``POST /networks/NAME/connect``."""
    made = {key: found[key] for key in ("IPAMConfig", "Links", "DriverOpts", "GwPriority") if found.get(key)}
    aliases = [name for name in found.get("Aliases") or () if not container.startswith(str(name))]
    return {**made, **({"Aliases": aliases} if aliases else {}), **({"MacAddress": mac} if mac else {})}


def body(spec: NetworkSpec) -> Json:
    """Of ``POST /networks/create``. Pure."""
    mode = {} if spec.mode == "bridge" else {_MODE: spec.mode}
    return {
        "Name": spec.name,
        "Driver": "macvlan",
        "Internal": spec.internal,
        "EnableIPv6": spec.ipv6,
        "IPAM": {"Driver": "default", "Config": [_config(pool) for pool in spec.pools]},
        "Options": {_PARENT: spec.parent, **mode, **spec.options},
        "Labels": dict(spec.labels),
    }


def _config(pool: Pool) -> Json:
    made: Json = {"Subnet": str(pool.subnet)}
    if pool.assigned is not None:
        made["IPRange"] = str(model.cidr(pool.assigned) or ipaddress.ip_network(pool.assigned[0]))
    if pool.gateway is not None:
        made["Gateway"] = str(pool.gateway)
    if pool.reserved:
        made["AuxiliaryAddresses"] = {f"reserved{number}": str(item) for number, item in enumerate(pool.reserved)}
    return made


def again(raw: Said) -> Json:
    """The same for a network as it was. Pure."""
    keys = ("Name", "Driver", "Internal", "EnableIPv6", "EnableIPv4", "IPAM", "Options", "Labels", "Attachable")
    return {key: raw[key] for key in keys if raw.get(key) is not None}
