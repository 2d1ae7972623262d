# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module macvlan_link, from its options to its result."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure, refusal
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.failures import ChangeUndone, GuardFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.pending import Busy
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import SYSCTLS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.apply import ApplyFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import registry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.actions import PersistFailed

from .run import converge
from .state import ConvergeOptions


def argument_spec() -> dict:
    sysctl = {"type": "dict", "options": {name: {"type": "int"} for name in SYSCTLS}}
    route = {
        "destination": {"type": "str", "required": True},
        "gateway": {"type": "str"},
        "source": {"type": "str"},
        "metric": {"type": "int", "default": 0},
        "table": {"type": "int", "default": 254},
    }
    link = {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "default": "present"},
        "parent": {"type": "raw"},
        "addresses": {"type": "list", "elements": "str"},
        "routes": {"type": "list", "elements": "dict", "options": route},
        "announce": {"type": "list", "elements": "str"},
        **{row.name: dict(row.option) for row in attributes.ATTRIBUTES},
        "up": {"type": "bool", "default": True},
        "parent_up": {"type": "bool", "default": False},
        "adopt": {"type": "bool", "default": False},
        "sysctl": sysctl,
        "parent_sysctl": sysctl,
        "key": {"type": "str", "no_log": False},
    }
    return {
        "links": {"type": "list", "elements": "dict", "default": [], "options": link},
        "purge": {"type": "bool", "default": False},
        "persistence": {"type": "str", "choices": list(registry.choices()), "default": "auto"},
        "recreate": {"type": "str", "choices": ["never", "when_needed"], "default": "never"},
        "host_id": {"type": "str"},
        **request.ARGUMENT_SPEC,
    }


def run(given: dict, check: bool) -> dict:
    """What the module returns, with ``warnings``, and ``failed`` where it fails. check: whether to change nothing."""
    options = dict(given)
    asked = request.take(options)
    try:
        return converge(ConvergeOptions(**options), check, asked)
    except InvalidInput as error:
        return refusal(error)
    except (ApplyFailed, Busy, ChangeUndone, CommandFailed, GuardFailed, PersistFailed) as error:
        return failure(error)
