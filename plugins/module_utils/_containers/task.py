# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module container_network, from its options to its result."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure, refusal
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.pending import Busy
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker, podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.api import EngineError

from .desired import ENGINES, MODES
from .replace import ReplaceFailed
from .run import ContainerOptions, NotAsDeclared, NotConsented, converge


def argument_spec() -> dict:
    texts = {"type": "list", "elements": "str", "default": []}
    network: dict = {
        "name": {"type": "str", "required": True},
        "engine": {"type": "str", "choices": list(ENGINES), "required": True},
        "parent": {"type": "raw", "required": True},
        "mode": {"type": "str", "choices": list(MODES), "default": MODES[0]},
        "subnets": {"type": "list", "elements": "str", "required": True},
        "gateways": texts,
        "ranges": texts,
        "reserved": texts,
        "routed": texts,
        "internal": {"type": "bool", "default": False},
        "labels": {"type": "dict", "default": {}},
        "driver_options": {"type": "dict", "default": {}},
        "key": {"type": "str", "no_log": False},
    }
    return {
        "networks": {"type": "list", "elements": "dict", "default": [], "options": network},
        "engines": {"type": "list", "elements": "str", "choices": list(ENGINES), "default": []},
        "purge": {"type": "bool", "default": False},
        "recreate": {"type": "bool", "default": False},
        "adopt": {"type": "bool", "default": False},
        "taken": texts,
        "offered": texts,
        "docker_socket": {"type": "path", "default": docker.SOCKET},
        "podman_socket": {"type": "path", "default": podman.SOCKET},
    }


def run(given: dict, check: bool) -> dict:
    """What the module returns, with ``warnings``, and ``failed`` where it fails. check: whether to change nothing."""
    try:
        return converge(ContainerOptions(**given), check)
    except NotConsented as error:
        more = {"drift": error.drift, "proposals": [one.as_data() for one in error.proposals]}
        return refusal(error, **more)
    except InvalidInput as error:
        return refusal(error)
    except (Busy, EngineError, NotAsDeclared, ReplaceFailed) as error:
        return failure(error)
    except OSError as error:
        return failure(f"A file or a socket could not be used: {error}")
