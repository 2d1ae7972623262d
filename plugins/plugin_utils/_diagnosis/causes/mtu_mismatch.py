# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mtu_mismatch: small packets pass and large ones are lost, as a hop on the path has a smaller MTU."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import SizedPair
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem


def judge(case: Case) -> CauseVerdict:
    tried = case.experiments.result("full_size")
    if tried is None:
        return case.not_tested(case.experiments.why_not("full_size"))
    evidence = [_pair_item(case, pair) for pair in tried["pairs"]][:5]
    cut = [pair for pair in tried["pairs"] if _is_cut(pair)]
    if not cut:
        return case.ruled_out("packets of the full MTU get through wherever small ones do", evidence)
    pair = cut[0]
    evidence = [_pair_item(case, pair) for pair in cut[:5]]
    evidence += [
        case.item("mtu", f"{link['name']} has the MTU {link['mtu']}", link["name"], namespace.label)
        for namespace, link in case.links()
    ]
    sender = pair["namespace"] or case.host
    largest, least = max(pair["passed"]), min(pair["lost"])
    return case.confirmed(
        f"packets of {least} octets and more from {sender} to {pair['target']} are lost silently, those of {largest}"
        f" get through: a hop between them has a smaller MTU than the sender's {pair['size']}",
        evidence,
    )


def _is_cut(pair: SizedPair) -> bool:
    """All small sizes pass and no large one does: not a random loss."""
    return bool(pair["passed"] and pair["lost"]) and max(pair["passed"]) < min(pair["lost"]) and not pair["error"]


def _pair_item(case: Case, pair: SizedPair) -> EvidenceItem:
    text = f"{pair['target']}: unfragmented packets of {_listed(pair['passed'])} octets answered"
    if pair["lost"]:
        text += f", of {_listed(pair['lost'])} not"
    return case.item("full size", text, namespace=pair["namespace"])


def _listed(sizes: list[int]) -> str:
    return ", ".join(map(str, sizes)) or "no"


CAUSE = Cause(
    id="mtu_mismatch",
    rank=140,
    title="the MTU of the network is smaller than that of the links",
    explanation="Within one segment no error message reports that packets are too large: a switch or a link with a"
    " smaller MTU drops them silently. Pings and handshakes are small and work, transfers hang.",
    remedy="give switch, parent, link and containers one MTU: raise the switch's, or set mtu in macvlan_networks and"
    " lower the parent's and the container network's",
    signature="large packets only",
    proof="unfragmented packets of the full MTU are lost where small ones are answered",
    must="P D",
    by=DECLARE,
    needs=("after", "watch"),
    judge=judge,
)
