# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook need not say the name of a host: modules report problems under its name in the inventory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: Refused before anything is sent.
BAD = {"probes": [{"parent": "eth0", "addresses": ["192.168.100.300"]}]}


@pytest.mark.parametrize("how", [(), ("--background", "60", "--poll", "1")], ids=["at once", "async"])
@pytest.mark.parametrize("module", ["arp_conflict_check", "dhcp_check"])
def test_problems_have_the_name_of_the_inventory(module: str, how: tuple[str, ...], tmp_path: Path) -> None:
    ansible = [Path(sys.executable).parent / "ansible", "web1", "--inventory", "web1,", "--connection", "local"]
    task = ["--module-name", f"linuxnet.macvlan.{module}", "--args", json.dumps(BAD), *how]
    task += ["--tree", tmp_path, "--extra-vars", json.dumps({"ansible_python_interpreter": sys.executable})]
    done = subprocess.run([*ansible, *task], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    found = json.loads((tmp_path / "web1").read_text())
    assert {problem["host"] for problem in found["problems"]} == {"web1"}
    assert found["msg"].startswith("web1: probes[0].addresses[0] = '192.168.100.300': ")
