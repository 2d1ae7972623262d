# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events on hosts with real engines: how soon after each everybody reaches everybody again, without a run of Ansible.

Everybody are host, a station of the LAN, and three containers: one with a fixed address, two with addresses that the
engine chose.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import yaml

from tests.engines.hosts import GATEWAY, HOST, MACNET, PATIENCE, STATION, WEB, Engine, EngineHost

#: The containers and their options.
CONTAINERS: Mapping[str, tuple[str, ...]] = {"web": ("--ip", WEB), "one": (), "two": ()}
#: Seconds between two questions of one pair.
PAUSE = 0.2
FOLDER = "/root/survival"


def start(host: EngineHost, *names: str) -> None:
    for name in names:
        host.start(name, *CONTAINERS[name], "--restart", "always")


def recreate(host: EngineHost, *names: str) -> None:
    host.ctl("rm", "--force", *names)
    start(host, *names)


def restart_engine(host: EngineHost) -> None:
    """Podman has no daemon: its containers are restarted."""
    if host.engine.program == "docker":
        host.run("systemctl", "restart", "docker")
    else:
        host.ctl("restart", "--all")


def upgrade(live: bool) -> Callable[[EngineHost], None]:
    """What the scripts of a package do with the daemon; with live-restore the containers go on meanwhile."""

    def act(host: EngineHost) -> None:
        host.live_restore(live)
        host.run("systemctl", "stop", "docker.socket", "docker")
        host.run("systemctl", "start", "docker")

    return act


def compose_up(host: EngineHost) -> None:
    """Containers of compose instead of the others; the second up is measured."""
    host.ctl("rm", "--force", *CONTAINERS)
    common = {"image": "busybox", "command": ["sleep", "100000"], "stop_signal": "KILL", "restart": "always"}
    services = {name: {**common, "container_name": name, "networks": [MACNET]} for name in CONTAINERS}
    services["web"]["networks"] = {MACNET: {"ipv4_address": WEB}}
    file = {"version": "3.5", "services": services, "networks": {MACNET: {"external": True}}}
    host.run("mkdir", "-p", FOLDER)
    host.run("tee", f"{FOLDER}/docker-compose.yml", input=yaml.safe_dump(file))
    for command in (("up", "--detach"), ("down",), ("up", "--detach")):
        host.compose(*command, folder=FOLDER)


def compose_gone(host: EngineHost) -> None:
    host.compose("down", folder=FOLDER)
    start(host, *CONTAINERS)


def reboot(host: EngineHost) -> None:
    """The containers were made in another order than before, so that engines start them, and choose, in another."""
    names = [*CONTAINERS]
    random.Random(host.name).shuffle(names)
    recreate(host, *(names if names != [*CONTAINERS] else reversed(names)))
    host.lab.reboot(host.name)


def nothing(_host: EngineHost) -> None:
    """For events that leave nothing to be undone."""


@dataclass(frozen=True)
class EngineEvent:
    """act: performs the event, and returns at its end. restore: afterwards. only: the program that can have it."""

    name: str
    title: str
    act: Callable[[EngineHost], None]
    only: str = ""
    restore: Callable[[EngineHost], None] = nothing

    def missing(self, engine: Engine) -> bool:
        return self.only not in ("", engine.program)


EVENTS = (
    EngineEvent("restart", "engine restarted", restart_engine),
    EngineEvent("upgrade-live", "daemon upgraded, live-restore on", upgrade(True), "docker"),
    EngineEvent("upgrade", "daemon upgraded, live-restore off", upgrade(False), "docker"),
    EngineEvent("recreate", "container recreated, same address", lambda host: recreate(host, "web")),
    EngineEvent("compose", "compose down and up", compose_up, "docker", compose_gone),
    EngineEvent("reboot", "host rebooted, containers in another order", reboot),
)


def seconds(host: EngineHost) -> float:
    """Until each has had an answer of each other one. Errors: AssertionError after `PATIENCE`, or if that does not
    last."""
    began = time.monotonic()
    host.until(lambda: host.running(*CONTAINERS), "the containers run")
    found = {name: host.address(name) for name in CONTAINERS}
    pids = {name: host.pid(name) for name in CONTAINERS}
    pairs: list[tuple[str | int, str]] = [(source, item) for source in (host.name, "lan") for item in found.values()]
    for name, own in found.items():
        others = [item for item in found.values() if item != own]
        pairs += [(pids[name], item) for item in (HOST, STATION, GATEWAY, *others)]
    with ThreadPoolExecutor(len(pairs)) as pool:
        list(pool.map(lambda pair: _until_answered(host, pair, began), pairs))
    needed = time.monotonic() - began
    silent = host.silent(**found)
    if silent or found["web"] != WEB:
        raise AssertionError(f"{host.name}: answered, and then not: {', '.join(silent)}; {found}")
    return needed


def _until_answered(host: EngineHost, pair: tuple[str | int, str], began: float) -> None:
    source, address = pair
    inside = ("nsenter", "--net", "--target", str(source)) if isinstance(source, int) else ()
    where = host.name if inside else str(source)
    ping = ("ping", "-n", "-q", "-c", "1", "-W", "1", address)
    while host.lab.exec(where, *inside, *ping, check=False).returncode != 0:
        if time.monotonic() - began > PATIENCE:
            raise AssertionError(f"{host.name}: {source} does not reach {address}")
        time.sleep(PAUSE)


def render(engines: Mapping[str, str], figures: Mapping[str, Mapping[str, float | None]]) -> str:
    """A Markdown table: an event in each line, an engine in each column. engines: titles by name. figures: by engine
    and event; None where they never answered. Pure."""
    rows = [["event", *engines.values()], ["---"] * (len(engines) + 1)]
    for event in EVENTS:
        known = [figures.get(name, {}) for name in engines]
        cells = ["-" if event.name not in one else _cell(one[event.name]) for one in known]
        rows.append([event.title, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(figure: float | None) -> str:
    return "never" if figure is None else f"{figure:.1f}"
