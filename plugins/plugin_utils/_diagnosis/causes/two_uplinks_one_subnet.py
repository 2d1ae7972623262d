# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""two_uplinks_one_subnet: another link of the host also has an address in the network's subnet."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import LinkData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    own, parent = case.after.own, case.parent_name
    inside = sorted((item["link"] or "", item["address"]) for item in own.addresses() if case.inside(item["address"]))
    others = [(link, address) for link, address in inside if _is_uplink(own.link(link), parent)]
    # A sibling reaches the same machines: it matters where packets that are lost leave by it.
    lost = {item["target"] for item in case.broken() if not item["from"]["namespace"]}
    taken = {item["link"] for item in own.paths if item["target"] in lost}
    siblings = [(link, address) for link, address in inside if _is_sibling(case, own.link(link), address)]
    others += [item for item in siblings if item[0] in taken]
    if not others:
        more = "".join(f"; its sibling {link} has {address}, and nothing is lost over it" for link, address in siblings)
        return case.ruled_out(f"no other uplink than {parent} has an address in the network's subnets{more}")
    evidence = [case.item("address", f"{link} has {address}", link) for link, address in others]
    names = {link for link, dummy in others}
    used = [item for item in own.paths if item["link"] in names and case.inside(item["target"])]
    evidence += [case.item("route", f"the kernel sends {item['target']} out of {item['link']}") for item in used]
    link, address = others[0]
    broken = case.broken()
    if not used and not broken:
        return case.suspected(f"{link} of {case.host} has {address}, in the subnet of {parent}", evidence)
    after = case.first_loss(broken)
    delete = f"ip address delete {quote(address)} dev {quote(str(link))}"
    return case.confirmed(
        f"{case.host} has a second link into the subnet{since(after)}, {link} with {address}: requests and replies"
        f" leave by it instead of {parent}",
        [*evidence, *case.loss_items(broken)],
        after=after,
        remedy=f"remove {address} from {link} ({delete}), or give {link} a routing table of its own (ip rule from"
        f" {address})",
        steps=[command(delete)],
    )


def _is_uplink(link: LinkData | None, parent: str) -> bool:
    """Neither the parent itself nor a macvlan link of it."""
    return link is not None and link["name"] not in ("lo", parent) and link["parent"] != parent and not link["mode"]


def _is_sibling(case: Case, link: LinkData | None, address: str) -> bool:
    """Whether it is another macvlan or ipvlan link of the parent, with a subnet."""
    return (
        link is not None
        and link["parent"] == case.parent_name
        and link["name"] != case.network.link
        and not address.endswith(("/32", "/128"))
    )


CAUSE = Cause(
    id="two_uplinks_one_subnet",
    rank=100,
    title="two uplinks of the host are in one subnet",
    explanation="Each of the two links adds a route to the same subnet, and the kernel uses one of them for all"
    " packets, also for replies to requests that arrived on the other link. They leave with another MAC address, and"
    " switches or neighbours refuse them.",
    remedy="keep one of the two links in the subnet, or use policy routing (ip rule, one table for each link)",
    signature="from the start",
    proof="two links have addresses in the subnet, and the kernel uses the wrong one",
    must="R D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("host_isolation", "arp_flux", "gateway_dead"),
    breaks=OF_HOST,
    judge=judge,
)
