# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""route_diverted: the host has the right route, and another one or a rule takes precedence and leads elsewhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import PathData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, changed, covers, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import about
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, whoever

#: What the kernel says for routes and rules of these types (net/ipv4/fib_semantics.c, fib_props). Where it has no route
#: at all it says ENETUNREACH.
REFUSED = {
    os.strerror(errno.EINVAL): "blackhole",
    os.strerror(errno.EACCES): "prohibit",
    os.strerror(errno.EHOSTUNREACH): "unreachable",
}


def judge(case: Case) -> CauseVerdict:
    broken = case.broken()
    asked = {item["target"] for item in broken if not item["from"]["namespace"]}
    paths = [path for path in case.after.own.paths if path["target"] in asked]
    away = {path["target"]: path for path in paths if _leads_away(case, path)}
    if away:
        said = {target: _words(path) for target, path in away.items()}
        hurt = about(case, away, broken)
        what = f"on {case.host} another route or rule takes precedence"
        events = [event for event in case.events("new") if _covers(event, away)]
        remedy = [text for event in events[:1] for text in [_removal(event)] if text]
    else:
        lost = [path["target"] for path in case.after.own.paths if _is_not_own(case, path)]
        said = dict.fromkeys(lost, "is not taken for the host's own, as the routing table local does not have it")
        what = f"{case.host} does not take what is sent to its own link"
        hurt = [item for item in broken if item["target"] in said or (said and item["kind"] == HOST_TO_CONTAINER)]
        events = [event for event in case.events("delete", case.network.link) if _covers(event, said)]
        remedy = [_own_again(case, target) for target in lost]
    if not hurt:
        return case.ruled_out("the kernel's routes to what is lost lead over the parent and the links of the network")
    after = events[0]["after"] if events else case.first_loss(hurt)
    return case.confirmed(
        f"{what}{since(after)}: " + "; ".join(f"{target} {words}" for target, words in list(said.items())[:3]),
        [
            *(case.item("route lookup", f"{target} {words}") for target, words in list(said.items())[:3]),
            *map(case.event_item, events[:3]),
            *case.loss_items(hurt),
        ],
        after,
        culprit=whoever(events[0]) if events else None,
        remedy=f"{'; '.join(remedy)}; and keep who did it from doing it again"
        if remedy
        else f"find it (ip rule; ip route show table all match {quote(next(iter(said)))}) and delete it, or have the"
        " program that adds it leave the network's subnet out",
        steps=[command(text) for text in remedy],
    )


def _leads_away(case: Case, path: PathData) -> bool:
    """Whether the kernel refuses it or sends it elsewhere, although a route over the parent or the link leads there."""
    own, mine = case.after.own, {case.network.link, case.parent_name}
    right = any(
        route["link"] in mine
        and not route["destination"].endswith("/0")
        and covers(route["destination"], path["target"])
        for route in own.routes()
    )
    if path["error"] or path["local"] or not right:
        return right and path["error"] in REFUSED
    link = own.link(path["link"])
    if any(case.route_events("delete", name) for name in mine):
        # The routes were read a moment before the kernel was asked.
        return False
    if link is None or link["name"] in {"lo", *mine} or link["parent"] == case.parent_name:
        return False
    # With an address in the subnet it is two_uplinks_one_subnet.
    return not any(case.inside(bare(item["address"])) for item in own.addresses(link["name"]))


def _is_not_own(case: Case, path: PathData) -> bool:
    """Whether the kernel does not take an address for its own that the host's link has, and had all the time: an entry
    goes with its address, and with a link that is down."""
    name = case.network.link
    link = case.after.own.link(name)
    went = any(changed(event, "up") for event in case.link_events("change", name))
    gone = any(bare(event["data"]["address"]) == path["target"] for event in case.address_events("delete", name))
    if link is None or not link["up"] or went or gone:
        return False
    held = {
        bare(item["address"]) for item in case.after.own.addresses(name) if not (item["tentative"] or item["dadfailed"])
    }
    return path["target"] in held and not path["local"] and path["target"] in map(str, case.own_addresses)


def _words(path: PathData) -> str:
    if path["error"]:
        return f"is refused by a route or rule of type {REFUSED[path['error']]}"
    via = f" via {path['gateway']}" if path["gateway"] else ""
    return f"is sent out of {path['link']}{via}"


def _covers(event: Event, targets: Collection[str]) -> bool:
    """Whether a route or a rule is about one of them; a rule without a destination is about all."""
    if event["kind"] == "route":
        text: str | None = event["data"]["destination"]
    elif event["kind"] == "rule":
        text = event["data"]["to"]
    else:
        return False
    return any(text is None or covers(text, target) for target in targets)


def _removal(event: Event) -> str:
    """The command that removes a route or a rule that was added; empty for one that other traffic uses as well."""
    if event["kind"] == "rule":
        family = "-6 " if event["data"]["family"] == "ipv6" else ""
        return f"ip {family}rule delete priority {event['data']['priority']}" if event["data"]["to"] else ""
    if event["kind"] != "route" or event["data"]["destination"].endswith("/0"):
        return ""
    data = event["data"]
    device = f" dev {quote(event['link'])}" if event["link"] and data["type"] == "unicast" else ""
    via = f" via {quote(data['gateway'])}" if data["gateway"] else ""
    kind = "" if data["type"] == "unicast" else f"{data['type']} "
    return f"ip route delete {kind}{quote(data['destination'])}{via}{device} table {data['table']}"


def _own_again(case: Case, target: str) -> str:
    family = "-6 " if ":" in target else ""
    return f"ip {family}route add local {quote(target)} dev {quote(str(case.network.link))} table local"


CAUSE = Cause(
    id="route_diverted",
    rank=7,
    title="another route or rule takes precedence over the right one",
    explanation="The kernel uses the first rule that has a route, and of its routes the most specific one. A route that"
    " a VPN, a container engine or a program against attacks adds for an address or a range of the network, a rule"
    " of the routing policy, or a missing entry of the routing table local turns packets away before the declared route"
    " is looked at.",
    remedy="find it (ip rule; ip route show table all match ADDRESS) and delete it, or have the program that adds it"
    " leave the network's subnet out",
    signature="for single addresses or the whole network, from the moment it is added",
    proof="the kernel refuses the route lookup with the error of a blackhole, prohibit or unreachable route, or leads"
    " it over an interface that has nothing to do with the network, or does not take the link's address for its own,"
    " while routes over the parent or the link lead there; and probes are lost",
    must="D with culprit",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("host_isolation", "gateway_dead", "stale_neighbour", "martian_source", "strict_rp_filter"),
    breaks=OF_HOST,
    judge=judge,
)
