# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What report.json holds, in the situations that pages and texts have to show."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

STARTED = "2026-11-21T20:00:00.123Z"
NETWORK_MANAGER = {
    "pid": 812,
    "name": "NetworkManager",
    "unit": "NetworkManager.service",
    "command": "/usr/sbin/NetworkManager --no-daemon",
    "known_by": "port id",
}
#: What a host, a container or a process may call itself.
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> | `rm` [x](http://e.example) \u202e @all \x1b[2J"
)

RULED_OUT = {
    "duplicate_ip": "nobody else answered for the addresses of this host",
    "strict_rp_filter": "TcpExtIPReversePathFilter did not move during the watch",
    "arp_flux": "one MAC answered each query",
    "route_order": "the route to each container leaves through the link",
    "mac_filtering_upstream": "a throw-away child with a fresh MAC reached the gateway",
    "mtu_mismatch": "parent, link and containers all have MTU 1500",
    "wrong_mode": "the link is in bridge mode",
    "carrier_loss_drops_config": "the parent kept its carrier",
}


def report(hosts: list[dict], verdicts: Iterable[dict] = ()) -> dict:
    order = ["confirmed", "suspected", "not_tested", "ruled_out"]
    found = sorted(verdicts, key=lambda item: (order.index(item["status"]), item["host"], item["after"] or 0))
    states = [host["state"] for host in hosts]
    summary = {state: states.count(state) for state in ("healthy", "broken", "unreachable")}
    counted = {status: len([1 for item in found if item["status"] == status]) for status in order[:2]}
    return {
        "schema": "linuxnet.macvlan/diagnosis/1",
        "generated": "2026-11-21T20:01:07.500Z",
        "version": "0.1.0",
        "parameters": {"diagnose_seconds": 60, "diagnose_interval": 0.5, "diagnose_active": True},
        "summary": {"hosts": len(hosts), **summary, **counted},
        "hosts": hosts,
        "verdicts": found,
    }


def host(name: str = "web1", state: str = "healthy", number: int = 3, **more: Any) -> dict:
    return {
        "host": name,
        "state": state,
        "message": "",
        "clock": {"offset_seconds": 0.01, "uncertainty_seconds": 0.02},
        "links": [link(number)],
        "timeline": timeline(number),
        **more,
    }


def link(number: int = 3, broken: Iterable[str] = (), containers: int = 2, **more: Any) -> dict:
    """broken: the target ids (see `timeline`) whose edges are broken."""
    named = [
        {
            "namespace": name,
            "link": "eth0",
            "mac": f"02:42:c0:a8:64:{129 + order:02x}",
            "addresses": [f"192.168.100.{129 + order}/24"],
        }
        for order, name in enumerate(container_names(containers))
    ]
    wanted = [
        ("parent", "gateway", "gateway_from_parent/192.168.100.1"),
        ("link", "gateway", "gateway_from_link/192.168.100.1"),
    ]
    for order, item in enumerate(named):
        node, address = f"container:{item['namespace']}", f"192.168.100.{129 + order}"
        wanted += [("link", node, f"host_to_container/{address}"), (node, "link", f"container_to_host/{address}")]
        wanted.append((node, "gateway", f"gateway_from_container/{address}"))
    edges = [
        {"from": source, "to": to, "state": "broken" if target in broken else "ok", "target_id": f"lan0/{target}"}
        for source, to, target in wanted
    ]
    return {
        "network": "lan0",
        "parent": "eth0",
        "parent_mac": f"52:54:00:12:34:{number % 256:02x}",
        "parent_state": "up",
        "link": "lan0",
        "link_mac": f"02:5e:10:00:00:{number % 256:02x}",
        "mode": "bridge",
        "addresses": [f"192.168.100.{number}/32"],
        "gateway": ["192.168.100.1"],
        "containers": named,
        "edges": edges,
        **more,
    }


def container_names(number: int) -> list[str]:
    return [
        ["grafana", "postgres", "nginx", "redis"][order % 4] + (f"-{order}" if order > 3 else "")
        for order in range(number)
    ]


