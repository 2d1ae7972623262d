# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dhcp_check, from its options to its result."""

from __future__ import annotations

import platform

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import refusal

from .check import ATTEMPTS, CHILD, HINTS, SAMPLES, VANTAGES, WAIT, DhcpOptions, check
from .verdict import FINDINGS


def argument_spec() -> dict:
    return {
        "probes": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "parent": {"type": "raw", "required": True},
                "addresses": {"type": "list", "elements": "str", "default": []},
                "subnets": {"type": "list", "elements": "str", "default": []},
                "servers": {"type": "list", "elements": "str", "default": []},
                "key": {"type": "str", "no_log": False},
            },
        },
        "vantage": {"type": "str", "choices": list(VANTAGES), "default": CHILD},
        "samples": {"type": "int", "default": SAMPLES},
        "hints": {"type": "int", "default": HINTS},
        "attempts": {"type": "int", "default": ATTEMPTS},
        "wait": {"type": "float", "default": WAIT},
        "listen_seconds": {"type": "float", "default": 0.0},
        "fail_on": {"type": "list", "elements": "str", "choices": list(FINDINGS), "default": []},
        "host_id": {"type": "str"},
    }


def run(options: dict) -> dict:
    """What the module returns, with ``warnings``, and ``failed`` where it fails. It changes nothing."""
    try:
        result, failure, warnings = check(DhcpOptions(**{**options, "host_id": options["host_id"] or platform.node()}))
    except InvalidInput as error:
        return refusal(error)
    failed = {"failed": True, "msg": failure} if failure else {}
    return {"changed": False, **result, **failed, "warnings": warnings}
