# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runtimes leave on a host: processes and state files. Reads only; nothing blocks, and nothing is unbounded."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Octets of a state file, a file of /proc, and entries of a directory. A container's state has a few KiB; Podman's list
#: of a thousand containers about one MiB.
STATE_MAX, PROC_MAX, ENTRIES_MAX = 4 << 20, 1 << 16, 4096

#: An object of a state file, as a runtime wrote it.
State = Mapping[str, Any]


@dataclass(frozen=True)
class Running:
    """A process. name: as the kernel has it. network: the inode of its network namespace, 0 where unknown."""

    pid: int
    name: str
    user: int
    network: int


class Host:
    """root: where its files are, for tests. Each directory and file is read once."""

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")
        self._cgroups: dict[str, list[str]] = {}
        self._entries: dict[str, list[str]] = {}
        self._json: dict[str, object] = {}
        self._once: dict[str, list[str]] = {}

    def once(self, key: str, find: Callable[[], list[str]]) -> list[str]:
        """What follows from the files and stays: found once."""
        if key not in self._once:
            self._once[key] = find()
        return self._once[key]

    def cgroups(self, pid: int | str) -> list[str]:
        """Its path in each hierarchy (cgroups(7)); none where it has ended."""
        key = str(pid)
        if key not in self._cgroups:
            lines = self.process(pid, "cgroup").splitlines()
            paths = [line.split(":", 2)[2] for line in lines if line.count(":") >= 2]
            self._cgroups[key] = list(dict.fromkeys(paths))
        return self._cgroups[key]

    def process(self, pid: int | str, name: str) -> str:
        """A file of a process; empty where it has ended."""
        return self._read(f"/proc/{pid}/{name}", PROC_MAX).decode(errors="replace")

    def command(self, pid: int) -> list[str]:
        """Its arguments. Other users' processes have none: they choose them freely."""
        with contextlib.suppress(OSError):
            if os.stat(f"{self._root}/proc/{pid}").st_uid == os.geteuid():
                return self.process(pid, "cmdline").split("\0")
        return []

    def parent(self, pid: int) -> int:
        """The pid of its parent, 0 where that is not known (proc_pid_stat(5), field 4)."""
        fields = self.process(pid, "stat").rpartition(")")[2].split()
        return int(fields[1]) if len(fields) > 1 and fields[1].isdigit() else 0

    def name(self, pid: int) -> str:
        """As the kernel has it; a process can choose it."""
        return self.process(pid, "comm").rstrip("\n")

    def running(self, *names: str) -> Iterator[Running]:
        """The processes with one of these names, or with one of them and a suffix after a dot (``pasta.avx2``)."""
        for pid in self.entries("/proc"):
            name = self.name(int(pid)) if pid.isdigit() else ""
            if name.split(".")[0] in names:
                with contextlib.suppress(OSError):
                    user = os.stat(f"{self._root}/proc/{pid}").st_uid
                    yield Running(int(pid), name, user, self._network(pid))

    def _network(self, pid: str) -> int:
        try:
            return os.stat(f"{self._root}/proc/{pid}/ns/net").st_ino
        except OSError:
            return 0

    def exists(self, path: str) -> bool:
        return os.path.lexists(self._root + path)

    def entries(self, directory: str) -> list[str]:
        """Sorted; none where it cannot be read."""
        if directory not in self._entries:
            found: list[str] = []
            with contextlib.suppress(OSError), os.scandir(self._root + directory) as entries:
                for entry, dummy in zip(entries, range(ENTRIES_MAX)):
                    found.append(entry.name)
            self._entries[directory] = sorted(found)
        return self._entries[directory]

    def text(self, path: str, most: int = STATE_MAX, owner: int = 0) -> str:
        """A state file; empty where it is no regular file of its owner (a user's id) or of ours, or larger."""
        return self._read(path, most, (owner, os.geteuid())).decode(errors="replace")

    def object(self, path: str, owner: int = 0) -> State:
        """A JSON object in a state file, empty where there is none."""
        found = self._parsed(path, owner)
        return found if isinstance(found, dict) else {}

    def objects(self, path: str) -> list[State]:
        """The objects in a list in a state file."""
        found = self._parsed(path)
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def _parsed(self, path: str, owner: int = 0) -> Any:
        if path not in self._json:
            try:
                self._json[path] = json.loads(self.text(path, owner=owner) or "null")
            # Deeply nested JSON ends in a RecursionError.
            except (ValueError, RecursionError):
                self._json[path] = None
        return self._json[path]

    def _read(self, path: str, most: int, owners: tuple[int, ...] | None = None) -> bytes:
        try:
            # A FIFO would block without a writer, and a link can lead anywhere.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW
            handle = os.open(self._root + path, flags)
        except (OSError, ValueError):
            return b""
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or (owners is not None and status.st_uid not in owners):
                return b""
            found = _whole(handle, most)
        except OSError:
            return b""
        finally:
            os.close(handle)
        return found if len(found) <= most else b""


def _whole(handle: int, most: int) -> bytes:
    """A file up to one octet more than wanted; those of /proc come in pieces. Errors: OSError."""
    found = b""
    while len(found) <= most:
        piece = os.read(handle, most + 1 - len(found))
        if not piece:
            break
        found += piece
    return found


def mapping(value: object) -> State:
    """An object inside an object; empty where it is something else."""
    return value if isinstance(value, dict) else {}
