# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a lab: one directory per lab and one lock per name, removed with the lab."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from .errors import LabError

#: Of the checkout that this file is in: labs of two checkouts on one machine may have the same name, and neither sees
#: those of the other.
CHECKOUT = hashlib.sha256(os.fsencode(Path(__file__).resolve().parents[3])).hexdigest()[:6]

ROOT = Path(f"/run/linuxnet-macvlan-lab-{CHECKOUT}")

#: The first part of every namespace, cgroup and machine name of a lab; a dot ends the lab's name, which contains none.
PREFIX = f"lnmlab-{CHECKOUT}"

#: Short: the path of an SSH control socket has at most 107 characters (sun_path, unix(7)).
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


def cache() -> Path:
    """Images and the SSH key, for all labs of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linuxnet-macvlan"


class State:
    """The files of one lab. Errors: LabError for an invalid name."""

    def __init__(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise LabError(f"{name!r} is not a lab's name. Remedy: use 1 to 20 of a-z, 0-9 and -, no - at the ends.")
        self.name = name
        self.directory = ROOT / name
        self.file = self.directory / "lab.json"
        self.inventory = self.directory / "inventory.yml"
        self.known_hosts = self.directory / "known_hosts"

    def host(self, name: str) -> Path:
        return self.directory / "hosts" / name

    def netns(self, machine: str) -> str:
        return f"{PREFIX}.{self.name}.{machine}"

    def load(self) -> dict:
        """What `save` wrote, empty when there is no such lab."""
        try:
            return json.loads(self.file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}

    def save(self, phase: str, topology: dict) -> None:
        """phase: ``starting`` until every host is ready, then ``up``."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(self.file, json.dumps({"phase": phase, "topology": topology}))

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            ROOT.rmdir()  # only when this was the last lab

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Only one of up, down and reboot at a time; the last user removes the lock's file."""
        path = ROOT / f".{self.name}.lock"
        while True:
            ROOT.mkdir(parents=True, exist_ok=True, mode=0o755)
            with contextlib.suppress(FileNotFoundError), open(path, "w", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    try:
                        yield
                    finally:
                        path.unlink(missing_ok=True)
                        with contextlib.suppress(OSError):
                            ROOT.rmdir()
                    return


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file atomically."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(mode)
    temporary.replace(path)


def names() -> list[str]:
    """Names of the labs that are up or starting."""
    return sorted(path.name for path in ROOT.glob("*") if path.is_dir()) if ROOT.is_dir() else []
