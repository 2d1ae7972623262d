# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module macvlan cannot be loaded: the kernel was updated but not booted, or a modprobe.d file prevents it."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.fault import Fault
from tests.faults.lab import WEB1
from tests.faults.nspawn_lab import NspawnLab

FORBIDS = "/etc/modprobe.d/no-macvlan.conf"


def _unloaded(script: str) -> Callable[[NspawnLab], None]:
    def inject(lab: NspawnLab) -> None:
        lab.remove_links(WEB1)
        lab.web1.shell(f"modprobe --remove macvlan; {script}")

    return inject


def _undo(script: str) -> Callable[[NspawnLab], None]:
    def undo(lab: NspawnLab) -> None:
        lab.web1.shell(script)
        lab.make_links(WEB1)

    return undo


FAULTS = [
    Fault(
        "kind_missing",
        _unloaded("cd /lib/modules; mv $(uname -r) newer"),
        _undo("cd /lib/modules; mv newer $(uname -r)"),
        lab="vm",
    ),
    Fault(
        "kind_missing/forbidden",
        _unloaded(f"echo install macvlan /bin/false > {FORBIDS}"),
        _undo(f"rm {FORBIDS}"),
        lab="vm",
    ),
]
