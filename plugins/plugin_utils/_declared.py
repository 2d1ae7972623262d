# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible variables as plain lists. On the controller only."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._problems import Problems


def as_list(value: Any, key: str, problems: Problems) -> list:
    """A list, or the YAML or JSON text of one: a survey of AWX delivers text. Nothing at all is an empty list."""
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError as error:
            reason = str(error).split("\n", maxsplit=1)[0]
            problems.add(key, None, f"this text is not YAML: {reason}", "write a list of mappings")
            return []
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        problems.add(key, value, "this is not a list", "write a list of mappings, one item per network or link")
        return []
    return [plain(item) for item in value]


def plain(value: Any) -> Any:
    """Without Ansible's own types below str, int, list and dict: what stands here goes into messages and results."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
