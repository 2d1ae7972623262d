# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boot_order: the unit that makes the link ran at boot before its parent was there, or ready."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: What programs say of a device that is not there: ip(8), ifupdown, tools that print the errno (ENODEV).
MISSING = re.compile(r"cannot find|not find|does not exist|no such device|not found", re.IGNORECASE)
#: What the kernel says (ENETDOWN, ENETUNREACH, and of a gateway without a route to it) of one that is not up yet, or
#: has no address.
UNREADY = re.compile(r"network is (down|unreachable)|nexthop has invalid gateway", re.IGNORECASE)


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared, so there is none to be made at boot")
    if case.after.parent is None:
        return case.ruled_out(f"{case.parent_name} is not there now either")
    lacks = _lacks(case)
    if not lacks:
        return case.ruled_out(f"{link} is complete, or was when the watch began")
    boot = case.system["boot"]
    parent = boot["parents"].get(case.parent_name, {"there": None, "ready": None, "said": []})
    units = {name: unit for name, unit in boot["units"].items() if link in unit["links"]}
    early = [(name, unit, line) for name, unit in units.items() for line in _too_early(case, unit, parent)]
    if not early:
        return case.ruled_out(f"no unit that names {link} found {case.parent_name} missing or not ready at boot")
    name, unit, line = early[0]
    came = _came(parent, line)
    return case.confirmed(
        f"{lacks} on {case.host}: {name} ran {line['at']:.1f} s after the start of systemd, when"
        f" {case.parent_name} was not {'there' if _is_missing(case, line) else 'ready'} yet{came}",
        [*_evidence(case, name, unit, line, parent), case.item("link", lacks, link), *case.loss_items(case.broken())],
        culprit={"unit": name, "name": name, "text": f"{name} ({unit['path']})"},
        remedy=f"systemctl disable {name}, then run linuxnet.macvlan.site, whose own unit waits for its parent",
    )


def _lacks(case: Case) -> str:
    """What the link lacks now, empty where that is nothing, or was when the watch began."""
    for snapshot in (case.before, case.after):
        if snapshot.shim is None:
            missing = f"{case.network.link} is not there"
        else:
            there = {bare(item["address"]) for item in snapshot.own.addresses(case.network.link)}
            absent = [str(address) for address in case.own_addresses if str(address) not in there]
            missing = f"{case.network.link} has no {', '.join(absent)}" if absent else ""
        if not missing:
            return ""
    return missing


def _too_early(case: Case, unit: dict[str, Any], parent: dict[str, Any]) -> list[dict[str, Any]]:
    """What the unit said because its parent was not there, or not ready; the parent came later, as far as is known."""
    return [
        line
        for line in unit["said"]
        if (_is_missing(case, line) and (parent["there"] is None or parent["there"] > line["at"]))
        or (UNREADY.search(line["text"]) and parent["ready"] is not None and parent["ready"] > line["at"])
    ]


def _is_missing(case: Case, line: dict[str, Any]) -> bool:
    named = re.search(rf"(?<![\w.-]){re.escape(case.parent_name)}(?![\w-])", line["text"])
    return bool(named and MISSING.search(line["text"]))


def _came(parent: dict[str, Any], line: dict[str, Any]) -> str:
    later = [moment for moment in (parent["there"], parent["ready"]) if moment is not None and moment > line["at"]]
    return f" (it came {min(later) - line['at']:.1f} s later)" if later else ""


def _evidence(
    case: Case, name: str, unit: dict[str, Any], line: dict[str, Any], parent: dict[str, Any]
) -> list[EvidenceItem]:
    waits = ", ".join(unit["after"]) or "nothing of the network"
    return [
        case.item("journal", f"{line['at']:.3f} s after the start of systemd {name} said: {line['text']}"),
        *(
            case.item("journal", f"{item['at']:.3f} s after the start of systemd: {item['text']}", case.parent_name)
            for item in parent["said"]
        ),
        case.item("order", f"{unit['path']} is ordered after {waits}"),
    ]


CAUSE = Cause(
    id="boot_order",
    rank=200,
    title="the link was to be made before its parent was there",
    explanation="A macvlan link can be made only on a parent that is there. Units and scripts that run at a fixed point"
    " of the boot, or after network.target, do not wait for a device: a driver, a USB adapter, a VLAN or a bridge that"
    " comes a second later is enough that the link is not there after the boot.",
    remedy="run linuxnet.macvlan.site, with macvlan_persistence: auto, which makes links when their parent comes",
    signature="after a reboot, not after each",
    proof="what the unit that names the link said in this boot's journal (the parent cannot be found, the network is"
    " down), before the moment at which the parent was there or ready",
    must="P D",
    needs=("before", "after", "system", "system.boot"),
    explains=("host_isolation", "not_persistent"),
    repairable=True,
    judge=judge,
)
