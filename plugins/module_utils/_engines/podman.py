# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman, by its libpod API.

Podman has no daemon: what it knows of a network is a file, and each container keeps the network's name with the
addresses that were chosen for it, which no answer contains. Hence a network is replaced by replacing its file, while
the containers that it connects are stopped: nothing of theirs is lost, whatever they were started with.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import version_tuple

from . import model
from .api import Client, EngineError, Json, Missing, Said, Unanswered, word
from .model import Attachment, EngineNetwork, NetworkSpec, Pool
from .podman_service import service

NAME = "podman"
SOCKET = "/run/podman/podman.sock"
#: The oldest that is tested: Debian 12 has 4.3.
OLDEST = (4, 3)
#: Where the files of networks are (podman-network(1)), and where that may be said differently (containers.conf(5)).
NETWORKS = "/etc/containers/networks"
CONFIGS = ("/usr/share/containers/containers.conf", "/etc/containers/containers.conf")
#: Which addresses are assigned, until the next boot (libnetwork/netavark/ipam.go).
ASSIGNED = "/run/containers/networks/ipam.db"
_CONFIG_DIR = re.compile(r'^\s*network_config_dir\s*=\s*"([^"]+)"', re.MULTILINE)

#: What a unit of systemd that runs a container sets (podman-systemd.unit(5)).
_UNIT_LABEL = "PODMAN_SYSTEMD_UNIT"
_MODE = "mode"
#: Options by which addresses are chosen (podman-run(1)), and their form inside of ``--network``.
_CHOSEN = re.compile(r"(?:--ip6?=|[:,]ip6?=)([0-9A-Fa-f:.]+)")
#: Seconds that a container has to end before it is killed: Podman's own default.
STOP = 10


class Podman:
    """An engine that answers. Errors of all methods: EngineError, OSError.

    networks_directory: of the files of networks.
    """

    name = NAME

    def __init__(self, client: Client, version: str, networks_directory: str = NETWORKS) -> None:
        self._client = client
        self.version = version
        self._directory = networks_directory

    def networks(self) -> list[EngineNetwork]:
        return [network(item) for item in self._client.get("/libpod/networks/json") or ()]

    def endpoints(self, one: EngineNetwork) -> list[Attachment]:
        """Of running and stopped containers, in the order in which they were created."""
        listed = self._client.get("/libpod/containers/json?all=true") or ()
        found = [item for item in listed if one.name in (item.get("Networks") or ())]
        found.sort(key=lambda item: str(item.get("Created")))
        inspected = (self._client.get(f"/libpod/containers/{word(item['Id'])}/json") for item in found)
        return [endpoint(item, one) for item in inspected]

    def has(self, container: str) -> bool:
        return self._client.has(f"/libpod/containers/{word(container)}/json")

    def create(self, spec: NetworkSpec) -> None:
        self._client.post("/libpod/networks/create", body(spec))

    def remove(self, one: EngineNetwork) -> None:
        self._client.delete(f"/libpod/networks/{word(one.name)}")

    def start(self, container: str) -> None:
        self._client.post(f"/libpod/containers/{word(container)}/start")

    def stop(self, container: str) -> None:
        self._client.post(f"/libpod/containers/{word(container)}/stop?timeout={STOP}")

    def forget_assigned(self) -> bool:
        """Have Podman start anew with the addresses that it assigns, which it does by itself after a reboot.

        It goes on behind the last address that it assigned, even where that is not in the range any more. Nothing is
        lost where no container runs; whether that is so.
        """
        if self._client.get("/libpod/containers/json"):
            return False
        _files.remove(ASSIGNED)
        return True

    def path(self, one: EngineNetwork) -> str:
        """Of the network's file. Errors: EngineError where it is not where it has to be."""
        path = f"{self._directory}/{one.name}.json"
        try:
            kept = json.loads(_files.read(path) or "null")
        except (ValueError, RecursionError):
            kept = None
        if not isinstance(kept, dict) or kept.get("id") != one.id:
            problem = f"the file of the podman network {one.name} is not {path}"
            raise EngineError(problem, "set network_config_dir in /etc/containers/containers.conf to its directory")
        return path


@contextlib.contextmanager
def open_engine(path: str = SOCKET, networks_directory: str = "") -> Iterator[Podman]:
    """An engine, by a service of our own where nobody listens. Errors: EngineError, also where it is rootless."""
    with contextlib.ExitStack() as stack:
        client = Client(NAME, path)
        try:
            version = client.get("/version")
        except Unanswered:
            if find("podman") is None:
                raise Missing(NAME) from None
            if path != SOCKET:
                raise
            client = Client(NAME, stack.enter_context(service()))
            version = client.get("/version")
        yield _checked(client, version, networks_directory or configured_directory())


