# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nm_exclusion_overridden: a configuration file overrides the link's exclusion from NetworkManager."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ContributionData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.specs import Device, is_except, matches, takes
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.networkmanager import takeover
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    BY_HAND,
    SITE,
    RemedyStep,
    apply,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import Culprit
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import FILE, CauseVerdict

#: What one line of NetworkManager's configuration does to the list, in its own notation.
OPERATORS = {"replace": "=", "add": "+=", "remove": "-="}


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    manager = case.networkmanager
    if link is None:
        return case.ruled_out("no link of the host is declared that NetworkManager could manage")
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
        f"{overriding['path']} overrides the exclusion of {link} from NetworkManager on {case.host},"
        f" which is in {excluding['path']}"
    )
    remedy, steps = _remedy(overriding, device)
    file = Culprit(path=overriding["path"], text=overriding["path"], rule=FILE)
    broken = case.broken()
    if found is None or not broken:
        return case.suspected(summary, evidence, after, file, remedy, steps)
    items = [*evidence, *found.evidence, *case.loss_items(broken)]
    return case.confirmed(
        f"{summary}, and NetworkManager configures it{since(after)}", items, after, file, remedy, steps
    )


def _undone(lines: list[ContributionData], device: Device) -> tuple[ContributionData, ContributionData] | None:
    """The last line that excludes the device, and the first one after it that reverts that."""
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


def _remedy(line: ContributionData, device: Device) -> tuple[str, list[RemedyStep]]:
    """What to change in the file first: while it overrides the exclusion, the role nm_exclusion refuses."""
    excepts = [spec for spec in line["specs"] if is_except(spec) and takes(spec, device)]
    if excepts:
        change = RemedyStep(BY_HAND, f"take {', '.join(excepts)} out of unmanaged-devices in {line['path']}")
    elif line["operation"] == "remove":
        change = command(f"sed -i -E '/^[[:blank:]]*unmanaged-devices[[:blank:]]*-=/d' {quote(line['path'])}")
    else:
        edit = r"s/^([[:blank:]]*unmanaged-devices)[[:blank:]]*=/\1+=/"
        change = command(f"sed -i -E '{edit}' {quote(line['path'])}")
    steps = [change, command("nmcli general reload conf"), apply()]
    return f"{steps[0].text}; then {steps[1].text}; then {SITE}, which refuses before", steps


def _line(line: ContributionData) -> str:
    return f"{line['path']}: unmanaged-devices{OPERATORS[line['operation']]}{','.join(line['specs'])}"


CAUSE = Cause(
    id="nm_exclusion_overridden",
    rank=270,
    title="a file overrides the link's exclusion from NetworkManager",
    explanation="NetworkManager reads its files in the order of their names. unmanaged-devices= replaces the list of"
    " earlier files, and += adds to it. A package or a tool that installs such a file makes the link managed at the"
    " next reload or boot.",
    remedy="write unmanaged-devices+= instead of unmanaged-devices= in that file, then nmcli general reload conf",
    signature="at a reload of NetworkManager, after an update of packages, or at boot",
    proof="NetworkManager's effective list lacks the link, a line overrides the one that adds it, and NetworkManager"
    " configures the link",
    must="P D with file",
    by=BY_HAND,
    needs=("watch", "after", "system.networkmanager"),
    explains=("address_removed_by_other", "nm_dhcp_on_link", "address_absent", "route_absent"),
    breaks=OF_HOST,
    judge=judge,
)
