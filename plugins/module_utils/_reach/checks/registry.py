# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What implements each kind of check, in the order of the reports. A new kind is one file and one line here.

A kind has a name (KIND), ``checks(scope)``, which makes its part of the catalogue, and ``verdict(check, findings)``.
"""

from __future__ import annotations

from types import ModuleType

from . import (
    announcer,
    container_to_gateway,
    container_to_host,
    gateway_from_link,
    gateway_from_parent,
    host_to_container,
)

CHECKS: dict[str, ModuleType] = {
    module.KIND: module
    for module in (
        gateway_from_parent,
        gateway_from_link,
        host_to_container,
        container_to_host,
        container_to_gateway,
        announcer,
    )
}
