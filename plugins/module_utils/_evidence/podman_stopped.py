# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of Podman that do not run, and why. Its state is in a database whose form changes, so it is asked."""

from __future__ import annotations

import json

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run, run_json
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import State, mapping

from .schema import StoppedContainerData

#: Seconds for an answer; Podman waits for its own locks.
TIMEOUT = 10.0
#: States of a container that has its link, or is losing it just now.
_RUNS = ("running", "paused", "stopping", "removing")


def stopped(most: int) -> list[StoppedContainerData]:
    """At most as many; none where Podman does not answer: that is no evidence of anything."""
    try:
        # of 4.3 only JSON has the state in one word
        listed = run_json(["podman", "container", "ls", "--all", "--format", "json"], timeout=TIMEOUT) or []
        ids = [item["Id"] for item in listed if str(item["State"]).lower() not in _RUNS][:most]
        # one that was removed meanwhile is an error, and the others are printed
        said = run(["podman", "container", "inspect", *ids], check=False, timeout=TIMEOUT).out if ids else "[]"
        found = json.loads(said or "[]")
        return [container(item) for item in found]
    except (CommandFailed, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def container(item: State) -> StoppedContainerData:
    """What ``podman container inspect`` prints of one. Pure."""
    state, config = mapping(item.get("State")), mapping(item.get("Config"))
    code = state.get("ExitCode")
    return {
        "name": f"{clean(item.get('Name') or '')} (podman)",
        "addresses": [str(address) for address in podman.chosen(config.get("CreateCommand")) or ()],
        "networks": [clean(name) for name in mapping(mapping(item.get("NetworkSettings")).get("Networks"))],
        # Podman 4.3 does not have it
        "error": clean(state.get("Error") or ""),
        "exit_code": code if isinstance(code, int) else 0,
        "out_of_memory": state.get("OOMKilled") is True,
    }
