# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict on the fleet as plain data and in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from typing import NotRequired, TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import (
    DUPLICATE,
    DUPLICATE_MAC,
    IN_USE,
    UNKNOWN,
    VIRTUAL_ROUTER,
)

from .evidence import AddressEvidence, Observation
from .verdict import CLONED_MACHINE, FATAL, Conflict, FleetHolder, FleetVerdict, unseen

#: How many holders, and hosts of one blind spot, are named before the rest is counted.
_NAMED_MAX = 5

#: The first host of a conflict has all its hosts and holders, and all that was seen of them; each other one has its own
#: and so many: of a whole fleet with one address, each host would list all the others.
SHARED_MAX = 20

_STATUS = {
    IN_USE: " is in use by ",
    DUPLICATE: " is held more than once: ",
    VIRTUAL_ROUTER: " is answered for by a virtual router: ",
    UNKNOWN: ": it could not be tested: ",
}

#: The maker of the device with a MAC address, empty where it is not known.
Vendor = Callable[[str], str]


class ObservationData(TypedDict):
    by: str
    vantage: str
    kind: str
    at: str


class HolderData(TypedDict):
    mac: str
    vendor: str
    host: str
    namespace: str
    link: str
    configured: bool
    seen: list[ObservationData]


class SharedData(TypedDict):
    """What a conflict is to all of its hosts."""

    status: str
    cause: str
    title: str
    subject: str
    segment: str
    parent: str
    hosts: list[str]
    holders: list[HolderData]
    message: str


class ConflictData(SharedData):
    """A conflict as one host has it. counts: whether it keeps this host from being configured.

    hosts_left_out, holders_left_out: how many more there are; missing where all are listed.
    """

    declared: str
    counts: bool
    hosts_left_out: NotRequired[int]
    holders_left_out: NotRequired[int]


class FleetVerdictData(TypedDict, total=False):
    """What fleet_verdict returns. conflicts: by host."""

    conflicts: dict[str, list[ConflictData]]
    unseen: list[str]
    summary: dict[str, int]


def as_data(
    verdict: FleetVerdict,
    hosts: Sequence[AddressEvidence],
    vendor: Vendor,
    fatal: Callable[[str], Collection[str]] = lambda dummy: FATAL,
) -> FleetVerdictData:
    """The conflicts of each host, the blind spots, and how much was compared.

    fatal: the statuses of conflicts that keep a host from being configured.
    """
    conflicts: dict[str, list[ConflictData]] = {}
    for conflict in verdict.conflicts:
        shared = _shared(conflict, vendor)
        some = _bounded(shared)
        declared = dict(conflict.wanted)
        own: dict[str, list[HolderData]] = {}
        for holder in shared["holders"][SHARED_MAX:]:
            own.setdefault(holder["host"], []).append(_with_some_seen(holder))
        for number, host in enumerate(shared["hosts"]):
            counts = conflict.status in fatal(host)
            data: ConflictData = {**(some if number else shared), "declared": declared.get(host, ""), "counts": counts}
            if number:
                _count(data, shared, own.get(host, []))
            conflicts.setdefault(host, []).append(data)
    return {
        "conflicts": conflicts,
        "unseen": [f"{_some(names)}: {reason}" for reason, names in unseen(hosts).items()],
        "summary": {
            "hosts": len(hosts),
            "asked": sum(1 for host in hosts if not host.absence),
            "addresses": len(verdict.addresses),
            "macs": len(verdict.macs),
            "conflicts": len(verdict.conflicts),
        },
    }


def _bounded(shared: SharedData) -> SharedData:
    """What the other hosts than the first have of a conflict."""
    holders = [_with_some_seen(holder) for holder in shared["holders"][:SHARED_MAX]]
    return {**shared, "hosts": shared["hosts"][:SHARED_MAX], "holders": holders}


def _with_some_seen(holder: HolderData) -> HolderData:
    return {**holder, "seen": holder["seen"][:SHARED_MAX]}


def _count(data: ConflictData, shared: SharedData, own: Sequence[HolderData]) -> None:
    """Add the host's own holders, at most as many again, and how many hosts and holders are not listed."""
    data["holders"] = [*data["holders"], *own[:SHARED_MAX]]
    if len(data["hosts"]) < len(shared["hosts"]):
        data["hosts_left_out"] = len(shared["hosts"]) - len(data["hosts"])
    if len(data["holders"]) < len(shared["holders"]):
        data["holders_left_out"] = len(shared["holders"]) - len(data["holders"])


