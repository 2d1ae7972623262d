# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a module's bytecode with it, so that not each host compiles the same 280 files. On the controller only.

Only to a host whose interpreter is known to be of the controller's version, by its name: the discovery of Ansible finds
names such as /usr/bin/python3.11. What Ansible sends stays as it is: its archive gets a second member for each source,
which Python takes only where its magic number is its own (zipimport), and uses the source elsewhere.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import marshal
import os
import re
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, source_hash
from typing import Any

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files

from ._ansible import Result, Variables

#: Of a playbook: whether to do this at all. It adds 1.7 MB for each host, which a slow line needs longer for.
WANTED = "macvlan_bytecode"
#: Compiling everything once takes as long as a host or two save, and all others wait for it.
HOSTS_MIN = 4
#: The archive in the text of a module: a string of base64, with the signature of a zip file at its start (PK\3\4).
_ARCHIVE = re.compile(rb"(?<=['\"])UEsDB[A-Za-z0-9+/=]{1000,}(?=['\"])")
#: The interpreter, in the first line of a module's text.
_INTERPRETER = re.compile(rb"\A#!(?:[^\s]*/)?python(\d+\.\d+)\s")
#: Of a file of bytecode: it holds a hash of its source, which nobody checks (PEP 552, little-endian).
_UNCHECKED_HASH = (1).to_bytes(4, "little")


class WithBytecode(ActionBase):
    """An action plugin whose modules get their bytecode with them, where many hosts run them."""

    _sends = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        given = task_vars or {}
        many = len(given.get("ansible_play_hosts_all") or ()) >= HOSTS_MIN
        self._sends = many and boolean(self._templar.template(given.get(WANTED, True)), strict=False)
        result: Result = super().run(tmp, task_vars)
        return result

    # A module is sent on the standard input of Python (pipelining) or as a file.

    def _low_level_execute_command(self, *arguments: Any, **options: Any) -> Result:
        if options.get("in_data"):
            options["in_data"] = self._complete(options["in_data"])
        result: Result = super()._low_level_execute_command(*arguments, **options)
        return result

    def _transfer_data(self, remote_path: str, data: str | bytes) -> Any:
        return super()._transfer_data(remote_path, self._complete(data))

    def _complete(self, sent: str | bytes) -> str | bytes:
        if not self._sends:
            return sent
        return with_bytecode(sent) if isinstance(sent, bytes) else with_bytecode(sent.encode()).decode()


def with_bytecode(text: bytes) -> bytes:
    """A module's text with bytecode in its archive; as it is without an archive, and for another version of Python."""
    found, interpreter = _ARCHIVE.search(text), _INTERPRETER.match(text)
    if not found or not interpreter or interpreter[1].decode() != f"{sys.version_info[0]}.{sys.version_info[1]}":
        return text
    try:
        more = _kept(found[0])
    except OSError:
        # It is there to save time.
        return text
    return text[: found.start()] + more + text[found.end() :]


def _kept(encoded: bytes) -> bytes:
    """Of an archive, made once for all hosts of a run: each of them has a process of its own on the controller.

    Errors: OSError.
    """
    path = os.path.join(constants.DEFAULT_LOCAL_TMP, f"linuxnet_macvlan_{hashlib.sha256(encoded).hexdigest()}")
    directory = os.open(constants.DEFAULT_LOCAL_TMP, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        made = files.read(path)
        if not made:
            made = base64.b64encode(_extended(base64.b64decode(encoded))).decode("ascii")
            files.write(path, made, mode=0o600)
    finally:
        os.close(directory)
    return made.encode("ascii")


def _extended(data: bytes) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".py"):
                source = archive.read(member)
                compiled = zipfile.ZipInfo(f"{member.filename}c", member.date_time)
                archive.writestr(compiled, _bytecode(source, member.filename), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _bytecode(source: bytes, name: str) -> bytes:
    """As a file of bytecode holds it (PEP 552). A traceback names the file by its place in the archive."""
    code = compile(source, name, "exec", dont_inherit=True)
    return MAGIC_NUMBER + _UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)
