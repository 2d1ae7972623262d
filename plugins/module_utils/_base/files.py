# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of this collection: written atomically, marked as owned; foreign files are never replaced."""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
from typing import Callable, TypeVar

#: How often in a row a directory can have been removed by others.
PRUNED_AT_MOST = 5

#: How temporary files end; one that is left belongs to a run that was killed.
TEMPORARY = ".linuxnet-tmp"

#: First line of each file this collection writes: what carries it may be changed and removed by us, nothing else may.
HEADER = "# Managed by Ansible: linuxnet.macvlan. Changes made here are overwritten."

Made = TypeVar("Made")


def read(path: str) -> str | None:
    """The text of a file, None where there is none. Undecodable bytes survive a round trip."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_owned(text: str | None) -> bool:
    """Whether a file's text carries our header. The first two lines count, as a script starts with ``#!``."""
    return text is not None and any(line.strip() == HEADER for line in text.splitlines()[:2])


def write(path: str, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step: a reader, and a crash, sees the old or the new text and nothing between.

    Missing parent directories are made (0755). Errors: OSError, with no half-written file left.
    """
    directory = os.path.dirname(path)
    _remove_leftovers(path)

    def make() -> tuple[int, str]:
        os.makedirs(directory, exist_ok=True)
        return tempfile.mkstemp(dir=directory, prefix=f".{os.path.basename(path)}.", suffix=TEMPORARY)

    handle, temporary = despite_pruning(make)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_directory(directory)


def despite_pruning(make: Callable[[], Made]) -> Made:
    """Make something in a directory that another run may remove as long as it is empty. Errors: OSError."""
    for _attempt in range(PRUNED_AT_MOST):
        with contextlib.suppress(FileNotFoundError):
            return make()
    return make()


def remove(path: str, prune: str | None = None) -> None:
    """Remove a file if it is there, then its directories that became empty, up to and excluding `prune`."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    _remove_leftovers(path)
    directory = os.path.dirname(path)
    while prune is not None and directory.startswith(prune.rstrip("/") + "/"):
        try:
            os.rmdir(directory)
        except OSError:
            break
        directory = os.path.dirname(directory)


def unwritable(path: str) -> bool:
    """Whether a file there could be neither written nor removed: a read-only file system, or no permission."""
    directory = os.path.dirname(path)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return not os.access(directory, os.W_OK)


def _remove_leftovers(path: str) -> None:
    """Of runs that were killed in the middle of `write`."""
    directory, name = os.path.split(path)
    for leftover in glob.glob(f"{glob.escape(directory)}/.{glob.escape(name)}.*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            os.unlink(leftover)


def _sync_directory(directory: str) -> None:
    """Make the rename itself durable (fsync(2): the directory needs one of its own)."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
