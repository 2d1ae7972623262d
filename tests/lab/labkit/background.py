# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts programs that outlive the lab's command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

#: The environment variable with the number of the file descriptor on which the program reports that it is ready.
READY = "LAB_READY_FD"


def start(argv: list[str], log: Path, environment: dict[str, str], keep: tuple[int, ...] = ()) -> str:
    """Start a program in a session of its own, with output to `log`; `keep`: open file descriptors to pass on.

    Returns the first line that it writes to `READY`; empty if it closes that or ends first.
    """
    reader, writer = os.pipe()
    try:
        with open(log, "a", encoding="utf-8") as console:
            subprocess.run(
                ["setsid", "--fork", *argv],
                env={**os.environ, **environment, READY: str(writer)},
                pass_fds=[writer, *keep], stdin=subprocess.DEVNULL, stdout=console, stderr=console, check=True,
            )  # fmt: skip
    finally:
        os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        return pipe.readline().strip()


def ready(message: str) -> None:
    """Called by a program that `start` started: has `start` return the message."""
    with open(int(os.environ[READY]), "w", encoding="utf-8") as pipe:
        pipe.write(f"{message}\n")


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log, in one line."""
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return " | ".join(said[-lines:]) or "no message"
