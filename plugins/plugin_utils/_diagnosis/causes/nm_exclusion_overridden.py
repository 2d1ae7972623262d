# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nm_exclusion_overridden: a file undoes that NetworkManager leaves the link alone."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.specs import Device, is_except, matches, takes
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.networkmanager import takeover
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: What one line of NetworkManager's configuration does to the list, as it is written there.
OPERATORS = {"replace": "=", "add": "+=", "remove": "-="}


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    manager = case.system["networkmanager"]
    if link is None:
        return case.ruled_out("no link of the host is declared that NetworkManager could take")
    device = Device(link, "macvlan")
    if matches(manager["unmanaged"], device):
        return case.ruled_out(f"NetworkManager's list of unmanaged devices has {link}")
    undone = _undone(manager["contributions"], device)
    if undone is None:
        return case.ruled_out(f"no file excludes {link} from NetworkManager, so none was overridden")
    excluding, overriding = undone
    evidence = [case.item("file", _line(item)) for item in (excluding, overriding)]
    found = takeover(case)
    after = found.after if found else None
    summary = (
        f"{overriding['path']} undoes the exclusion of {link} from NetworkManager on {case.host},"
        f" which is in {excluding['path']}"
    )
    remedy = f"remove unmanaged-devices from {overriding['path']}, or write it as unmanaged-devices+="
    more = {"culprit": {"path": overriding["path"], "text": overriding["path"]}, "remedy": remedy, "after": after}
    broken = case.broken()
    if found is None or not broken:
        return case.suspected(summary, evidence, **more)
    return case.confirmed(
        f"{summary}, and NetworkManager took the link{since(after)}",
        [*evidence, *found.evidence, *case.loss_items(broken)],
        **more,
    )


def _undone(lines: list[dict[str, Any]], device: Device) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The last line that excludes the device, and the first one after it that takes that back."""
    excluding = [
        number
        for number, line in enumerate(lines)
        if line["operation"] != "remove" and any(not is_except(spec) and takes(spec, device) for spec in line["specs"])
    ]
    for line in lines[excluding[-1] + 1 :] if excluding else ():
        excepts = any(is_except(spec) and takes(spec, device) for spec in line["specs"])
        removes = line["operation"] == "remove" and set(line["specs"]) & set(lines[excluding[-1]]["specs"])
        if line["operation"] == "replace" or excepts or removes:
            return lines[excluding[-1]], line
    return None


def _line(line: dict[str, Any]) -> str:
    return f"{line['path']}: unmanaged-devices{OPERATORS[line['operation']]}{','.join(line['specs'])}"


CAUSE = Cause(
    id="nm_exclusion_overridden",
    rank=270,
    title="a file undoes the link's exclusion from NetworkManager",
    explanation="NetworkManager reads its files in the order of their names, and unmanaged-devices= replaces the list"
    " that earlier files made, where += adds to it. A package or a tool that brings such a file makes the link managed"
    " at the next reload or boot.",
    remedy="write unmanaged-devices+= instead of unmanaged-devices= in that file, then nmcli general reload conf",
    signature="at a reload of NetworkManager, after an update of packages, or at boot",
    proof="the list that NetworkManager prints lacks the link, the line that undoes it, and that it took the link",
    must="P D with file",
    needs=("watch", "after", "system", "system.networkmanager"),
    explains=("nm_dhcp_on_link",),
    judge=judge,
)