def listing(verdict: FleetVerdict) -> dict[str, object]:
    """Everything that was compared: ``addresses`` and ``macs``, each with its links and how it was observed."""
    addresses = [
        {
            "segment": segment.lstrip("\0"),
            "address": str(address),
            "holders": [_holder(holder, _nobody) for holder in verdict.addresses[segment, address]],
        }
        for segment, address in sorted(verdict.addresses, key=lambda key: (key[0], key[1].version, int(key[1])))
    ]
    macs = [{"mac": mac, "links": [asdict(place) for place in verdict.macs[mac]]} for mac in sorted(verdict.macs)]
    return {"addresses": addresses, "macs": macs}


def _nobody(dummy: str) -> str:
    return ""


def _shared(conflict: Conflict, vendor: Vendor) -> SharedData:
    return {
        "status": conflict.status,
        "cause": conflict.cause,
        "title": conflict.title,
        "subject": conflict.subject,
        "segment": conflict.segment.lstrip("\0"),
        "parent": conflict.parent,
        "hosts": conflict.hosts,
        "holders": [_holder(holder, vendor) for holder in conflict.holders],
        "message": message(conflict, vendor),
    }


def _holder(holder: FleetHolder, vendor: Vendor) -> HolderData:
    place = holder.place
    return {
        "mac": holder.mac,
        "vendor": vendor(holder.mac),
        "host": place.host if place else "",
        "namespace": place.namespace if place else "",
        "link": place.link if place else "",
        "configured": holder.configured is not None,
        "seen": [{"by": one.by, "vantage": one.vantage, "kind": one.kind, "at": one.at} for one in holder.seen],
    }


def message(conflict: Conflict, vendor: Vendor = _nobody) -> str:
    """One line: the address or MAC address, who has it, and how and when that was observed."""
    holders = "; ".join(_holder_text(holder, vendor) for holder in conflict.holders[:_NAMED_MAX])
    if len(conflict.holders) > _NAMED_MAX:
        holders += f"; and {len(conflict.holders) - _NAMED_MAX} more"
    if conflict.status == CLONED_MACHINE:
        return f"{_some(conflict.hosts)} have one machine-id: they are copies of one installation"
    if conflict.status == DUPLICATE_MAC:
        return f"MAC address {conflict.subject} is there more than once: {holders}"
    where = f" on {conflict.parent}" if conflict.parent else ""
    declared = [f"{what} of {host}" for host, what in conflict.wanted if what]
    more = len(declared) - _NAMED_MAX
    wanted = ", ".join(declared[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
    what = f" ({wanted})" if wanted else ""
    if conflict.status == IN_USE and not conflict.holders:
        return f"{conflict.subject}{where}{what} is in use: {conflict.reason}"
    said = "; ".join(part for part in (holders, conflict.reason) if part)
    return f"{conflict.subject}{where}{what}{_STATUS[conflict.status]}{said}"


def _holder_text(holder: FleetHolder, vendor: Vendor) -> str:
    seen = [_seen(holder.seen)] if holder.seen else []
    if holder.place is None:
        maker = vendor(holder.mac)
        return ", ".join([f"{holder.mac} ({maker})" if maker else holder.mac, *seen])
    how = [f"read at {holder.configured}"] if holder.configured else []
    if holder.place.declared:
        how = ["as it is declared"]
    return ", ".join([f"{holder.place} ({holder.mac})", *how, *seen])


def _seen(seen: Sequence[Observation]) -> str:
    """``seen by reply from parent and child of h1 at 2026-…``: all vantages, and the time of the first observation."""
    first = min(seen, key=lambda one: one.at)
    by: dict[str, dict[str, None]] = {}
    for one in seen:
        by.setdefault(one.by, {})[one.vantage] = None
    where = [f"{' and '.join(vantages)} of {host}" for host, vantages in list(by.items())[:_NAMED_MAX]]
    kinds = " and ".join(dict.fromkeys(one.kind.replace("_", " ") for one in seen))
    return f"seen by {kinds} from {', '.join(where)} at {first.at}"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - _NAMED_MAX
    return ", ".join(names[:_NAMED_MAX]) + (f" and {rest} more hosts" if rest > 0 else "")
