# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible passes to an action plugin and takes back from it, and how a plugin runs. On the controller only."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.plugins.action.normal import ActionModule as Normal
from ansible.utils.display import Display

#: The variables of a host or a task. A value is templated when it is read.
Variables = Mapping[str, Any]
#: The arguments of a module.
Arguments = dict[str, Any]
#: What a task returns.
Result = dict[str, Any]


def with_host_id(arguments: Variables, task_vars: Variables | None) -> Arguments:
    """A task's arguments with the inventory name as `host_id` where they have none: stable MACs are derived from it,
    and problems are reported under it."""
    given = dict(arguments)
    if not given.get("host_id"):
        given["host_id"] = (task_vars or {}).get("inventory_hostname")
    return given


class NamedHost(Normal):
    """Runs the module of its task as Ansible would without an action plugin, with the inventory name as `host_id`."""

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        self._task.args = with_host_id(self._task.args, task_vars)
        result: Result = super().run(tmp, task_vars)
        return result


def show(text: str) -> None:
    """Print text as it is.

    A task runs in a process of its own, and what that one prints has to reach the other by the queue for results.
    `Display.display` does that by itself, but ansible-runner replaces it by one that writes to the standard output of
    that process first, and Ansible complains about that.
    """
    display = Display()
    queue = getattr(display, "_final_q", None)
    if queue is None:
        display.display(text)
    else:
        queue.send_display("display", text)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Without the collector of cyclic garbage: it would go through millions of values of a fleet again and again, which
    takes a third of the time, and none of them is in a cycle. The plugin's process ends with its task."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
