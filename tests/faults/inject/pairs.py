# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two faults at once: both are confirmed, as neither is a consequence of the other."""

from __future__ import annotations

from tests.faults.fault import Fault, both
from tests.faults.inject import (
    address_removed_by_other,
    duplicate_ip,
    host_isolation,
    mac_filtering_upstream,
    route_order,
    strict_rp_filter,
    wrong_mode,
)

#: On the second host instead of the first, by the same means.
_OTHER_HOST = Fault(
    "link_absent/web2",
    lambda lab: lab.web2.ip("link", "delete", "lan0"),
    lambda lab: lab.deploy("web2"),
    host="web2",
)

FAULTS: list[Fault] = [
    both(wrong_mode.FAULTS[1], duplicate_ip.FAULTS[2]),
    both(mac_filtering_upstream.FAULTS[0], host_isolation.FAULTS[0]),
    both(route_order.FAULTS[0], duplicate_ip.FAULTS[0]),
    both(strict_rp_filter.FAULTS[0], wrong_mode.FAULTS[0]),
    both(wrong_mode.FAULTS[0], _OTHER_HOST),
    both(address_removed_by_other.FAULTS[0], duplicate_ip.FAULTS[2]),
]
