# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the artifact from the working tree: ``dist.py [DIRECTORY]``, by default ``dist/``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import worktree


def main() -> None:
    destination = Path(sys.argv[1] if len(sys.argv) > 1 else worktree.ROOT / "dist").resolve()
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as base:
        print(worktree.build(worktree.copy(Path(base)), destination))


if __name__ == "__main__":
    main()
