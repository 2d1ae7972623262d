# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command and writes its largest size in KiB and its seconds to a file: ``measure.py FILE COMMAND…``."""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    begin = time.monotonic()
    child = os.fork()
    if not child:
        os.execvp(sys.argv[2], sys.argv[2:])
    dummy, status, usage = os.wait4(child, 0)
    with open(sys.argv[1], "w", encoding="ascii") as stream:
        stream.write(f"{usage.ru_maxrss} {time.monotonic() - begin}")
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
