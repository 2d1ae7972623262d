# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boot_order: the unit that creates the link ran at boot before its parent existed, or was ready."""

from __future__ import annotations

import re
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import BootParentData, BootUnitData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_LINK, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY, apply, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    UNIT_LOG,
    CauseVerdict,
    EvidenceItem,
)

#: What programs print about a device that does not exist: ip(8), ifupdown, tools that print the errno (ENODEV).
MISSING = re.compile(r"cannot find|not find|does not exist|no such device|not found", re.IGNORECASE)
#: The kernel's errors (ENETDOWN, ENETUNREACH, and for a gateway without a route to it) for one that is not up yet, or
#: has no address.
UNREADY = re.compile(r"network is (down|unreachable)|nexthop has invalid gateway", re.IGNORECASE)

_UNKNOWN: BootParentData = {"there": None, "ready": None, "said": []}


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared, so none is created at boot")
    if case.after.parent is None:
        return case.ruled_out(f"{case.parent_name} does not exist now either")
    lacks = _lacks(case)
    if not lacks:
        return case.ruled_out(f"{link} is complete, or was when the watch began")
    boot = case.boot
    parent = boot["parents"].get(case.parent_name, _UNKNOWN)
    units = {name: unit for name, unit in boot["units"].items() if link in unit["links"]}
    early = [(name, unit, *found) for name, unit in units.items() for found in _too_early(case, unit, parent)]
    if not early:
        return case.ruled_out(f"no unit that names {link} found {case.parent_name} missing or not ready at boot")
    name, unit, at, text = early[0]
    # One that is disabled and remains after its exit is in the way until it is stopped.
    stop = f"systemctl disable --now {quote(name)}"
    came = _came(parent, at)
    return case.confirmed(
        f"{lacks} on {case.host}: {name} ran {at:.1f} s after the start of systemd, before"
        f" {case.parent_name} {'existed' if _is_missing(case, text) else 'was ready'}{came}",
        [
            case.item("journal", f"{at:.3f} s after the start of systemd {name} logged: {text}"),
            *_evidence(case, unit, parent),
            case.item("link", lacks, link),
            *case.loss_items(case.broken()),
        ],
        culprit={"unit": name, "name": name, "text": f"{name} ({unit['path']})", "rule": UNIT_LOG},
        remedy=f"{stop}, then run linuxnet.macvlan.site, whose unit waits for the parent",
        steps=[command(stop), apply()],
    )


def _lacks(case: Case) -> str:
    """What the link lacks now, empty where that is nothing, or was when the watch began."""
    for snapshot in (case.before, case.after):
        if snapshot.shim is None:
            missing = f"{case.network.link} does not exist"
        else:
            there = {bare(item["address"]) for item in snapshot.own.addresses(case.network.link)}
            absent = [str(address) for address in case.own_addresses if str(address) not in there]
            missing = f"{case.network.link} has no {', '.join(absent)}" if absent else ""
        if not missing:
            return ""
    return missing


def _too_early(case: Case, unit: BootUnitData, parent: BootParentData) -> list[tuple[float, str]]:
    """What the unit logged because its parent did not exist, or was not ready; the parent came later, if it is known.

    Each with seconds after the start of systemd.
    """
    there, ready = parent["there"], parent["ready"]
    lines = [(line["at"], line["text"]) for line in unit["said"] if line["at"] is not None]
    return [
        (at, text)
        for at, text in lines
        if (_is_missing(case, text) and (there is None or there > at))
        or (UNREADY.search(text) and ready is not None and ready > at)
    ]


def _is_missing(case: Case, text: str) -> bool:
    named = re.search(rf"(?<![\w.-]){re.escape(case.parent_name)}(?![\w-])", text)
    return bool(named and MISSING.search(text))


def _came(parent: BootParentData, at: float) -> str:
    later = [moment for moment in (parent["there"], parent["ready"]) if moment is not None and moment > at]
    return f" (it came {min(later) - at:.1f} s later)" if later else ""


def _evidence(case: Case, unit: BootUnitData, parent: BootParentData) -> list[EvidenceItem]:
    waits = ", ".join(unit["after"]) or "no network unit"
    return [
        *(
            case.item("journal", f"{line['at']:.3f} s after the start of systemd: {line['text']}", case.parent_name)
            for line in parent["said"]
            if line["at"] is not None
        ),
        case.item("order", f"{unit['path']} is ordered after {waits}"),
    ]


CAUSE = Cause(
    id="boot_order",
    rank=200,
    title="at boot the link was created before its parent existed",
    explanation="A macvlan link can be created only on an existing parent. Units and scripts that run at a fixed point"
    " of the boot, or after network.target, do not wait for a device: if a driver, a USB adapter, a VLAN or a bridge"
    " comes up a second later, the link is missing after the boot.",
    remedy="run linuxnet.macvlan.site, with macvlan_persistence: auto, which creates links when their parent appears",
    signature="after a reboot, though not after every one",
    proof="in this boot's journal the unit that names the link failed (parent not found, network is down) before the"
    " parent existed or was ready",
    must="P D",
    by=APPLY,
    needs=("before", "after", "system.boot"),
    explains=("host_isolation", "not_persistent", "link_absent", "address_absent", "route_absent"),
    breaks=OF_LINK,
    judge=judge,
)
