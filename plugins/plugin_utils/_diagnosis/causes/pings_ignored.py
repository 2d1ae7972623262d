# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pings_ignored: a setting of the kernel keeps a container, or the host, from answering pings."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import NamespaceView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: By IP version: its name in the evidence, and for sysctl(8).
SETTINGS = {
    4: ("icmp_echo_ignore_all", "net.ipv4.icmp_echo_ignore_all"),
    6: ("echo_ignore_all", "net.ipv6.icmp.echo_ignore_all"),
}


def judge(case: Case) -> CauseVerdict:
    silent = []
    for target in case.broken():
        space = _holder(case, target["target"])
        name, key = SETTINGS[6 if ":" in target["target"] else 4]
        if target["method"] == ECHO and space is not None and space.setting("all", name) == 1:
            silent.append((target, space, key))
    if not silent:
        return _declined(case)
    target, space, key = silent[0]
    lost = [one for one, _space, _key in silent]
    place = f"the container in {space.label}" if space.label else case.host
    answer = f"{space.enter}sysctl -w {key}=0"
    return case.confirmed(
        f"{place} answers no pings ({target['target']}): its {key} is 1; other traffic is not touched by that",
        [case.item("setting", f"{key} is 1", "", space.label), *case.loss_items(lost)],
        case.first_loss(lost),
        remedy=f"{answer}, and take the setting out of the file or the container's options that set it",
        steps=[command(answer)],
    )


def _declined(case: Case) -> CauseVerdict:
    """Where nobody asked for pings, and all else works, it is no fault: verification passes it, too."""
    for target in case.targets():
        space = _holder(case, target["target"]) if target.get("declined") else None
        name, key = SETTINGS[6 if ":" in target["target"] else 4]
        if space is not None and space.setting("all", name) == 1:
            return case.ruled_out(
                f"{space.label} is not to answer pings, and does not: {target['target']}: {target['declined']}",
                [case.item("setting", f"{key} is 1", "", space.label)],
            )
    return case.ruled_out("nobody on this host who does not answer has a setting that ignores pings")


def _holder(case: Case, address: str) -> NamespaceView | None:
    """The namespace on this host that has an address."""
    return next(
        (
            space
            for space in case.after.namespaces
            if any(item["address"].split("/", maxsplit=1)[0] == address for item in space.addresses())
        ),
        None,
    )


CAUSE = Cause(
    id="pings_ignored",
    rank=16,
    title="a setting keeps pings from being answered",
    explanation="With icmp_echo_ignore_all the kernel of a network namespace answers no echo request. Everything else"
    " works: only checks by ping fail.",
    remedy="set icmp_echo_ignore_all to 0 in that namespace",
    signature="from the moment when it is set, for pings to one container or to the host",
    proof="the setting is 1 in the namespace that has the address, and pings to that address are lost; not of a"
    " container that never answered pings and works otherwise, unless check: icmp is declared",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("stale_neighbour", "announcement_lost"),
    everywhere=True,
    judge=judge,
)
