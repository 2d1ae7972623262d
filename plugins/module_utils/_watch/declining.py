# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateways that drop pings, as seen from containers when a watch is over."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import lookup
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import declined
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_GATEWAY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Probe, Series

from .targets import WatchTarget


def by_gateways(targets: Iterable[WatchTarget], series: Mapping[Probe, Series]) -> dict[str, str]:
    """Why gateways that answer no pings of containers are fine, by id of the target."""
    found = {}
    for item in targets:
        probe = item.probe
        if probe is None or item.kind != CONTAINER_TO_GATEWAY or series[probe].received:
            continue
        if not series[probe].sent or declined.answers_pings(probe, series):
            continue
        with contextlib.suppress(OSError, NamespaceGone):
            path = run_in(probe.namespace, functools.partial(lookup, [probe.target]))[probe.target]
            found[item.id] = declined.by_gateway(probe, series[probe], path, series)
    return {name: why for name, why in found.items() if why}
