# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All causes, in the order in which reports list them. A new one is one file, and one line in each list here."""

from __future__ import annotations

from types import ModuleType

from . import (
    address_belongs_to_host,
    address_removed_by_other,
    announcement_lost,
    arp_flux,
    bond_mode_unsupported,
    dhcp_pool_overlap,
    duplicate_ip,
    duplicate_ip_in_fleet,
    duplicate_mac_in_fleet,
    duplicate_mac_on_host,
    foreign_default_route,
    host_isolation,
    ipv6_dad_failed,
    ipvlan_on_parent,
    kind_missing,
    known_bad_kernel,
    mac_filtering_upstream,
    mac_limit_after_ageing,
    mac_rewritten,
    mtu_mismatch,
    nm_dhcp_on_link,
    nm_exclusion_overridden,
    noarp,
    not_persistent,
    parent_enslaved,
    parent_vanished,
    passthru_exclusive,
    route_order,
    stale_neighbour,
    sticky_mac_elsewhere,
    strict_rp_filter,
    two_uplinks_one_subnet,
    vlan_mismatch,
    wifi_parent,
    wrong_mode,
    wrong_parent,
)
from .model import Cause

_MODULES: tuple[ModuleType, ...] = (
    host_isolation,
    duplicate_ip,
    mac_filtering_upstream,
    strict_rp_filter,
    route_order,
    address_removed_by_other,
    parent_vanished,
    wrong_mode,
    foreign_default_route,
    two_uplinks_one_subnet,
    parent_enslaved,
    passthru_exclusive,
    noarp,
    mtu_mismatch,
    duplicate_mac_in_fleet,
    duplicate_ip_in_fleet,
    duplicate_mac_on_host,
    address_belongs_to_host,
    bond_mode_unsupported,
    ipvlan_on_parent,
    kind_missing,
    known_bad_kernel,
    mac_rewritten,
    nm_dhcp_on_link,
    nm_exclusion_overridden,
    not_persistent,
    wifi_parent,
    wrong_parent,
    ipv6_dad_failed,
    arp_flux,
    mac_limit_after_ageing,
    dhcp_pool_overlap,
    sticky_mac_elsewhere,
    stale_neighbour,
    announcement_lost,
    vlan_mismatch,
)

CAUSES: tuple[Cause, ...] = tuple(module.CAUSE for module in _MODULES)
