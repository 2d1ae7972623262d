# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the running kernel, read from the host: the only part of the kernel check that knows paths."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import (
    PIECES_OF_A_TABLE,
    SECONDS_OF_A_TABLE,
    BoundedReading,
)

from . import kinds as kmod

PROC_MODULES = "/proc/modules"
PROC_CONFIG = "/proc/config.gz"

#: modprobe.d(5): the first directory that has a file of a name hides the others.
MODPROBE_DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)


def kernel() -> kmod.KernelFacts:
    """The facts about the running kernel."""
    release = os.uname().release
    tree = f"/lib/modules/{release}"
    loaded = kmod.parse_loaded(read(PROC_MODULES) or "")
    return kmod.KernelFacts(
        release=release,
        tree=os.path.isdir(tree),
        loaded=loaded,
        builtin=kmod.parse_builtin(read(f"{tree}/modules.builtin") or "") | (_in_sysfs() - loaded),
        loadable=kmod.parse_dep(read(f"{tree}/modules.dep") or ""),
        options=_options(release),
        rules=(*_modprobe_rules(), *kmod.parse_command_line(read("/proc/cmdline") or "")),
    )


def installed_trees() -> list[str]:
    """The kernels whose modules are on this host."""
    try:
        return sorted(os.listdir("/lib/modules"))
    except OSError:
        return []


def log() -> list[str]:
    """The kernel's log, one line per record; empty where it may not be read."""
    try:
        handle = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return []
    try:
        found = BoundedReading(lambda: _record(handle), PIECES_OF_A_TABLE, SECONDS_OF_A_TABLE)
        return [kmod.parse_kmsg(record.decode(errors="replace")) for record in found if record]
    finally:
        os.close(handle)


def _record(handle: int) -> bytes | None:
    """The next record, None after the last; empty where it was overwritten before it was read (EPIPE): the next ones
    are there."""
    try:
        return os.read(handle, 8192)
    except OSError as error:
        return b"" if error.errno == errno.EPIPE else None


def _in_sysfs() -> frozenset[str]:
    """Built-in modules that have parameters show up in /sys/module as loaded ones do, without ``initstate``."""
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = [name for name in os.listdir("/sys/module") if not os.path.exists(f"/sys/module/{name}/initstate")]
    return frozenset(names)


def _options(release: str) -> dict[str, str] | None:
    """The build options of the running kernel, None where they are not available."""
    try:
        with gzip.open(PROC_CONFIG, "rt", encoding="ascii", errors="replace") as stream:
            return kmod.parse_options(stream.read())
    except OSError:
        pass
    for path in (f"/boot/config-{release}", f"/lib/modules/{release}/config"):
        text = read(path)
        if text:
            return kmod.parse_options(text)
    return None


def _modprobe_rules() -> list[kmod.Rule]:
    files: dict[str, str] = {}
    for directory in reversed(MODPROBE_DIRECTORIES):
        with contextlib.suppress(OSError):
            files.update({name: directory for name in os.listdir(directory) if name.endswith(".conf")})
    return [
        rule
        for name in sorted(files)
        for rule in kmod.parse_modprobe(f"{files[name]}/{name}", read(f"{files[name]}/{name}") or "")
    ]
