# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller requires of a change that could disconnect it. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Seconds that a change may take to be made, besides ``confirm_timeout``: daemons get 10 s to settle, and a program
#: 30 s. A module that takes longer hangs, and is ended before its change is undone.
MAKING = 30.0

#: The options of a module, and their names here. The action plugin, which confirms, chooses the token.
OPTIONS = {"confirm_token": "token", "confirm_timeout": "timeout", "allow_uplink_change": "allow_uplink_change"}
ARGUMENT_SPEC = {
    "confirm_timeout": {"type": "int", "default": 30},
    "allow_uplink_change": {"type": "bool", "default": False},
    "confirm_token": {"type": "str", "default": "", "no_log": False},
}


@dataclass(frozen=True)
class Request:
    """token: of the change, empty where nobody would confirm it. timeout: seconds after the change is complete.

    allow_uplink_change: whether what carries the controller's connection may be changed.
    """

    token: str = ""
    timeout: int = 0
    allow_uplink_change: bool = False

    @property
    def making(self) -> float:
        """Seconds that the change may take to be made."""
        return MAKING + self.timeout

    @property
    def guarded(self) -> bool:
        """Whether the change is undone unless it is confirmed."""
        return bool(self.token) and self.timeout > 0

    def check(self, problems: Problems) -> None:
        if self.timeout < 0:
            remedy = "write seconds, such as 30, or 0 for no confirmation"
            problems.add("confirm_timeout", self.timeout, "this is no duration", remedy)


#: Of a module that was started without an action plugin.
NO_REQUEST = Request()


def take(options: dict) -> Request:
    """Move the request out of the options of a module."""
    return Request(**{name: options.pop(option) for option, name in OPTIONS.items()})