def timeline(number: int = 3, lost: dict[str, list] | None = None, **more: Any) -> dict:
    """lost: loss intervals by the part of a target's id behind the network."""
    lost = lost or {}
    targets = []
    for kind, source, target, method in (
        ("gateway_from_parent", "eth0", "192.168.100.1", "who_has"),
        ("gateway_from_link", "lan0", "192.168.100.1", "who_has"),
        ("host_to_container", "lan0", "192.168.100.129", "echo"),
        ("host_to_container", "lan0", "192.168.100.130", "echo"),
    ):
        losses = lost.get(f"{kind}/{target}", [])
        missing = round(sum(end - start for start, end in losses) / 0.5)
        targets.append(
            {
                "id": f"lan0/{kind}/{target}",
                "network": "lan0",
                "kind": kind,
                "from": {"namespace": "", "link": source},
                "target": target,
                "method": method,
                "sent": 120,
                "received": 120 - missing,
                "rtt_ms": {"min": 0.08, "avg": 0.21, "max": 0.94},
                "first_loss": losses[0][0] if losses else None,
                "losses": losses,
                "answered_by": ["52:54:00:aa:00:01"] if method == "who_has" else [],
            }
        )
    first = min((item for item in targets if item["losses"]), key=lambda item: item["first_loss"], default=None)
    return {
        "started": STARTED,
        "duration": 60.0,
        "interval": 0.5,
        "targets": targets,
        "events": [],
        "counters": [],
        "first_break": {"after": first["first_loss"], "target": first["id"]} if first else None,
        "limits": [],
        "cost": {"cpu_seconds": 0.41, "max_rss_kib": 31000},
        **more,
    }


def event(after: float, kind: str, what: str, process: dict | None = None, **more: Any) -> dict:
    return {
        "after": after,
        "kind": kind,
        "action": "change",
        "namespace": "",
        "link": "lan0",
        "what": what,
        "data": {},
        "process": process,
        "process_unknown": "",
        **more,
    }


def verdict(name: str, cause: str, status: str = "confirmed", summary: str = "", **more: Any) -> dict:
    return {
        "host": name,
        "network": "lan0",
        "cause": cause,
        "status": status,
        "summary": summary or RULED_OUT.get(cause, f"{cause} on {name}"),
        "explanation": "",
        "after": None,
        "evidence": [],
        "culprit": None,
        "remedy": "",
        **more,
    }


def ruled_out(name: str, without: Iterable[str] = ()) -> list[dict]:
    return [
        verdict(name, cause, "ruled_out", evidence=[proof("observed", summary, name)])
        for cause, summary in RULED_OUT.items()
        if cause not in without
    ]


def proof(what: str, value: str, name: str = "web1", at: str = "2026-11-21T20:00:04.336Z") -> dict:
    return {"what": what, "where": f"{name}: host/lan0", "at": at, "value": value}


def healthy() -> dict:
    hosts = [host("web1"), host("web2", number=4), host("web10", number=5)]
    return report(hosts, [item for each in hosts for item in ruled_out(each["host"])])


#: what NetworkManager's re-activation of the parent breaks
REMOVED = {
    "gateway_from_link/192.168.100.1": [[4.5, 60.0]],
    "host_to_container/192.168.100.129": [[4.5, 60.0]],
    "host_to_container/192.168.100.130": [[4.5, 31.0], [33.5, 60.0]],
}


def address_removed(name: str = "web1", number: int = 3) -> tuple[dict, dict]:
    """A host whose link lost its address, and the verdict."""
    events = [
        event(1.002, "arp", "who has 192.168.100.1, asked by 192.168.100.3", action="seen", link="eth0"),
        event(4.198, "manager", "NetworkManager: eth0 from activated to deactivating", NETWORK_MANAGER, link="eth0"),
        event(4.213, "address", f"address 192.168.100.{number}/32 removed from lan0", NETWORK_MANAGER, action="delete"),
        event(
            4.214,
            "route",
            "route 192.168.100.128/28 dev lan0 removed",
            None,
            action="delete",
            process_unknown="the kernel removed it with the address",
        ),
        event(4.391, "link", "eth0 down", NETWORK_MANAGER, link="eth0"),
        event(4.402, "link", "eth0 up", NETWORK_MANAGER, link="eth0"),
        event(4.7, "neighbour", "192.168.100.129 on lan0: REACHABLE to FAILED"),
        event(31.1, "arp", "192.168.100.130 is at 02:42:c0:a8:64:82, announced", action="seen", link="eth0"),
        event(33.0, "neighbour", "192.168.100.130 on lan0: REACHABLE to STALE"),
    ]
    watched = timeline(
        number,
        REMOVED,
        events=events,
        counters=[{"namespace": "", "link": "eth0", "name": "rx_dropped", "before": 3, "after": 17}],
    )
    failing = host(name, "broken", number, links=[link(number, REMOVED, addresses=[])], timeline=watched)
    return failing, verdict(
        name,
        "address_removed_by_other",
        summary=f"192.168.100.{number}/32 was removed from lan0 +4.2 s after the watch began, by NetworkManager",
        explanation="A network manager that activates the parent again flushes addresses that it does not know. "
        "Without its address the host has no sender for packets to its containers, and its routes are gone.",
        after=4.213,
        evidence=[
            proof("RTM_DELADDR", f"192.168.100.{number}/32 from lan0, port id 812", name),
            proof("first loss", "0.287 s after the address was removed", name, "2026-11-21T20:00:04.623Z"),
            proof("address before and after", f"before: 192.168.100.{number}/32; after: none", name),
        ],
        culprit={**NETWORK_MANAGER, "text": ""},
        remedy="ansible-playbook linuxnet.macvlan.site --limit " + name,
    )


