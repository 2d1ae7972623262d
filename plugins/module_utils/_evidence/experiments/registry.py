# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All experiments. A new one is one file and one line here; REPAIRING ones run in this order."""

from __future__ import annotations

from . import (
    announce,
    bridge_pass,
    checksums,
    datagrams,
    dhcp_ask,
    flux_ask,
    full_size,
    gateway_ask,
    holders,
    next_hops,
    promiscuous,
    solicit,
    tags,
)
from .model import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    bridge_pass.EXPERIMENT,
    checksums.EXPERIMENT,
    datagrams.EXPERIMENT,
    dhcp_ask.EXPERIMENT,
    flux_ask.EXPERIMENT,
    gateway_ask.EXPERIMENT,
    holders.EXPERIMENT,
    next_hops.EXPERIMENT,
    full_size.EXPERIMENT,
    solicit.EXPERIMENT,
    tags.EXPERIMENT,
    # what it has asked early counts as long as nothing was repaired since
    announce.EXPERIMENT,
    promiscuous.EXPERIMENT,
)
