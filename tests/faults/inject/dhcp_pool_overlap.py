# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DHCP server on the LAN has a pool that overlaps the range declared for containers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from labkit import dhcp
from tests.faults.fault import Fault
from tests.faults.lab import STATION, NamespaceLab

#: All but the last two addresses of web1's range, and none of web2's.
POOL = "192.168.100.100,192.168.100.141"

_RUNNING: dict[NamespaceLab, tuple[dhcp.Server, Path]] = {}


def _start(lab: NamespaceLab) -> None:
    folder = Path(tempfile.mkdtemp())
    _RUNNING[lab] = dhcp.dnsmasq(lab.station, folder, f"--dhcp-range={POOL},1h"), folder


def _stop(lab: NamespaceLab) -> None:
    server, folder = _RUNNING.pop(lab)
    server.process.terminate()
    server.process.wait()
    shutil.rmtree(folder)


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["mac"] == lab.station.mac() and STATION in culprit["text"]


FAULTS = [Fault("dhcp_pool_overlap", _start, _stop, culprit=_culprit)]
