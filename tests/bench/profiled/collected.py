# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback plugin that writes lines of JSON: when each task began, what each host collected, and when that came.

cpu: seconds of the controller's main process, and of the workers that have ended.
"""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

OUTPUT = os.environ.get("LINUXNET_COLLECTED", "")


def _write(**record: object) -> None:
    if OUTPUT:
        with open(OUTPUT, "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"at": time.time(), "cpu": sum(os.times()[:4]), **record}) + "\n")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "collected"

    def v2_playbook_on_task_start(self, task, is_conditional) -> None:
        _write(task=task.get_name())

    def v2_runner_on_ok(self, result) -> None:
        _write(host=result._host.get_name(), evidence=result._result.get("packed_evidence"))
