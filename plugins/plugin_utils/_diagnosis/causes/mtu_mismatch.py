# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mtu_mismatch: small packets pass and large ones are lost, as something on the way has a smaller MTU."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem


def judge(case: Case) -> CauseVerdict:
    tried = case.experiment("full_size")
    if tried is None:
        return case.not_tested(case.why_no_experiment("full_size"))
    evidence = [_pair_item(case, pair) for pair in tried["pairs"]][:5]
    cut = [pair for pair in tried["pairs"] if _is_cut(pair)]
    if not cut:
        return case.ruled_out("packets of the full MTU get through wherever small ones do", evidence)
    pair = cut[0]
    sizes = _sizes(case)
    evidence = [_pair_item(case, pair) for pair in cut[:5]]
    evidence += [case.item("mtu", f"{name} has the MTU {mtu}", name, space) for (space, name), mtu in sizes.items()]
    sender = pair["namespace"] or case.host
    largest, least = max(pair["passed"]), min(pair["lost"])
    return case.confirmed(
        f"packets of {least} octets and more from {sender} to {pair['target']} are lost without a word, those of"
        f" {largest} get through: something between them has a smaller MTU than the sender's {pair['size']}",
        evidence,
    )


def _is_cut(pair: dict[str, Any]) -> bool:
    """All small sizes pass, all large ones do not: that is no loss by chance."""
    return bool(pair["passed"] and pair["lost"]) and max(pair["passed"]) < min(pair["lost"]) and not pair["error"]


def _sizes(case: Case) -> dict[tuple[str, str], int]:
    """The MTUs of the parent, the host's link and the containers' links, by namespace and name."""
    names = [("", name) for name in (case.parent_name, case.network.link) if name]
    names += [(item["namespace"], item["link"]) for item in case.after.containers]
    found = {}
    for space, name in names:
        place = case.after.namespace(space)
        link = place.link(name) if place else None
        if link is not None:
            found[space, name] = int(link["mtu"])
    return found


def _pair_item(case: Case, pair: dict[str, Any]) -> EvidenceItem:
    text = f"{pair['target']}: unfragmented packets of {_listed(pair['passed'])} octets answered"
    if pair["lost"]:
        text += f", of {_listed(pair['lost'])} not"
    return case.item("full size", text, namespace=pair["namespace"])


def _listed(sizes: list[int]) -> str:
    return ", ".join(map(str, sizes)) or "no"


CAUSE = Cause(
    id="mtu_mismatch",
    rank=140,
    title="the network takes smaller packets than the links send",
    explanation="On one segment nobody tells a sender that its packets are too large: a switch or a link with a smaller"
    " MTU drops them without a word. Pings and handshakes are small and work, transfers hang.",
    remedy="give switch, parent, link and containers one MTU: raise the switch's, or set mtu in macvlan_networks and"
    " lower the parent's and the container network's",
    signature="large packets only",
    proof="unfragmented packets of the full MTU are lost where small ones are answered, and the MTUs of the links",
    must="P D",
    needs=("after", "watch"),
    judge=judge,
)
