# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Molecule scenarios, as a developer runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("scenario", ["default", "networkd"])
def test_molecule_test(scenario, tmp_path):
    """Create, converge, idempotence, check mode, verification and destruction all succeed."""
    binaries = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(tmp_path), "NO_COLOR": "1"}
    # The lab's images are in the real user's cache.
    env.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    done = subprocess.run(
        ["molecule", "test", "-s", scenario], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    assert "failed=0" in f"{done.stdout}{done.stderr}"
