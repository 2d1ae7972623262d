# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module macvlan_link with the inventory name, from which it derives stable MACs, and confirms its changes."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _confirm
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables, with_host_id


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        arguments = with_host_id(self._task.args, task_vars)
        result.update(clean_data(_confirm.run(self, "linuxnet.macvlan.macvlan_link", arguments, task_vars or {})))
        return result
