# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of this collection: written atomically, marked as owned; foreign files are never replaced.

No umask decides who may use them: files and directories get explicit modes.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Callable, TypeVar

from . import labels
from .difference import Difference
from .problems import InvalidInput, Problems
from .record import dataclass

#: How often in a row a directory can have been removed by others.
PRUNED_AT_MOST = 5

#: How temporary files end; one that is left belongs to a run that was killed.
TEMPORARY = ".linuxnet-tmp"

#: First line of each file this collection writes: what carries it may be changed and removed by us, nothing else may.
HEADER = "# Managed by Ansible: linuxnet.macvlan. Changes made here are overwritten."

#: Scripts that root runs; what a later run needs to know; what is needed until the next boot.
CONFIG = "/etc/linuxnet-macvlan"
STATE = "/var/lib/linuxnet-macvlan"
RUN = "/run/linuxnet-macvlan"
#: Our own directories and the modes of all that is made there. Only modules, which run as root, read STATE and RUN.
DIRECTORIES = {CONFIG: 0o755, STATE: 0o700, RUN: 0o700}
#: What to do about one of them that is not to be trusted.
NOT_TRUSTED = "find out who made it, then move it away; the next run makes it again"
#: Of any other directory that is made: daemons of other users read what is in it.
DIRECTORY_MODE = 0o755
FILE_MODE = 0o644
#: How the directories end that may be ours beside those: the drop-ins of a file of systemd-networkd.
DROP_INS = ".network.d"
#: A file or directory that these may write is as good as theirs.
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

#: A configuration file that is longer is none.
TEXT_MAX = 1 << 24
#: Characters that are read at once.
PIECE = 1 << 16

Made = TypeVar("Made")


@dataclass(frozen=True)
class Access:
    """Who may use what is at a path. kind: ``file``, ``directory``, ``symbolic link`` or ``special file``."""

    kind: str
    mode: int
    owner: int

    @property
    def foreign(self) -> bool:
        """Whether it belongs to another user, who may change it at any time."""
        return self.owner not in (0, os.geteuid())


def access(path: str) -> Access | None:
    """None where there is nothing. A symbolic link is not followed."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symbolic link"}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "special file")
    return Access(kind, stat.S_IMODE(status.st_mode), status.st_uid)


def compare(
    path: str,
    before: str | None,
    after: str | None,
    found: Access | None,
    difference: Difference,
    mode: int = FILE_MODE,
) -> bool:
    """Note how a file differs: its text, else who may change or read it, as one that is written gets both.

    found: None where that is not known.
    """
    target = f"file {path}"
    if difference.compare(target, "", before, after):
        return True
    if after is None or found is None:
        return False
    if difference.compare(target, "type", found.kind, "file"):
        return True
    foreign = found.foreign and difference.compare(target, "owner", found.owner, os.geteuid())
    return difference.compare(target, "mode", f"{found.mode:04o}", f"{mode:04o}") or foreign


def directory_mode(path: str) -> int | None:
    """The mode of a directory that is ours, None for any other."""
    below = _mode_below(path)
    if below is None and path.endswith(DROP_INS) and _holds_ours_alone(path):
        return DIRECTORY_MODE
    return below


def _mode_below(path: str) -> int | None:
    """The mode of what is in `DIRECTORIES`, and of those themselves."""
    return next((mode for root, mode in DIRECTORIES.items() if f"{path}/".startswith(f"{root}/")), None)


def _holds_ours_alone(directory: str) -> bool:
    """Whether there is nothing but files of ours in a directory, and at least one."""
    if os.path.islink(directory) or not os.path.isdir(directory):
        return False
    paths = [f"{directory}/{name}" for name in os.listdir(directory) if not name.endswith(TEMPORARY)]
    return bool(paths) and all(os.path.isfile(path) and is_owned(read(path)) for path in paths)


def safe_mode(path: str, mode: int) -> int:
    """The mode for a directory of ours: another one where others may write there, or some may not read there. Pure."""
    wanted = _mode_below(path) or DIRECTORY_MODE
    return wanted if mode & WRITABLE_BY_OTHERS or wanted & ~mode else mode


def check_directories(problems: Problems) -> None:
    """Directories of ours that are not to be trusted are problems before anything is read from them or written."""
    for path in DIRECTORIES:
        why = refusal(path)
        if why:
            problems.add("path", path, why, NOT_TRUSTED)


def require_directories(problems: Problems) -> None:
    """The same where nothing else can be checked before. Errors: InvalidInput."""
    check_directories(problems)
    if problems:
        raise InvalidInput(problems)


def refusal(directory: str) -> str:
    """Why a directory of ours is not to be trusted; empty where it is, or where there is none."""
    found = access(directory)
    return "" if found is None else untrusted(found)


def untrusted(found: Access) -> str:
    """The same, by what was found there."""
    if found.kind != "directory":
        return f"this is a {found.kind}, and not the directory of this collection"
    return f"this directory belongs to the user with number {found.owner}, and not to root" if found.foreign else ""


def make_directories(directory: str, mode: int = DIRECTORY_MODE, repaired: bool = True) -> None:
    """Make those that are missing and repair the modes of those that are ours.

    mode: of those that are made outside of our own. repaired: False before a plan is made, as a repair is a change that
    it has to name. Errors: OSError, also where one of ours is not to be trusted.
    """
    for level in _levels(directory):
        own = directory_mode(level)
        if os.path.isdir(level) and own is None:
            continue
        wanted = mode if own is None else own
        try:
            # A umask can only take from this mode: nobody else can write there before it is repaired.
            os.mkdir(level, wanted)
            labels.restore(level, {**labels.read(level), **labels.default(level, stat.S_IFDIR)})
        except FileExistsError as error:
            found = access(level)
            if found is None:
                # Another run made it and has removed it since: for whoever tries again, it was never there.
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), level) from error
            if own is None and found.kind != "directory" and not os.path.isdir(level):
                raise
            if not repaired and not refusal(level):
                continue
        repair(level, wanted)


def _levels(directory: str) -> Iterator[str]:
    """A directory and those above it, the root first and without it."""
    parent = os.path.dirname(directory)
    if directory and parent != directory:
        yield from _levels(parent)
        yield directory


def repair(directory: str, mode: int) -> None:
    """Give a directory of ours its mode. Errors: OSError, also where it is not to be trusted."""
    why = refusal(directory)
    if why:
        raise OSError(errno.EPERM, why, directory)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        now = stat.S_IMODE(os.fstat(handle).st_mode)
        if now & 0o777 != mode:
            os.fchmod(handle, now & stat.S_ISGID | mode)
    finally:
        os.close(handle)


def read(path: str, newline: str | None = None) -> str | None:
    """The text of a file, None where there is none. Undecodable bytes survive a round trip.

    A directory, FIFO, socket or device has no text, and a file of more than `TEXT_MAX` octets none that we need: empty.
    Nothing blocks. newline: as for `open`. Errors: OSError.
    """
    try:
        handle = _open(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if handle is None:
        return ""
    with os.fdopen(handle, encoding="utf-8", errors="surrogateescape", newline=newline) as stream:
        if os.fstat(handle).st_size > TEXT_MAX:
            return ""
        # Files of the kernel have no size, and those of sysctl(8) are not read in large pieces (ENOMEM).
        text = "".join(islice(iter(lambda: stream.read(PIECE), ""), TEXT_MAX // PIECE + 1))
    return text if len(text) <= TEXT_MAX else ""


def read_start(path: str, octets: int) -> str:
    """The first octets of a file's text; empty where it has none or cannot be read. Nothing blocks."""
    with contextlib.suppress(OSError):
        handle = _open(path)
        if handle is not None:
            with os.fdopen(handle, "rb") as stream:
                return stream.read(octets).decode("utf-8", "surrogateescape")
    return ""


