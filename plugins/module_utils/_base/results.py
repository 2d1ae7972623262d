# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module returns: the one way for it out of a module, through which no text passes uncleaned. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from .limits import bounded
from .problems import InvalidInput
from .text import clean_data, clean_lines


def safe(result: Mapping[str, Any], say: str = "overrun") -> dict[str, Any]:
    """Printable text, without lone surrogates, and not too large. say: see `bounded`."""
    return bounded(dict(clean_data(result)), say)


def refusal(error: InvalidInput, **more: object) -> dict[str, Any]:
    """All problems, as message and as data."""
    return safe({"failed": True, "msg": str(error), "problems": error.problems.as_data(), **more})


def failure(error: object, **more: object) -> dict[str, Any]:
    return safe({"failed": True, "msg": str(error), **more})


def end(module: Any, result: Mapping[str, Any]) -> None:
    """End an AnsibleModule with a result; its ``warnings`` become warnings, and with ``failed`` it fails."""
    returned = dict(result)
    for warning in returned.pop("warnings", ()):
        module.warn(clean_lines(warning))
    if returned.pop("failed", False):
        module.fail_json(**safe(returned))
    module.exit_json(**safe(returned))
