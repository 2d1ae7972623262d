# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module kmod_check, from its options to its result."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure, refusal

from . import check as kernel


def argument_spec() -> dict:
    return {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "modules": {"type": "list", "elements": "str", "default": ["macvlan"]},
        "load": {"type": "bool", "default": False},
        "persist": {"type": "bool", "default": False},
        "required": {"type": "bool", "default": True},
    }


def run(options: dict, check: bool) -> dict:
    """What the module returns, with ``failed`` where it fails. check: whether to change nothing."""
    try:
        return kernel.run(check=check, **options)
    except kernel.KindUnusable as error:
        return refusal(error, **error.result)
    except InvalidInput as error:
        return refusal(error, **kernel.missing_library())
    except (CommandFailed, OSError) as error:
        return failure(f"The module could not be loaded or persisted: {error}")
