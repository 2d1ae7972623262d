# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a container drops pings and is fine: the one decision of verification, watch and diagnosis. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import ways as _ways

from .kinds import ECHO
from .probes import PASS, Probe, Series
from .scope import Scope


def choice(probe: Probe, series: Series, neighbour: str, scope: Scope, made: Mapping[Probe, Series]) -> str:
    """What proves that packets go both ways although no ping of a container is answered, in words; empty where nothing
    does: it answers ARP with its own MAC address, and the host's answers to its pings arrive. Not where pings were
    asked for.

    neighbour: the MAC address that the host has for it, empty for none. made: what came of all probes.
    """
    holder = scope.holder(probe.target)
    if probe.method != ECHO or not series.sent or series.received or holder is None or neighbour != holder.link.mac:
        return ""
    if _ways.of(scope.network.checks, probe.target):
        return ""
    answered = [made[other] for other in reverse(probe, scope, made) if made[other].sent and made[other].status == PASS]
    if not answered:
        return ""
    protocol = "ARP" if probe.target.version == 4 else "neighbour discovery"
    what = f"it drops pings ({series}): it answers {protocol}, and its own pings to the host are answered"
    return f"{what} ({answered[0]}); set check: arp, or tcp:PORT, to have it asked so"


def reverse(probe: Probe, scope: Scope, probes: Iterable[Probe]) -> list[Probe]:
    """The pings to the host of the container that a probe asks, in the same family."""
    holder = scope.holder(probe.target)
    return [
        other
        for other in probes
        if holder is not None
        and other.namespace == holder.path
        and other.method == ECHO
        and other.target.version == probe.target.version
        and scope.own(other.target)
    ]
