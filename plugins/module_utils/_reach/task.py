# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module macvlan_verify, from its options to its result."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import refusal
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.options import NETWORK

from . import verify


def argument_spec() -> dict:
    return {
        "networks": {"type": "list", "elements": "dict", "required": True, "options": NETWORK},
        "soak_seconds": {"type": "float", "default": 10},
        "interval": {"type": "float", "default": 1},
        "timeout": {"type": "float", "default": 1},
        "temporary_child": {"type": "bool", "default": True},
        "fail": {"type": "bool", "default": True},
    }


def run(options: dict, check: bool) -> dict:
    """What the module returns, with ``failed`` where it fails. check: whether to send nothing."""
    try:
        report = verify.run(
            options["networks"],
            options["soak_seconds"],
            options["interval"],
            options["timeout"],
            temporary_child=options["temporary_child"],
            check=check,
        )
    except InvalidInput as error:
        return refusal(error)
    failed = {"failed": True, "msg": report.message} if report.failures and options["fail"] else {}
    return {"changed": False, **failed, **report.as_data()}
