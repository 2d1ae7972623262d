# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from the archive in which Ansible sends a module, each file compiled once.

Python's zipimport compiles a file twice: once to learn its name (`get_filename`, which importlib calls for each module
that it finds), once to run it. An archive holds no bytecode, so that this was half of what a module run cost.

A module that runs every night on hosts where nothing differs compiles its files once per boot: the code is kept in
`/run`, as Python keeps that of installed packages in `__pycache__`. So is that of the methods which `dataclasses` makes
from text: compiling them took a fifth of what was left of a survey.
"""

from __future__ import annotations

import atexit
import dataclasses
import marshal
import os
import stat
import sys
import time
from types import CodeType
from zipimport import zipimporter

#: Only root writes there, and it is empty after a boot.
DIRECTORY = "/run"
#: Writable by others.
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
#: Seconds.
_LEFT = 60.0


class _Kept:
    """Code of files by their names in the archive, each with checksum and size of its source, and of texts."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._process = os.getpid()
        self._known: dict = {}
        self._new = False

    def read(self) -> None:
        """What is there, if only root can have written it."""
        try:
            number = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(number, "rb") as stream:
                if _of_root_alone(os.fstat(number)) and stat.S_ISREG(os.fstat(number).st_mode):
                    known = marshal.load(stream)  # written by root, as this module is
                    self._known = known if isinstance(known, dict) else {}
        except (OSError, ValueError, TypeError, EOFError):
            self._known = {}

    def code(self, name: str, source: tuple) -> CodeType | None:
        """None where it is to be compiled."""
        found = self._known.get(name)
        if found is None or found[:-1] != source:
            return None
        code: CodeType = marshal.loads(found[-1])
        return code

    def add(self, name: str, source: tuple, code: CodeType) -> None:
        self._known[name] = (*source, marshal.dumps(code))
        self._new = True

    def execute(self, text: str, names: dict, local: dict | None = None) -> None:
        """As the builtin exec, for `dataclasses`."""
        code = self.code(text, ())
        if code is None:
            code = compile(text, "<string>", "exec", dont_inherit=True)
            self.add(text, (), code)
        exec(code, names, local)

    def write(self) -> None:
        """At the end of the process that read it, not of its children. Other runs may need more than this one did."""
        if not self._new or os.getpid() != self._process:
            return
        temporary = f"{self._path}.new"
        try:
            number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            _remove_if_left(temporary)
            return
        except OSError:
            return
        try:
            with os.fdopen(number, "wb") as stream:
                marshal.dump(self._known, stream)
            os.replace(temporary, self._path)
        except OSError:
            os.unlink(temporary)


def _remove_if_left(path: str) -> None:
    """By a run that was killed while it wrote, which takes milliseconds."""
    try:
        if time.time() - os.lstat(path).st_mtime > _LEFT:
            os.unlink(path)
    except OSError:
        return


class _Importer(zipimporter):
    """The same, with file names that need no compilation. Archives with bytecode alone are not meant."""

    kept: _Kept | None = None

    def get_filename(self, fullname: str) -> str:
        """Errors: ZipImportError where the archive has no such module."""
        return f"{self.archive}/{self._inside(fullname)}"

    def get_code(self, fullname: str) -> CodeType:
        """Errors: as `get_filename`, and those of the compiler."""
        name = self._inside(fullname)
        entry = getattr(self, "_files", {}).get(name, ())
        if self.kept is None or len(entry) != _ENTRY:
            return super().get_code(fullname)
        source = (entry[_CHECKSUM], entry[_SIZE])
        code = self.kept.code(name, source)
        if code is None:
            code = super().get_code(fullname)
            self.kept.add(name, source, code)
        return code

    def _inside(self, fullname: str) -> str:
        end = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.prefix}{fullname.rpartition('.')[2]}{end}"


#: Of zipimport: path, compression, compressed size, size, offset, time, date, checksum.
_ENTRY, _SIZE, _CHECKSUM = 8, 3, 7


def install(keep: str = "") -> None:
    """Import everything that follows in this way; where this does not come from an archive, change nothing.

    keep: under which name the code is kept on the host for the next run, empty for none.
    """
    if __spec__ is None or not isinstance(__spec__.loader, zipimporter):
        return
    if keep:
        _Importer.kept = _kept(keep)
    sys.path_hooks[:] = [_Importer if hook is zipimporter else hook for hook in sys.path_hooks]
    for entry, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimporter):
            del sys.path_importer_cache[entry]


def _kept(name: str) -> _Kept | None:
    """None where only root's own code may run, and this is not root, or others may write where it would be."""
    try:
        trusted = os.geteuid() == 0 and _of_root_alone(os.stat(DIRECTORY))
    except OSError:
        return None
    if not trusted:
        return None
    version = f"{sys.implementation.cache_tag}-{sys.hexversion:x}-{sys.flags.optimize}"
    kept = _Kept(f"{DIRECTORY}/linuxnet-macvlan.{name}.{version}")
    kept.read()
    vars(dataclasses)["exec"] = kept.execute
    atexit.register(kept.write)
    return kept


def _of_root_alone(status: os.stat_result) -> bool:
    return status.st_uid == 0 and not status.st_mode & _OTHERS
