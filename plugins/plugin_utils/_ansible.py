# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of what Ansible passes to an action plugin and takes back from it. On the controller only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The variables of a host or a task. A value is templated when it is read.
Variables = Mapping[str, Any]
#: The arguments of a module.
Arguments = dict[str, Any]
#: What a task returns.
Result = dict[str, Any]
