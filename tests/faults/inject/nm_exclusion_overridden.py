# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package's file replaces NetworkManager's list of unmanaged devices, and a profile is activated on the link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults.fault import Fault
from tests.faults.inject.nm_dhcp_on_link import bring_up, release
from tests.faults.nspawn_lab import NspawnLab

FILE = "/etc/NetworkManager/conf.d/99-zz-vendor.conf"


def _inject(lab: NspawnLab) -> None:
    lab.web1.shell(f"printf '[keyfile]\\nunmanaged-devices=interface-name:br-*\\n' > {FILE}; nmcli general reload conf")
    bring_up(lab)


def _undo(lab: NspawnLab) -> None:
    lab.web1.shell(f"rm -f {FILE}")
    release(lab)


def _by_file(culprit: Mapping[str, Any], lab: NspawnLab) -> bool:
    return culprit.get("path") == FILE


FAULTS = [
    Fault("nm_exclusion_overridden", _inject, _undo, during=True, culprit=_by_file, lab="nspawn"),
    Fault("nm_exclusion_overridden/before", _inject, _undo, culprit=_by_file, lab="nspawn"),
]
