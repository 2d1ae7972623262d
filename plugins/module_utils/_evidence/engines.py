# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The macvlan networks of the container engines of a host, and why containers do not run. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers import run as _containers
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker, podman, presence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.api import Client, EngineError
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import ON_PARENT, EngineNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes import docker as _docker_files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host, mapping

from . import podman_stopped
from .schema import EngineData, EngineNetworkData, StoppedContainerData

#: Networks and stopped containers of an engine that are kept.
NETWORKS_MAX, STOPPED_MAX = 64, 64
#: Where Podman keeps the networks of another user, below the home directory (containers-storage.conf(5)).
_OF_USER = ".local/share/containers/storage/networks"
#: Where netavark's DHCP proxy listens (netavark-dhcp-proxy.socket), and the flag of such a socket (__SO_ACCEPTCON).
PROXY, _LISTENS = "/run/podman/nv-proxy.sock", 0x10000


def gather(networks: Iterable[MacvlanNetwork], host: Host | None = None) -> dict[str, EngineData]:
    """The engines that are declared or there, by name."""
    host = host or Host()
    declared = {network.engine for network in networks}
    found = {}
    if docker.NAME in declared or presence.runs(host):
        found[docker.NAME] = _docker(host)
    of_podman = _podman_networks(host)
    if podman.NAME in declared or of_podman:
        found[podman.NAME] = _podman(host, of_podman)
    return found


def drift(networks: list[dict]) -> list[str]:
    """What of the engines' networks is not as declared, by the comparison of container_network, whose option it is.

    Errors: InvalidInput where they cannot be compared.
    """
    if not networks:
        return []
    try:
        found = _containers.converge(_containers.ContainerOptions(networks, []), check=True)["drift"]
    except _containers.NotConsented as error:
        found = error.drift
    return [str(item["text"]) for item in found]


def _docker(host: Host) -> EngineData:
    data = _data(presence.problem(docker.NAME, host))
    if not data["problem"]:
        try:
            said = Client(docker.NAME, docker.SOCKET, presence.TIMEOUT).get("/networks")
            data["networks"] = [_network(docker.network(item)) for item in said if item.get("Driver") in ON_PARENT]
        except (EngineError, AttributeError, KeyError, TypeError) as error:
            data["problem"], data["remedy"] = getattr(error, "problem", str(error)), getattr(error, "remedy", "")
    data["stopped"] = [_stopped(item) for item in _docker_files.stopped(host)[:STOPPED_MAX]]
    return data


def _podman(host: Host, networks: list[EngineNetworkData]) -> EngineData:
    data = _data(presence.problem(podman.NAME, host))
    data["networks"], data["proxy"] = networks, _listens(host.process("self", "net/unix"), PROXY)
    if not data["problem"]:
        data["stopped"] = podman_stopped.stopped(STOPPED_MAX)
    return data


def _data(problem: EngineError | None) -> EngineData:
    return {
        "problem": problem.problem if problem else "",
        "remedy": problem.remedy if problem else "",
        "networks": None,
        "stopped": [],
        "proxy": False,
    }


def _listens(sockets: str, path: str) -> bool:
    """Whether a socket listens at a path, by the text of /proc/net/unix (proc_pid_net(5)). Pure."""
    fields = (line.split(None, 7) for line in sockets.splitlines()[1:])
    return any(len(one) == 8 and one[7].strip() == path and int(one[3], 16) & _LISTENS for one in fields)


def _podman_networks(host: Host) -> list[EngineNetworkData]:
    """From their files, those of other users who run containers as well."""
    found = _of_directory(host, podman.configured_directory(), 0, "")
    for user, name in presence.users(host, presence.ROOTLESS).items():
        home = presence.home(user)
        if home.startswith("/"):
            found += _of_directory(host, f"{home}/{_OF_USER}", user, name)
    return found[:NETWORKS_MAX]


def _of_directory(host: Host, directory: str, owner: int, user: str) -> list[EngineNetworkData]:
    paths = [f"{directory}/{name}" for name in host.entries(directory) if name.endswith(".json")]
    kept = [host.object(path, owner) for path in paths[:NETWORKS_MAX]]
    return [item for one in kept for item in [_podman_network(one, user)] if item is not None]


def _podman_network(kept: Mapping[str, Any], user: str) -> EngineNetworkData | None:
    try:
        known = podman.network(kept)
    except (AttributeError, KeyError, TypeError):
        return None
    if known.driver not in ON_PARENT:
        return None
    leased = mapping(kept.get("ipam_options")).get("driver") == "dhcp"
    return _network(known, user, leased)


def _network(known: EngineNetwork, user: str = "", dhcp: bool = False) -> EngineNetworkData:
    return {
        "name": known.name,
        "driver": known.driver,
        "parent": known.parent,
        "user": user,
        "dhcp": dhcp,
        "pools": [
            {
                "subnet": str(pool.subnet),
                "assigned": None if pool.assigned is None else [str(end) for end in pool.assigned],
            }
            for pool in known.pools
        ],
    }


def _stopped(known: _docker_files.Stopped) -> StoppedContainerData:
    return {
        "name": str(known.name),
        "addresses": list(known.addresses),
        "networks": list(known.networks),
        "error": known.error,
        "exit_code": known.exit_code,
        "out_of_memory": known.out_of_memory,
    }
