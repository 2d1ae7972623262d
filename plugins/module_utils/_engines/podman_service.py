# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of Podman for the time of a run, where podman.socket is not active: nothing of it remains."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

from .api import EngineError, Missing

#: Seconds after which the service ends by itself where nobody asks it anything, such as when this run was killed.
IDLE = 60
#: Seconds that it has to listen, and to end.
PATIENCE = 20.0
_PAUSE = 0.05


@contextlib.contextmanager
def service() -> Iterator[str]:
    """The path of its socket. Errors: EngineError."""
    program = find("podman")
    if program is None:
        raise Missing("podman")
    _files.make_directories(_files.RUN, 0o700)
    directory = tempfile.mkdtemp(prefix="podman.", dir=_files.RUN)
    path = f"{directory}/socket"
    # not AnsibleModule.run_command: it runs beside this
    with open(f"{directory}/said", "wb") as said:
        process = subprocess.Popen(  # pylint: disable=consider-using-with,ansible-bad-function
            [program, "system", "service", "--time", str(IDLE), f"unix://{path}"],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, path, f"{directory}/said")
        yield path
    finally:
        _end(process)
        shutil.rmtree(directory, ignore_errors=True)


def _wait(process: subprocess.Popen, path: str, said: str) -> None:
    until = time.monotonic() + PATIENCE
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > until:
            words = clean((_files.read(said) or "").strip()) or f"it does not listen within {PATIENCE:g} s"
            problem = f"podman system service does not start: {words}"
            raise EngineError(problem, "run systemctl enable --now podman.socket")
        time.sleep(_PAUSE)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