def one_broken() -> dict:
    failing, found = address_removed()
    hosts = [failing, host("web2", number=4), host("web10", number=5)]
    rest = [item for each in hosts for item in ruled_out(each["host"])]
    untested = verdict("web1", "promisc_needed", "not_tested", "diagnose_active is false: the experiment was not made")
    return report(hosts, [found, untested, *rest])


def fleet_duplicate() -> dict:
    """Two hosts of the fleet, one of them with a clock that is two minutes ahead, give one address to containers."""
    address = "192.168.100.130"
    lost = {f"host_to_container/{address}": [[at, at + 1.5] for at in range(2, 58, 5)]}
    hosts, verdicts = [], []
    for number, (name, other, clock) in enumerate((("rack1-a", "rack2-b", 0.004), ("rack2-b", "rack1-a", 125.3)), 3):
        flips = [
            event(
                at - 0.4,
                "arp",
                f"{address} moves from 02:42:c0:a8:64:82 to 02:42:0a:00:00:82",
                link="eth0",
            )
            for at in range(2, 58, 5)
        ]
        watched = timeline(number, lost, events=flips)
        watched["targets"][-1]["answered_by"] = ["02:42:c0:a8:64:82", "02:42:0a:00:00:82"]
        clocks = {"offset_seconds": clock, "uncertainty_seconds": 0.02}
        if clock > 1:
            watched["started"] = "2026-11-21T20:02:05.423Z"
        hosts.append(host(name, "broken", number, links=[link(number, lost)], timeline=watched, clock=clocks))
        verdicts.append(
            verdict(
                name,
                "duplicate_ip_in_fleet",
                summary=f"{address} is used by container postgres on {name} and by container postgres on {other}",
                explanation="Both containers answer the same queries; each peer keeps whichever answer came last, so "
                "connections move between them at random.",
                after=2.0,
                evidence=[
                    proof("02:42:c0:a8:64:82", f"container postgres holds {address}", "rack1-a", STARTED),
                    proof(
                        "02:42:0a:00:00:82",
                        f"container postgres holds {address}",
                        "rack2-b",
                        "2026-11-21T20:02:05.423Z",
                    ),
                ],
                culprit={
                    "host": other,
                    "mac": "02:42:0a:00:00:82",
                    "text": f"container postgres on {other}",
                },
                remedy="container_range_per_host: 28",
            )
        )
    hosts.append(host("rack3-c", number=9))
    return report(hosts, verdicts)


def unreachable() -> dict:
    nothing: dict[str, Any] = {"clock": None, "links": [], "timeline": None}
    gone = host("db1", "unreachable", message="Failed to connect to the host via ssh: timed out", **nothing)
    failed = host("db2", "failed", message="no permission for raw sockets: CAP_NET_RAW is missing", **nothing)
    return report([gone, failed, host("jump", "nothing declared", **nothing), host("web1")])


def two_faults() -> dict:
    """Two causes on one host, many containers, and more events than fit on a timeline."""
    chance = random.Random(7)
    lost = {**REMOVED, "gateway_from_parent/192.168.100.1": [[12.0, 14.5], [40.0, 41.0]]}
    failing, found = address_removed()
    kinds = ["arp", "neighbour", "nd", "counter", "link", "route"]
    noise = [
        event(round(chance.uniform(0, 60), 3), chance.choice(kinds), f"observation {number}", action="seen")
        for number in range(400)
    ]
    events = failing["timeline"]["events"] + noise
    failing["timeline"] = timeline(3, lost, events=events, limits=["events beyond 2000 were only counted"])
    unknown = [{"from": "parent", "to": "gateway", "state": "unknown", "target_id": ""}]
    storage = {"network": "storage1", "link": None, "link_mac": None, "addresses": [], "parent": "eth1.200"}
    failing["links"] = [
        link(3, {*lost, "gateway_from_container/192.168.100.130"}, containers=9),
        link(3, parent_state="down", edges=unknown, **storage),
    ]
    other = verdict(
        "web1",
        "carrier_loss_drops_config",
        "suspected",
        summary="eth1.200 lost its carrier before the watch began; storage1 has no link since",
        explanation="systemd-networkd removes the configuration of a device that loses its carrier.",
        network="storage1",
        evidence=[proof("carrier", "0 for 341 s")],
        remedy="IgnoreCarrierLoss=yes in /etc/systemd/network/20-eth1.200.network",
    )
    return report([failing], [found, other, *ruled_out("web1", ["carrier_loss_drops_config"])])


