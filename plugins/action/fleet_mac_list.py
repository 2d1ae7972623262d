# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the MAC addresses of all hosts and switch ports to files on the controller."""

from __future__ import annotations

import os
from typing import cast

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered, _reports
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import Play
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import mac_list as _mac_list
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.results import InfoResult


class ActionModule(ActionBase):
    """Reads what macvlan_info returned on the hosts from their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({
            "dest": {"type": "path", "required": True},
            "mode": {"type": "str", "default": _reports.FILE_MODE},
        })  # fmt: skip
        mode = _reports.parse_mode(options["mode"], "mode")
        play = Play(task_vars or {})
        listed: list[_mac_list.Row] = []
        unseen: dict[str, str] = {}
        for name in sorted(play.inventory):
            # fleet_plan reports what is wrong with a declaration
            plan = read(play.declaration(name, Problems()), Problems())
            info = cast(InfoResult, _registered.result(play.variables(name), _registered.INVENTORY) or {})
            listed += _mac_list.rows(plan, info)
            if "parents" not in info and (plan.intent.networks or plan.intent.links):
                unseen[name] = _why(info, name in play.selected)
        texts = {"mac_list.csv": _mac_list.as_csv(listed), "mac_list.json": _mac_list.as_json(listed, unseen)}
        return {
            **self._write(os.path.abspath(options["dest"]), texts, mode, play.check_mode),
            "macs": len(listed),
            "ports": _mac_list.ports(listed),
            "unseen": unseen,
            "warnings": [f"{name} is listed by its declaration alone: {why}" for name, why in unseen.items()],
        }

    def _write(self, directory: str, texts: dict[str, str], mode: int, check_mode: bool) -> Result:
        """Replace the files that differ. Errors: AnsibleActionFail where a file is not such a list."""
        paths = {os.path.join(directory, name): text for name, text in texts.items()}
        _reports.check(paths)
        try:
            before = {path: _files.read(path, newline="") for path in paths}
            foreign = [path for path, text in before.items() if text and not _mac_list.is_ours(text)]
            if foreign:
                raise AnsibleActionFail(f"{foreign[0]} is no MAC list of this collection: name another directory")
            changed = [
                path for path, text in paths.items() if before[path] != text or not _reports.has_mode(path, mode)
            ]
            for path in changed if not check_mode else []:
                _reports.write(path, paths[path], mode)
        except OSError as error:
            raise AnsibleActionFail(f"{error.filename or directory}: {error.strerror}") from error
        diff = [
            {"before_header": path, "after_header": path, "before": before[path] or "", "after": paths[path]}
            for path in changed
        ]
        return {"changed": bool(changed), "diff": diff, "files": list(paths)}


def _why(info: InfoResult, selected: bool) -> str:
    """Why a host gave no inventory."""
    if not selected:
        return "not in this run"
    if info.get("unreachable"):
        return "it is unreachable"
    return str(info.get("msg") or "it was not asked").split("\n", maxsplit=1)[0]
