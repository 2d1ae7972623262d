# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing a network that containers use. Nothing is forced and no container is deleted: what fails is undone.

Docker's containers are disconnected and connected again while they run. Podman's are stopped and started, as only
Podman knows which addresses were chosen for them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import podman as _podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.api import NOT_FOUND, EngineError, Refused
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.docker import Docker
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import EngineNetwork, NetworkSpec
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.podman import Podman

from . import record as _record
from .plan import NetworkAction
from .record import Kept, ReplaceRecord


class ReplaceFailed(Exception):
    """A network could not be replaced. The message says what became of the containers."""


def replace(engine: Docker | Podman, action: NetworkAction) -> None:
    """Errors: ReplaceFailed, EngineError and OSError before anything was changed."""
    # a plan that replaces has both
    wanted, found = cast(NetworkSpec, action.wanted), cast(EngineNetwork, action.found)
    kept = _record.of(action)
    if isinstance(engine, Podman):
        path = engine.path(found)
        kept.write()
        _attempt(lambda: _by_file(engine, kept, path, wanted), lambda: _file_back(engine, kept, path), kept)
    else:
        kept.write()
        _attempt(lambda: _by_network(engine, kept, wanted), lambda: _network_back(engine, kept), kept)
    kept.remove()


def complete(engine: Docker | Podman, kept: ReplaceRecord) -> None:
    """Connect or start the containers of a run that was killed. Errors: EngineError, OSError."""
    if isinstance(engine, Podman):
        _start(engine, kept)
    else:
        if not any(one.name == kept.name for one in engine.networks()):
            engine.create_again(kept.raw)
        _connect(engine, kept)
    kept.remove()


def _attempt(change, undo, kept: ReplaceRecord) -> None:  # type: ignore[no-untyped-def]
    try:
        change()
    except (EngineError, OSError) as error:
        try:
            undo()
        except (EngineError, OSError) as second:
            what = f"and the network could not be restored: {second} The next run tries it"
            raise ReplaceFailed(f"{kept.engine} network {kept.name}: {error} {what} again") from error
        kept.remove()
        what = f"The network is as it was, and so is {_some(kept.containers)}"
        raise ReplaceFailed(f"{kept.engine} network {kept.name}: {error} {what}.") from error


def _some(containers: Iterable[Kept]) -> str:
    return ", ".join(one.name for one in containers) or "everything else"


def _by_network(engine: Docker, kept: ReplaceRecord, wanted: NetworkSpec) -> None:
    for one in kept.containers:
        engine.disconnect(kept.network.id, one.container)
    engine.remove(kept.network)
    engine.create(wanted)
    _connect(engine, kept)


def _network_back(engine: Docker, kept: ReplaceRecord) -> None:
    """The old network, whatever of the new one is there."""
    for found in engine.networks():
        if found.name == kept.name and found.id != kept.network.id:
            for one in engine.endpoints(found):
                engine.disconnect(found.id, one.container)
            engine.remove(found)
    if not any(found.name == kept.name for found in engine.networks()):
        engine.create_again(kept.raw)
    _connect(engine, kept)


def _connect(engine: Docker, kept: ReplaceRecord) -> None:
    """Those that are not connected yet, as far as they are still there."""
    network = next(one for one in engine.networks() if one.name == kept.name)
    connected = {one.container for one in engine.endpoints(network)}
    for one in kept.containers:
        if one.container not in connected:
            with _if_there():
                engine.connect(network.id, one.container, one.settings)


@contextlib.contextmanager
def _if_there():  # type: ignore[no-untyped-def]
    try:
        yield
    except Refused as error:
        if error.status != NOT_FOUND:
            raise


def _by_file(engine: Podman, kept: ReplaceRecord, path: str, wanted: NetworkSpec) -> None:
    _stop(engine, kept)
    engine.forget_assigned()
    _write(engine, path, _podman.replaced(kept.raw, wanted))
    _start(engine, kept)


def _file_back(engine: Podman, kept: ReplaceRecord, path: str) -> None:
    _stop(engine, kept)
    _write(engine, path, kept.raw)
    _start(engine, kept)


def _write(engine: Podman, path: str, data: dict[str, object]) -> None:
    """Podman reads its files again for each request. Errors: EngineError where it does not take this one."""
    _files.write(path, json.dumps(data, indent=5) + "\n")
    if not any(one.name == data["name"] for one in engine.networks()):
        raise EngineError(f"podman does not accept the network in {path}", "see podman network ls")


def _stop(engine: Podman, kept: ReplaceRecord) -> None:
    for one in reversed(kept.containers):
        if one.running:
            with _if_there():
                engine.stop(one.container)


def _start(engine: Podman, kept: ReplaceRecord) -> None:
    for one in kept.containers:
        if one.running:
            with _if_there():
                engine.start(one.container)