def _checked(client: Client, said: Said, directory: str) -> Podman:
    version = str(said.get("Version") or "")
    if version_tuple(version) < OLDEST:
        problem = f"podman {version} is too old for this"
        raise EngineError(problem, "upgrade to podman 4.3 or newer")
    client.prefix = f"/v{'.'.join(map(str, OLDEST))}.0"
    host = client.get("/libpod/info").get("host") or {}
    if (host.get("security") or {}).get("rootless"):
        problem = f"the podman that listens at {client.path} is rootless: its macvlan networks reach nothing on the LAN"
        raise EngineError(problem, "use the podman of root")
    if host.get("networkBackend", "netavark") != "netavark":
        problem = f"podman uses the network back end {host.get('networkBackend')}"
        raise EngineError(problem, 'set network_backend = "netavark" in /etc/containers/containers.conf, and reboot')
    return Podman(client, version, directory)


def configured_directory() -> str:
    """Where Podman keeps the files of networks."""
    texts = [_files.read(path) or "" for path in CONFIGS]
    found = [match for text in texts for match in _CONFIG_DIR.findall(text)]
    return found[-1].rstrip(os.sep) if found else NETWORKS


def network(item: Said) -> EngineNetwork:
    """What ``GET /libpod/networks/json`` says of one. Pure."""
    options = {str(key): str(value) for key, value in (item.get("options") or {}).items()}
    pools = item.get("subnets") or []
    return EngineNetwork(
        name=str(item["name"]),
        id=str(item["id"]),
        driver=str(item.get("driver") or ""),
        parent=str(item.get("network_interface") or ""),
        mode=options.pop(_MODE, "") or "bridge",
        internal=bool(item.get("internal")),
        ipv6=bool(item.get("ipv6_enabled")),
        pools=tuple(found for found in map(_pool, pools) if found is not None),
        labels={str(key): str(value) for key, value in (item.get("labels") or {}).items()},
        options=options,
        raw=dict(item),
    )


def _pool(item: Said) -> Pool | None:
    subnet = model.network_of(item.get("subnet"))
    if subnet is None:
        return None
    leases = item.get("lease_range") or {}
    ends = model.addresses(leases.get("start_ip"), leases.get("end_ip"))
    gateway = next(iter(model.addresses(item.get("gateway"))), None)
    return Pool(subnet, gateway, (ends[0], ends[1]) if len(ends) == 2 else None)


def endpoint(item: Said, one: EngineNetwork) -> Attachment:
    """What ``GET /libpod/containers/ID/json`` says of a container's connection to a network. Pure."""
    found = ((item.get("NetworkSettings") or {}).get("Networks") or {}).get(one.name) or {}
    config = item.get("Config") or {}
    labels = config.get("Labels") or {}
    return Attachment(
        container=str(item["Id"]),
        name=str(item.get("Name") or ""),
        running=bool((item.get("State") or {}).get("Running")),
        addresses=model.addresses(found.get("IPAddress"), found.get("GlobalIPv6Address")),
        fixed=chosen(config.get("CreateCommand")),
        removed_at_stop=bool((item.get("HostConfig") or {}).get("AutoRemove")),
        unit=str(labels.get(_UNIT_LABEL) or ""),
        pod=str(item.get("Pod") or ""),
        project=str(labels.get(model.COMPOSE_PROJECT) or labels.get("io.podman.compose.project") or ""),
    )


def chosen(command: Sequence[object] | None) -> tuple[Address, ...] | None:
    """The addresses in a command line of ``podman run``; None where the container was made without one. Pure."""
    if not command:
        return None
    words = [str(item) for item in command]
    found: list[Address] = []
    for number, item in enumerate(words):
        texts = [words[number + 1]] if item in ("--ip", "--ip6") and number + 1 < len(words) else _CHOSEN.findall(item)
        found += model.addresses(*texts)
    return tuple(dict.fromkeys(found))


def body(spec: NetworkSpec) -> Json:
    """Of ``POST /libpod/networks/create``. Pure."""
    return {
        "name": spec.name,
        "driver": "macvlan",
        "network_interface": spec.parent,
        "subnets": [_subnet(pool) for pool in spec.pools],
        "ipv6_enabled": spec.ipv6,
        "internal": spec.internal,
        "labels": dict(spec.labels),
        "options": {**({} if spec.mode == "bridge" else {_MODE: spec.mode}), **spec.options},
    }


def _subnet(pool: Pool) -> Json:
    made: Json = {"subnet": str(pool.subnet)}
    if pool.gateway is not None:
        made["gateway"] = str(pool.gateway)
    if pool.assigned is not None:
        made["lease_range"] = {"start_ip": str(pool.assigned[0]), "end_ip": str(pool.assigned[1])}
    return made


def replaced(kept: Mapping[str, object], spec: NetworkSpec) -> Json:
    """The contents of a network's file when it becomes another network of the same name and ID. Pure."""
    return {**kept, **body(spec)}
