# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""not_persistent: nothing on the host creates the link at boot."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import PersistedData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_LINK, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: Parts of the paths of files that create a link: units, netdevs of systemd-networkd and the drop-ins that put them on
#: the parent, profiles of NetworkManager and stanzas of ifupdown. Others only set values on it.
MAKING = (".service", ".netdev", ".network.d/", ".nmconnection", "/interfaces.d/")


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared, so none is created at boot")
    known = case.persisted.get(link, PersistedData(files=[], units={}))
    makers = [path for path in known["files"] if _makes(path)]
    disabled = [name for name, unit in known["units"].items() if not unit["enabled"]]
    missing = _missing(case, link)
    if makers and not disabled and not missing:
        return case.ruled_out(f"{makers[0]} creates {link} at boot", [case.item("file", path) for path in makers])
    others = case.makers(link)
    if others and not makers:
        return case.ruled_out(f"{others[0].value}, which is not of this collection", others)
    evidence = [case.item("unit", f"{name} is not enabled") for name in disabled]
    evidence += [case.item("file", f"{path} does not exist") for path in missing]
    if not makers:
        evidence.append(case.item("files", f"no file, profile, unit or script that was found creates {link}"))
    if case.after.shim is None:
        if case.before.shim is not None:
            return case.ruled_out(f"{link} existed, and was removed during the watch")
        return case.confirmed(
            f"{link} does not exist on {case.host}, and nothing that was found creates it at boot",
            [
                case.item("link", case.after.scope["link_problem"] or f"{link} does not exist", link),
                *evidence,
                *case.loss_items(case.broken()),
            ],
        )
    declared = case.declared_link(link)
    if declared is None or declared["persistence"] == "none":
        return case.ruled_out(f"{link} is declared without persistence, and exists", evidence)
    return case.suspected(
        f"{link} on {case.host} will be missing after a reboot: nothing that was found creates it at boot", evidence
    )


def _makes(path: str) -> bool:
    return any(part in path for part in MAKING)


def _missing(case: Case, link: str) -> list[str]:
    """Files that the declared form of the link consists of, and that do not exist."""
    drift = case.evidence["drift"]
    messages = drift["messages"] if drift else []
    added = [
        text[len("file ") : -len(": add")] for text in messages if text.startswith("file ") and text.endswith(": add")
    ]
    return [path for path in added if _makes(path) and link in path]


CAUSE = Cause(
    id="not_persistent",
    rank=280,
    title="nothing creates the link at boot",
    explanation="Links that ip(8) and container engines create last until the next boot. Without a file of the network"
    " manager or an enabled unit nothing creates the link again.",
    remedy="run linuxnet.macvlan.site, with macvlan_persistence: auto",
    signature="after a reboot",
    proof="the link does not exist, and no file or enabled unit of the host creates it",
    must="P D",
    by=APPLY,
    needs=("before", "after", "system.persisted"),
    explains=("host_isolation", "link_absent", "address_absent", "route_absent"),
    breaks=OF_LINK,
    judge=judge,
)
