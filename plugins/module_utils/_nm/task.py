# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module nm_unmanaged, from its options to its result."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.busctl import BusError
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure, refusal
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.failures import ChangeUndone, GuardFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.pending import Busy

from . import unmanaged
from .exclusion import PATH


def argument_spec() -> dict:
    return {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "devices": {"type": "list", "elements": "str", "default": []},
        "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "keep": {"type": "list", "elements": "str", "default": []},
        "path": {"type": "path", "default": PATH},
        "reload": {"type": "bool", "default": True},
        **request.ARGUMENT_SPEC,
    }


def run(given: dict, check: bool) -> dict:
    """What the module returns, with ``warnings``, and ``failed`` where it fails. check: whether to change nothing."""
    options = dict(given)
    asked = request.take(options)
    keys = options.pop("keys")
    try:
        return unmanaged.run(check=check, request=asked, **options)
    except InvalidInput as error:
        return refusal(
            _declared(error, options["devices"], keys),
            overridden_by=getattr(error, "overridden_by", None),
            changed=bool(getattr(error, "messages", [])),
        )
    except ChangeUndone as error:
        return failure(error, overridden_by=getattr(error.__cause__, "overridden_by", None))
    except (Busy, GuardFailed) as error:
        return failure(error, overridden_by=None)
    except (BusError, CommandFailed, OSError) as error:
        return failure(f"NetworkManager could not be asked: {error}", overridden_by=None)


def _declared(error: InvalidInput, devices: list[str], keys: list[str]) -> InvalidInput:
    """The same with the place of each device in the declaration."""
    return InvalidInput(error.problems.renamed({f"devices[{n}]": key for n, key in enumerate(keys[: len(devices)])}))
