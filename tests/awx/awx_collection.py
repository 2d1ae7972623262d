# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection awx.awx, out of the package `ansible` on PyPI: no Galaxy server is asked."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

#: The last release of the package with awx.awx 24.6.1.
REQUIREMENT = "ansible>=12,<13"


def unpacked(cache: Path) -> Path:
    """The directory above ``ansible_collections/awx/awx``; downloads 54 MB once.

    Errors: subprocess.CalledProcessError where the package can not be had.
    """
    target = cache / "awx"
    if not (target / "ansible_collections" / "awx" / "awx" / "MANIFEST.json").exists():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, REQUIREMENT]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            wheel = next(Path(folder).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                wanted = [name for name in archive.namelist() if name.startswith("ansible_collections/awx/")]
                archive.extractall(target, wanted)
    return target
