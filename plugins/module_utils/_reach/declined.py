# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When what drops pings is fine, a container or a gateway: the one decision of all that ask. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import ways as _ways
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path

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


#: States of an entry in use whose neighbour has answered within the last minute, and is asked again at most
#: (net/core/neighbour.c).
CONFIRMED_STATES = ("REACHABLE", "DELAY", "PROBE")


def by_gateway(probe: Probe, series: Series, path: Path, made: Mapping[Probe, Series]) -> str:
    """What proves that a gateway drops pings and is fine for a container that got no answer, in words; empty where
    nothing does: it answers nobody's pings on this host, and the container's ARP requests or neighbour solicitations.

    path: the container's to the gateway, after its pings. made: what came of all probes.
    """
    if probe.method != ECHO or not series.sent or series.received or answers_pings(probe, made):
        return ""
    if path.gateway is not None or not path.mac or not confirmed(path):
        return ""
    protocol = "ARP" if probe.target.version == 4 else "neighbour discovery"
    return f"the gateway drops the pings of all ({series}), and answers {protocol} of the container ({path.mac})"


def confirmed(path: Path) -> bool:
    """Whether the next hop has answered ARP or neighbour discovery lately."""
    return path.state in CONFIRMED_STATES


def answers_pings(probe: Probe, made: Mapping[Probe, Series]) -> bool:
    """Whether a target answers the pings of anybody on this host."""
    return any(other.method == ECHO and other.target == probe.target and made[other].received for other in made)
