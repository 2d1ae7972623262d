# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loaded by each Python on the profiled host (site): writes one line of JSON about where its time went."""

from __future__ import annotations

import atexit
import builtins
import json
import os
import resource
import threading
import time

OUTPUT = os.environ.get("LINUXNET_PROFILE_HOST", "")
#: proc_pid_stat(5): the 22nd field, in ticks since boot; it is the 20th behind the name in parentheses.
_STARTTIME = 19


def _age() -> float:
    """Seconds that this process has lived, in hundredths."""
    with open("/proc/self/stat", encoding="ascii", errors="replace") as stream:
        ticks = int(stream.read().rpartition(")")[2].split()[_STARTTIME])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def _user() -> float:
    """Processor seconds outside the kernel."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


class _Imports:
    """Processor seconds in import statements of the main thread, each once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._import = builtins.__import__

    def __call__(self, *args: object, **options: object) -> object:
        if threading.current_thread() is not threading.main_thread():
            return self._import(*args, **options)
        start = _user()
        self._depth += 1
        try:
            return self._import(*args, **options)
        finally:
            self._depth -= 1
            if not self._depth:
                self.seconds += _user() - start


def _watch() -> None:
    imports = _Imports()
    own, interpreter = os.getpid(), _user()
    builtins.__import__ = imports

    def write() -> None:
        if os.getpid() != own:  # a fork, such as a guard
            return
        spent = os.times()
        record = {
            "at": time.time(),
            "wall": _age(),
            "interpreter": interpreter,
            "imports": imports.seconds,
            "user": spent.user + spent.children_user,
            "kernel": spent.system + spent.children_system,
        }
        with open(OUTPUT, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")

    atexit.register(write)


if OUTPUT:
    _watch()
