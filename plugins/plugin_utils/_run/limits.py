# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an argument_spec cannot say of an option: ranges and forms that a module would refuse on the host. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._info.links import LLDP_SECONDS_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import specs
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import soak
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import request
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._reports import FILE_MODE_FORM

#: From a value of the right type to what is wrong with it, empty where nothing is.
Limit = Callable[[object], str]

_PERCENTAGE = re.compile(r"(\d{1,3})%")


def between(low: float, high: float) -> Limit:
    def fault(value: object) -> str:
        good = isinstance(value, (int, float)) and math.isfinite(value) and low <= value <= high
        return "" if good else f"this is not from {low:g} to {high:g}"

    return fault


def at_least(low: int) -> Limit:
    def fault(value: object) -> str:
        return "" if isinstance(value, (int, float)) and value >= low else f"this is less than {low}"

    return fault


def mode(value: object) -> str:
    """Octal permissions."""
    return "" if FILE_MODE_FORM.fullmatch(str(value)) else "these are no permissions, such as '0600' in quotes"


def addresses(value: object) -> str:
    wrong = [str(item) for item in value if parse_address(item) is None] if isinstance(value, list) else []
    return f"these are no IP addresses: {', '.join(wrong)}" if wrong else ""


def devices(value: object) -> str:
    found = [specs.problem(specs.normalise(str(item))) for item in value] if isinstance(value, list) else []
    return "; ".join(dict.fromkeys(one[0] for one in found if one))


def batches(value: object) -> str:
    """What Ansible's serial accepts: a number of hosts, a percentage, or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        text = str(item).strip()
        share = _PERCENTAGE.fullmatch(text)
        if not (text.isdecimal() and int(text) > 0) and not (share and 0 < int(share[1]) <= 100):
            return "this is no number of hosts above 0, no percentage such as 25%, and no list of them"
    return ""


def not_empty(value: object) -> str:
    return "" if str(value).strip() else "this is empty"


#: By the name of the option.
LIMITS: dict[str, Limit] = {
    "verify_soak_seconds": between(0, soak.LONGEST),
    "verify_interval": between(soak.INTERVAL_MIN, soak.LONGEST),
    "diagnose_seconds": between(request.DURATION_MIN, request.DURATION_MAX),
    "diagnose_interval": between(request.INTERVAL_MIN, request.INTERVAL_MAX),
    "diagnose_after_break": between(0, request.DURATION_MAX),
    "diagnose_report_hosts": at_least(0),
    "diagnose_report_mode": mode,
    "diagnose_targets": addresses,
    "interfaces_confirm_timeout": at_least(0),
    "nm_exclusion_confirm_timeout": at_least(0),
    "nm_exclusion_devices": devices,
    "mac_list_lldp_seconds": between(0, LLDP_SECONDS_MAX),
    "mac_list_mode": mode,
    "mac_list_dir": not_empty,
    "macvlan_serial": batches,
    "macvlan_canary": batches,
    "macvlan_throttle": at_least(0),
    "macvlan_max_fail_percentage": between(0, 100),
    "macvlan_report_hosts": at_least(0),
    "macvlan_diagnose_seconds": between(request.DURATION_MIN, request.DURATION_MAX),
}


def fault(name: str, value: object) -> str:
    """What is wrong with the value of an option, as its type makes it; empty where nothing is."""
    return LIMITS[name](value) if name in LIMITS else ""