def _open(path: str) -> int | None:
    """A descriptor of a regular file, None for anything else that is there. Errors: OSError."""
    try:
        # A FIFO would block without a writer, and a terminal become our own (open(2)).
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            return None
        raise
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    return None


def is_owned(text: str | None) -> bool:
    """Whether a file's text carries our header. The first two lines count, as a script starts with ``#!``."""
    return text is not None and any(line.strip() == HEADER for line in text.splitlines()[:2])


def write(path: str, text: str | Iterable[str], mode: int = FILE_MODE) -> None:
    """Replace a file in one step: a reader, and a crash, sees the old or the new text and nothing between.

    text: or its pieces, where all of it would take much memory.

    Missing parent directories are made (`make_directories`). Extended attributes stay (`labels.keep`). Errors: OSError,
    with no half-written file left.
    """
    directory = os.path.dirname(path)
    _remove_leftovers(path)

    def make() -> tuple[int, str]:
        make_directories(directory)
        return tempfile.mkstemp(dir=directory, prefix=f".{os.path.basename(path)}.", suffix=TEMPORARY)

    handle, temporary = despite_pruning(make)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.writelines([text] if isinstance(text, str) else text)
            stream.flush()
            labels.keep(stream.fileno(), path, mode, _attributes(path), stat.S_IFREG)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync(directory)


def _attributes(path: str) -> labels.Attributes | None:
    """Of the file that is replaced; None where there is none."""
    try:
        return labels.read(path) if os.path.isfile(path) and not os.path.islink(path) else None
    except FileNotFoundError:
        return None


def despite_pruning(make: Callable[[], Made]) -> Made:
    """Make something in a directory that another run may remove as long as it is empty. Errors: OSError."""
    for _attempt in range(PRUNED_AT_MOST):
        with contextlib.suppress(FileNotFoundError):
            return make()
    return make()


def remove(path: str, prune: str | None = None) -> None:
    """Remove a file if it is there, then its directories that became empty, up to and excluding `prune`."""
    # A read-only file system refuses to remove even what is not there (unlink(2)).
    if os.path.lexists(path):
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


def sync(path: str) -> None:
    """Have a file, or the names in a directory, on disk: a rename needs this for itself (fsync(2)). Errors: OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
