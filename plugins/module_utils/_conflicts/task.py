# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module arp_conflict_check, from its options to its result."""

from __future__ import annotations

import platform

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import refusal
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.timing import LISTEN, MODES, RATE

from .check import ADDRESSES_MAX, ConflictOptions, check
from .vantages import CHILD, PARENT
from .verdict import DUPLICATE_MAC, STATUSES


def argument_spec() -> dict:
    addresses = {"type": "list", "elements": "str", "required": True}
    key = {"type": "str", "no_log": False}
    probe = {"parent": {"type": "raw", "required": True}, "addresses": addresses, "key": key}
    return {
        "probes": {"type": "list", "elements": "dict", "required": True, "options": probe},
        "mode": {"type": "str", "choices": sorted([*MODES, LISTEN]), "default": "fast"},
        "listen_seconds": {"type": "float", "default": 0.0},
        "vantages": {"type": "list", "elements": "raw", "default": [PARENT, CHILD]},
        "known_macs": {"type": "list", "elements": "str", "default": []},
        "fail_on": {"type": "list", "elements": "str", "choices": [*STATUSES, DUPLICATE_MAC], "default": []},
        "rate": {"type": "int", "default": RATE},
        "max_addresses": {"type": "int", "default": ADDRESSES_MAX},
        "run_key": {"type": "str", "no_log": True},
        "host_id": {"type": "str"},
    }


def run(options: dict) -> dict:
    """What the module returns, with ``failed`` where it fails. It changes nothing."""
    try:
        result, failure = check(ConflictOptions(**{**options, "host_id": options["host_id"] or platform.node()}))
    except InvalidInput as error:
        return refusal(error)
    return {"changed": False, **result, **({"failed": True, "msg": failure} if failure else {})}
