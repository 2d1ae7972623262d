# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules require on a target: pyroute2, and the capabilities to use it."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec
from types import ModuleType

from . import platforms
from .problems import Problems

__all__ = [
    "check_capabilities",
    "check_pyroute2",
    "pyroute2_remedy",
    "pyroute2_version",
    "system_python",
]

#: Debian 12 ships 0.7.2, the oldest release that is tested.
MINIMUM_PYROUTE2 = (0, 7, 2)
#: The binary distribution format, "The .dist-info directories"; setuptools' older form.
_METADATA = re.compile(r"pyroute2-([^-]+)(?:-py[0-9.]+)?\.(?:dist-info|egg-info)")
_WANTED = ".".join(map(str, MINIMUM_PYROUTE2))
#: Where a virtual environment for the modules could be.
_VENV = "/opt/linuxnet-macvlan"

#: linux/capability.h
CAP_NET_ADMIN = 12
CAP_NET_RAW = 13
CAP_SYS_ADMIN = 21
CAP_NAMES = {CAP_NET_ADMIN: "CAP_NET_ADMIN", CAP_NET_RAW: "CAP_NET_RAW", CAP_SYS_ADMIN: "CAP_SYS_ADMIN"}


def version_tuple(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``0.9.5.post1`` is (0, 9, 5)."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def pyroute2_version() -> str | None:
    """The version of pyroute2, None where it is missing, empty where nothing says it.

    Importing it takes 0.15 to 0.3 s of each run: what is installed beside it says as much where it is new enough.
    """
    version = _installed_version()
    if version_tuple(version) >= MINIMUM_PYROUTE2:
        return version
    imported = _imported()
    if imported is None:
        return None
    own = getattr(imported, "__version__", "")
    # Debian's 0.7.2 says "unknown".
    return own if isinstance(own, str) and version_tuple(own) else version


def _installed_version() -> str:
    """By the name of its metadata, such as pyroute2-0.7.2.dist-info; empty where there is none."""
    found = find_spec("pyroute2")
    # A package; a single file of this name is something else.
    if found is None or found.origin is None or not found.submodule_search_locations:
        return ""
    try:
        names = os.listdir(os.path.dirname(os.path.dirname(found.origin)))
    except OSError:
        return ""
    matches = [match for match in map(_METADATA.fullmatch, names) if match]
    return matches[0].group(1) if len(matches) == 1 else ""


def _imported() -> ModuleType | None:
    try:
        import pyroute2
    except ImportError:
        return None
    found: ModuleType = pyroute2
    return found


def check_pyroute2(problems: Problems) -> None:
    """Add a problem when pyroute2 is missing or too old."""
    version = pyroute2_version()
    if version is None:
        what = f"the Python library pyroute2 >= {_WANTED} is not installed on this host for {sys.executable}"
        problems.add("pyroute2", None, what, pyroute2_remedy(False))
    elif version_tuple(version) < MINIMUM_PYROUTE2:
        where = os.path.dirname(str(getattr(_imported(), "__file__", "")))
        problems.add(
            "pyroute2", version, f"pyroute2 >= {_WANTED} is needed, and {where} is older", pyroute2_remedy(True)
        )


def system_python() -> bool:
    """Whether the distribution's packages are for the Python that runs this."""
    return sys.prefix == sys.base_prefix and os.path.dirname(sys.executable) in ("/usr/bin", "/bin", "/usr/libexec")


def pyroute2_remedy(upgrade: bool, fields: dict[str, str] | None = None) -> str:
    """How to get pyroute2, or a newer one, on this distribution. fields: those of os-release(5)."""
    pip = f"-m pip install 'pyroute2>={_WANTED}'"
    if not system_python():
        return f"run {sys.executable} {pip}"
    command = platforms.install_command("pyroute2", platforms.os_release() if fields is None else fields, upgrade)
    apart = (
        f"make a virtual environment that has it (python3 -m venv {_VENV} && {_VENV}/bin/python {pip}) and set"
        f" ansible_python_interpreter: {_VENV}/bin/python for the host"
    )
    if command is None:
        return apart
    if upgrade:
        return f"run {command}; where the release has no newer one, {apart}"
    return f"run {command}, as the role linuxnet.macvlan.prepare does; where the release has none, {apart}"


def effective_capabilities() -> int:
    """CapEff of this process as a bit set (proc_pid_status(5)); 0 where it cannot be read."""
    try:
        with open("/proc/self/status", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("CapEff:"):
                    return int(line.split()[1], 16)
    except (OSError, ValueError):
        pass
    return 0


def check_capabilities(problems: Problems, *wanted: int) -> None:
    """Add a problem for each capability that this process lacks."""
    have = effective_capabilities()
    for capability in wanted:
        if not have >> capability & 1:
            problems.add(
                CAP_NAMES[capability],
                None,
                f"the task runs without {CAP_NAMES[capability]} on this host",
                "run it as root, for example with become: true",
            )
