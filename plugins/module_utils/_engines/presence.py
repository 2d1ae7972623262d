# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an engine is there and can be used. It is asked only where it runs: systemd would start it for a question."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host

from . import docker, podman
from .api import Client, EngineError, Missing, Unanswered

#: Seconds for an answer that an engine has ready.
TIMEOUT = 5.0
DAEMON = "dockerd"
#: Processes that only containers of other users have: Podman's monitor, and what connects their namespaces.
ROOTLESS = ("conmon", "pasta", "slirp4netns", "rootlesskit")
#: Users that are looked at.
USERS_MAX = 16


def problem(name: str, host: Host | None = None) -> EngineError | None:
    """Why an engine (docker or podman) cannot be used, None where it can."""
    try:
        (_docker if name == docker.NAME else _podman)(host or Host())
    except EngineError as error:
        return error
    return None


def runs(host: Host) -> bool:
    """Whether this host's own dockerd runs: that of a container is in another network namespace."""
    own = os.stat("/proc/self/ns/net").st_ino
    return any(item.user == 0 and item.network == own for item in host.running(DAEMON))


def _docker(host: Host) -> None:
    """Errors: EngineError."""
    if runs(host):
        Client(docker.NAME, docker.SOCKET, TIMEOUT).get("/version")
        return
    rootless = users(host, (DAEMON,))
    if rootless:
        raise EngineError(
            f"docker runs only rootless here, as {', '.join(rootless.values())}: its macvlan networks reach nothing on"
            " the LAN",
            "use a docker that runs as root",
        )
    if find(DAEMON) is None:
        raise Missing(docker.NAME)
    raise Unanswered(
        "docker does not run",
        "run systemctl start docker.service, and see systemctl status docker.service where that fails",
    )


def _podman(dummy: Host) -> None:
    """Errors: EngineError. It has no daemon."""
    if find(podman.NAME) is None:
        raise Missing(podman.NAME)


def users(host: Host, names: Iterable[str]) -> dict[int, str]:
    """Who else than root runs one of these programs: names by their ids."""
    found: dict[int, str] = {}
    for item in host.running(*names):
        if item.user and len(found) < USERS_MAX:
            found[item.user] = clean(user_name(item.user))
    return found


def user_name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def home(user: int) -> str:
    """The home directory of a user, empty where there is none."""
    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return ""
