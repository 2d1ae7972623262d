# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from the archive in which Ansible sends a module, each file compiled once.

Python's zipimport compiles a file twice: once to learn its name (`get_filename`, which importlib calls for each module
that it finds), once to run it. An archive holds no bytecode, so that this was half of what a module run cost.
"""

from __future__ import annotations

import sys
from zipimport import zipimporter


class _Importer(zipimporter):
    """The same, with file names that need no compilation. Archives with bytecode alone are not meant."""

    def get_filename(self, fullname: str) -> str:
        """Errors: ZipImportError where the archive has no such module."""
        inside = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{inside}"


def install() -> None:
    """Import everything that follows in this way; where this does not come from an archive, change nothing."""
    if __spec__ is None or not isinstance(__spec__.loader, zipimporter):
        return
    sys.path_hooks[:] = [_Importer if hook is zipimporter else hook for hook in sys.path_hooks]
    for entry, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimporter):
            del sys.path_importer_cache[entry]
