# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback plugin that writes lines of JSON: how long each task took, and each module run inside it.

It measures by wrapping methods of Ansible's action plugins, which no callback sees.
"""

from __future__ import annotations

import functools
import json
import os
import time

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

OUTPUT = os.environ.get("LINUXNET_PROFILE_CONTROLLER", "")


def _write(**record: object) -> None:
    with open(OUTPUT, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")


def _timed(name: str) -> None:
    """Add the seconds of a method to the module run that it belongs to."""
    inner = getattr(ActionBase, name)

    @functools.wraps(inner)
    def outer(self: ActionBase, *args: object, **options: object) -> object:
        start = time.monotonic()
        try:
            return inner(self, *args, **options)
        finally:
            self.__dict__.setdefault("spent", {}).setdefault(name, []).append(time.monotonic() - start)

    setattr(ActionBase, name, outer)


def _follow_modules() -> None:
    inner, build = ActionBase._execute_module, ActionBase._configure_module

    @functools.wraps(build)
    def building(self: ActionBase, *args: object, **options: object) -> object:
        built = build(self, *args, **options)
        self.octets = len(built[0].b_module_data)
        return built

    @functools.wraps(inner)
    def outer(self: ActionBase, module_name: str | None = None, *args: object, **options: object) -> object:
        self.spent, begun = {}, time.time()
        result = inner(self, module_name, *args, **options)
        connection = sum(sum(self.spent.get(name, ())) for name in ("_low_level_execute_command", "_transfer_data"))
        _write(
            task=str(self._task._uuid),
            module=str(module_name or self._task.action),
            begun=begun,
            ended=time.time(),
            connection=connection,
            octets=getattr(self, "octets", 0),
        )
        return result

    ActionBase._configure_module, ActionBase._execute_module = building, outer


class CallbackModule(CallbackBase):
    """One line for each task that ended well; failed ones are the playbook's to report."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "spent"

    def __init__(self) -> None:
        super().__init__()
        self._started = 0.0
        if OUTPUT:
            for name in ("_low_level_execute_command", "_transfer_data"):
                _timed(name)
            _follow_modules()

    def v2_playbook_on_task_start(self, task, is_conditional) -> None:
        self._started = time.monotonic()

    def v2_runner_on_ok(self, result) -> None:
        _write(task=str(result._task._uuid), name=result._task.get_name(), wall=time.monotonic() - self._started)

    v2_runner_on_skipped = v2_runner_on_ok
