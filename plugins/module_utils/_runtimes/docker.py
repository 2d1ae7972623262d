# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker: ``docker/ID`` or ``docker-ID.scope`` in the cgroup, and config.v2.json, which is there without the daemon.

The layout is moby's (container/container.go, ToDisk); Debian's 20.10 and 26.1 were looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

from .host import Host, State, mapping
from .model import SHORT, ContainerName, ids, valid

RUNTIME = "docker"

DAEMON = "dockerd"

#: Where it keeps its state without another setting: packages, and Ubuntu's snap.
DATA_ROOTS = ("/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
#: Its settings and the pid of the daemon (dockerd --config-file, --pidfile).
CONFIG, PID_FILES = "/etc/docker/daemon.json", ("/run/docker.pid", "/var/run/docker.pid")
#: Options of dockerd and their older names.
_ROOT_OPTIONS, _CONFIG_OPTION = ("--data-root", "--graph", "-g"), "--config-file"
#: Containers that are looked at.
CONTAINERS_MAX = 512
#: What Compose writes on its containers (compose-spec, labels).
_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"


def find(host: Host, pid: int) -> ContainerName | None:
    for found in ids(host, pid):
        for root in data_roots(host):
            state = host.object(f"{root}/containers/{found}/config.v2.json")
            if state.get("ID") == found:
                return _named(found, state.get("Name"), mapping(mapping(state.get("Config")).get("Labels")))
    return None


def _named(identity: str, name: object, labels: object) -> ContainerName:
    known = mapping(labels)
    # Docker keeps names with a slash (container.Container.Name).
    bare = name[1:] if isinstance(name, str) and name.startswith("/") else name
    project, service = valid(known.get(_PROJECT)), valid(known.get(_SERVICE))
    return ContainerName(RUNTIME, valid(bare) or identity[:SHORT], identity, project, service)


@dataclass(frozen=True)
class Stopped:
    """A container that does not run. addresses: that were chosen for it. error: why it did not start, by the engine.

    exit_code: of its program. out_of_memory: whether the kernel ended it. networks: their names.
    """

    name: ContainerName
    addresses: tuple[str, ...]
    networks: tuple[str, ...]
    error: str
    exit_code: int
    out_of_memory: bool


def stopped(host: Host) -> list[Stopped]:
    """The containers that do not run; a host has some, and at most `CONTAINERS_MAX` are looked at."""
    found = []
    for root in data_roots(host):
        for identity in host.entries(f"{root}/containers")[:CONTAINERS_MAX]:
            known = host.object(f"{root}/containers/{identity}/config.v2.json")
            state = mapping(known.get("State"))
            if known.get("ID") == identity and state and state.get("Running") is False:
                found.append(_stopped(identity, known, state))
    return found


def _stopped(identity: str, known: State, state: State) -> Stopped:
    networks = mapping(mapping(known.get("NetworkSettings")).get("Networks"))
    chosen = [mapping(mapping(item).get("IPAMConfig")) for item in networks.values()]
    addresses = [item.get(key) for item in chosen for key in ("IPv4Address", "IPv6Address")]
    code = state.get("ExitCode")
    return Stopped(
        _named(identity, known.get("Name"), mapping(known.get("Config")).get("Labels")),
        tuple(item for item in addresses if isinstance(item, str) and item),
        tuple(filter(None, map(valid, networks))),
        clean(state.get("Error") or ""),
        code if isinstance(code, int) else 0,
        state.get("OOMKilled") is True,
    )


def data_roots(host: Host) -> list[str]:
    """Where its state can be: as the daemon was started, as it is set, and the usual directories."""
    return host.once("docker", lambda: _data_roots(host))


def _data_roots(host: Host) -> list[str]:
    command = _daemon(host)
    config = _option(command, (_CONFIG_OPTION,)) or CONFIG
    settings = host.object(config) if config.startswith("/") else {}
    chosen = [_option(command, _ROOT_OPTIONS), settings.get("data-root"), settings.get("graph"), *DATA_ROOTS]
    return list(dict.fromkeys(item.rstrip("/") for item in chosen if isinstance(item, str) and item.startswith("/")))


def _daemon(host: Host) -> list[str]:
    """The command line of the daemon, empty where it does not run."""
    for path in PID_FILES:
        text = host.text(path, 32).strip()
        if text.isdigit() and host.name(int(text)) == DAEMON:
            return host.command(int(text))
    # With another --pidfile.
    return next((host.command(item.pid) for item in host.running(DAEMON) if item.user == 0), [])


def _option(command: list[str], names: tuple[str, ...]) -> str:
    """The value of an option: ``--name VALUE`` or ``--name=VALUE``."""
    return next(_values(command, names), "")


def _values(command: list[str], names: tuple[str, ...]) -> Iterator[str]:
    for at, word in enumerate(command):
        name, equals, value = word.partition("=")
        if name in names:
            yield value if equals else "".join(command[at + 1 : at + 2])