def hostile() -> dict:
    """Every text that a host sends is an attack."""
    return _poisoned(one_broken())


_FIXED = {
    "schema",
    "status",
    "state",
    "kind",
    "generated",
    "started",
    "at",
    "version",
    "from",
    "to",
    "target_id",
    "cause",
}


def _poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_poisoned(item, key) for item in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) and key not in _FIXED else value


def fleet(broken: int = 8, size: int = 100) -> dict:
    """A fleet where NetworkManager removed addresses on some hosts, others are unreachable, and the rest is healthy."""
    chance = random.Random(3)
    failing = set(chance.sample(range(size), broken))
    hosts, verdicts = [], []
    for number in range(size):
        name = f"node{number + 1:04d}.dc{1 + number % 3}.example.org"
        if number in failing:
            one, found = address_removed(name, 3 + number % 100)
            hosts.append(one)
            verdicts.append(found)
        elif number % 211 == 7:
            hosts.append(host(name, "unreachable", clock=None, links=[], timeline=None, message="ssh: timed out"))
        else:
            hosts.append(host(name, number=3 + number % 100))
        if hosts[-1]["timeline"]:
            verdicts += ruled_out(name)
    return report(hosts, verdicts)


def account(target: str, edge: tuple[str, str], edge_text: str, **more: Any) -> dict:
    """A lost target. target: the part of its id behind the network."""
    return {
        "network": "lan0",
        "target_id": f"lan0/{target}",
        "name": "eth0 to gateway 192.168.100.1, ARP",
        "after": 6.0,
        "share": 0.9,
        "explained_by": [],
        "explained_on": [],
        "edge": list(edge),
        "edge_text": edge_text,
        "direction": "unknown",
        "pattern": "constant",
        "period": None,
        "losses": 1,
        "before": [],
        "when": "lost for good at +6.0 s",
        "ask": "the network team: is the port of eth0 up",
        "text": f"eth0 to gateway 192.168.100.1, ARP: lost for good at +6.0 s (90 % lost), {edge_text}",
        **more,
    }


def located() -> dict:
    """A host that lost its carrier, one whose containers are lost on another host, and one that is blind."""
    gateway, container = "gateway_from_parent/192.168.100.1", "host_to_container/192.168.100.130"
    carrier = event(5.94, "link", "eth0 lost its carrier", link="eth0", data={"changed": {"carrier": [True, False]}})
    limits = ["processes that live only shortly are not known: Operation not permitted"]
    lost = {gateway: [[6.0, 60.0]]}
    first = host("m10", "broken", links=[link(3, lost, parent_downs=2)])
    first["timeline"] = timeline(3, lost, events=[carrier], limits=limits)
    before = "at +5.94 s eth0 lost its carrier, 0.06 s before the first loss"
    first["accounts"] = [
        account(
            gateway, ("parent", "switch"), "between eth0 of m10 and the network", direction="request", before=[before]
        )
    ]
    lost = {container: [[6.0, 60.0]]}
    second = host("m2", "broken", links=[link(4, lost)], timeline=timeline(4, lost))
    second["accounts"] = [
        account(container, ("host:m7", "switch"), "between eth0 of m7 and the network", direction="answer",
                name="lan0 to container postgres 192.168.100.130, ping", ask="on m7: which filter counts drops")
    ]  # fmt: skip
    missing = ["no gateway of network lan0 is declared"]
    return report(
        [first, second, host("m7", "blind", unlike=["lan0 lacks its address 192.168.100.5"], unasked=missing)]
    )


SAMPLES: dict[str, Callable[[], dict]] = {
    sample.__name__: sample
    for sample in (healthy, one_broken, located, fleet_duplicate, unreachable, two_faults, hostile, fleet)
}
