# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess

from labkit.lab import Lab


class Station:
    """A station of a lab, to start a server in."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.entry = lab.entry(name)
        self.processes: list[subprocess.Popen] = []

    def start(self, *argv: str, **options: object) -> subprocess.Popen:
        self.processes.append(subprocess.Popen([*self.entry, *argv], text=True, **options))
        return self.processes[-1]
