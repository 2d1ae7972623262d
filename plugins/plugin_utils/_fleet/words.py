# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict as plain data and in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import (
    DUPLICATE,
    DUPLICATE_MAC,
    IN_USE,
    UNKNOWN,
    VIRTUAL_ROUTER,
)

from .evidence import HostEvidence, Seen
from .verdict import CLONED_MACHINE, Conflict, Holder, Verdict, unseen

#: How many holders, and hosts of one blind spot, are named before the rest is counted.
_NAMED_MAX = 5

_STATUS = {
    IN_USE: " is in use by ",
    DUPLICATE: " is held more than once: ",
    VIRTUAL_ROUTER: " is answered for by a virtual router: ",
    UNKNOWN: ": nobody could be asked: ",
}

Vendor = Callable[[str], str]


def as_data(verdict: Verdict, hosts: Sequence[HostEvidence], vendor: Vendor) -> dict[str, object]:
    """``conflicts`` by host, ``unseen``, ``machines`` and ``summary``.

    vendor: says who made the device with a MAC address, empty where it is not known.
    """
    conflicts: dict[str, list[dict[str, object]]] = {}
    for conflict in verdict.conflicts:
        data = _conflict(conflict, vendor)
        wanted = dict(conflict.wanted)
        for host in conflict.hosts:
            conflicts.setdefault(host, []).append({**data, "declared": wanted.get(host, "")})
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


def listing(verdict: Verdict) -> dict[str, object]:
    """Everything that was merged: ``addresses`` and ``macs``, each with where it is and from where it was seen."""
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


def _conflict(conflict: Conflict, vendor: Vendor) -> dict[str, object]:
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


def _holder(holder: Holder, vendor: Vendor) -> dict[str, object]:
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
    """One line: what, who has it, from where and when that was seen."""
    holders = "; ".join(_told(holder, vendor) for holder in conflict.holders[:_NAMED_MAX])
    if len(conflict.holders) > _NAMED_MAX:
        holders += f"; and {len(conflict.holders) - _NAMED_MAX} more"
    if conflict.status == CLONED_MACHINE:
        return f"{_some(conflict.hosts)} have one machine-id: they are copies of one installation"
    if conflict.status == DUPLICATE_MAC:
        return f"MAC address {conflict.subject} is there more than once: {holders}"
    where = f" on {conflict.parent}" if conflict.parent else ""
    wanted = ", ".join(f"{what} of {host}" for host, what in conflict.wanted if what)
    what = f" ({wanted})" if wanted else ""
    if conflict.status == IN_USE and not conflict.holders:
        return f"{conflict.subject}{where}{what} is in use: {conflict.reason}"
    said = "; ".join(part for part in (holders, conflict.reason) if part)
    return f"{conflict.subject}{where}{what}{_STATUS[conflict.status]}{said}"


def _told(holder: Holder, vendor: Vendor) -> str:
    seen = [_seen(holder.seen)] if holder.seen else []
    if holder.place is None:
        maker = vendor(holder.mac)
        return ", ".join([f"{holder.mac} ({maker})" if maker else holder.mac, *seen])
    how = [f"read at {holder.configured}"] if holder.configured else []
    if holder.place.declared:
        how = ["as it is declared"]
    return ", ".join([f"{holder.place} ({holder.mac})", *how, *seen])


def _seen(seen: Sequence[Seen]) -> str:
    """``seen by reply from parent and child of h1 at 2026-…``: all vantages, and the time of the first sighting."""
    first = min(seen, key=lambda one: one.at)
    by: dict[str, dict[str, None]] = {}
    for one in seen:
        by.setdefault(one.by, {})[one.vantage] = None
    told = [f"{' and '.join(vantages)} of {host}" for host, vantages in list(by.items())[:_NAMED_MAX]]
    kinds = " and ".join(dict.fromkeys(one.kind.replace("_", " ") for one in seen))
    return f"seen by {kinds} from {', '.join(told)} at {first.at}"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - _NAMED_MAX
    return ", ".join(names[:_NAMED_MAX]) + (f" and {rest} more hosts" if rest > 0 else "")
