# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The causes that one host can suspect, by the ids that the diagnosis gives them (docs/causes.md). Pure."""

from __future__ import annotations

ADDRESS_BELONGS_TO_HOST = "address_belongs_to_host"
CONTAINER_OUTSIDE_RANGE = "container_outside_range"
DUPLICATE_IP = "duplicate_ip"
ENGINE_STOPPED = "engine_stopped"
HOST_ISOLATION = "host_isolation"
IPV6_DAD_FAILED = "ipv6_dad_failed"
MAC_FILTERING_UPSTREAM = "mac_filtering_upstream"
MAC_LIMIT_AFTER_AGEING = "mac_limit_after_ageing"
ROUTE_ORDER = "route_order"
STALE_NEIGHBOUR = "stale_neighbour"
WRONG_MODE = "wrong_mode"
