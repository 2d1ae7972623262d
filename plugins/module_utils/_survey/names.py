# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the parts of a survey: options of the module, and keys of its result."""

from __future__ import annotations

KERNEL, EXCLUSION, LINKS, CONTAINERS, CONFLICTS, REACHABILITY, DHCP = (
    "kernel", "exclusion", "links", "container_networks", "conflicts", "reachability", "dhcp",
)  # fmt: skip
