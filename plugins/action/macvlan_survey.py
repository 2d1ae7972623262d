# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module macvlan_survey with the inventory name, from which stable MACs are derived."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables, with_host_id
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._bytecode import WithBytecode


class ActionModule(WithBytecode):
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        arguments = with_host_id(self._task.args, task_vars)
        made = self._execute_module(
            module_name="linuxnet.macvlan.macvlan_survey", module_args=arguments, task_vars=task_vars
        )
        result.update(clean_data(made))
        return result
