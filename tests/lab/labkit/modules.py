# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of this collection on a lab's hosts, run by the host's own Python: no SSH, no Ansible on the host."""

from __future__ import annotations

import functools
import io
import json
import subprocess
import tarfile
from pathlib import Path

import ansible

from .lab import Lab

ROOT = Path(__file__).resolve().parents[3]

#: Where a host keeps the collection and the part of ansible-core that a module imports.
INSIDE = "/opt/linuxnet-macvlan-test"
UNPACK = f"mkdir -p {INSIDE} && tar -x -C {INSIDE}"
RUN = f'PYTHONPATH={INSIDE} exec python3 {INSIDE}/tests/integration/run_module.py "$1"'


def install(lab: Lab, host: str) -> None:
    """Copy to a host what `run` needs."""
    subprocess.run([*lab.entry(host), "sh", "-c", UNPACK], input=_payload(), check=True, capture_output=True)


def run(lab: Lab, host: str, name: str, args: dict, check: bool = False) -> dict:
    """The result of a module, with ``failed`` if it fails. Errors: AssertionError if it returns nothing."""
    options = {**args, "_ansible_check_mode": check, "_ansible_diff": True}
    done = lab.exec(host, "sh", "-c", RUN, "sh", name, input=json.dumps(options), check=False)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise AssertionError(f"{name}: no result (exit {done.returncode})\n{done.stdout}\n{done.stderr}") from None


@functools.cache
def _payload() -> bytes:
    """A tar file with plugins/, run_module.py, and ansible's module_utils."""
    core = Path(ansible.__file__).parent
    parts = [(core / name, f"ansible/{name}") for name in ("__init__.py", "release.py", "_vendor", "module_utils")]
    collection = "collections/ansible_collections/linuxnet/macvlan/plugins"
    parts += [
        (ROOT / "plugins", collection),
        (ROOT / "tests/integration/run_module.py", "tests/integration/run_module.py"),
    ]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for source, name in parts:
            archive.add(source, name, filter=lambda item: None if item.name.endswith("__pycache__") else item)
    return buffer.getvalue()
