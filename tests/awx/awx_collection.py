# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections out of the package `ansible` on PyPI, so that no Galaxy server is asked: awx.awx, and a become plugin."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

#: The last release of the package with awx.awx 24.6.1.
REQUIREMENT = "ansible>=12,<13"
#: What is kept of it; of community.general no more than its become plugins need.
WANTED = (
    "ansible_collections/awx/awx/",
    "ansible_collections/community/general/MANIFEST.json",
    "ansible_collections/community/general/meta/runtime.yml",
    "ansible_collections/community/general/plugins/become/",
)


def unpacked(cache: Path) -> Path:
    """The directory above ``ansible_collections``; downloads 54 MB once.

    Errors: subprocess.CalledProcessError where the package can not be had.
    """
    target = cache / "awx"
    if not all((target / name).exists() for name in WANTED):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, REQUIREMENT]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            wheel = next(Path(folder).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target, [name for name in archive.namelist() if name.startswith(WANTED)])
    return target
