# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module dhcp_check with the inventory name, under which it reports problems."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import NamedHost


class ActionModule(NamedHost):
    """See `NamedHost`."""
