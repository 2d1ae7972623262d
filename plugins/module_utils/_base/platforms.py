# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between distributions: families, and the names of packages. Data, in this one place."""

from __future__ import annotations

import contextlib
import shlex

from .files import read

#: Family -> the IDs of os-release(5) that belong to it. A derivative is found by its ID_LIKE.
FAMILIES = {
    "debian": ("debian", "ubuntu", "raspbian"),
    "redhat": ("fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn"),
    "suse": ("suse", "opensuse", "opensuse-leap", "opensuse-tumbleweed", "sles", "sle-micro"),
    "arch": ("arch",),
    "alpine": ("alpine",),
    "gentoo": ("gentoo",),
}

#: Python library -> family -> package. Red Hat Enterprise Linux and its rebuilds have it in EPEL.
LIBRARY_PACKAGES = {
    "pyroute2": {
        "debian": "python3-pyroute2",
        "redhat": "python3-pyroute2",
        "suse": "python3-pyroute2",
        "arch": "python-pyroute2",
        "alpine": "py3-pyroute2",
        "gentoo": "dev-python/pyroute2",
    },
}

#: The commands that install a package, and a newer version of it.
INSTALL = {
    "debian": ("apt-get install {}", "apt-get install --only-upgrade {}"),
    "redhat": ("dnf install {}", "dnf upgrade {}"),
    "suse": ("zypper install {}", "zypper update {}"),
    "arch": ("pacman -S {}", "pacman -Syu {}"),
    "alpine": ("apk add {}", "apk add --upgrade {}"),
    "gentoo": ("emerge {}", "emerge --update {}"),
}

#: Family -> how the kernel modules of the running kernel get onto the host.
MODULE_TREE_REMEDIES = {
    "debian": "install linux-modules-extra (Ubuntu) or linux-image (Debian) for the running kernel",
    "redhat": "install kernel-modules and kernel-modules-extra for the running kernel",
    "suse": "install kernel-default (kernel-default-base lacks network drivers)",
}


def os_release() -> dict[str, str]:
    """The fields of os-release(5), empty where there is none."""
    return parse_os_release(read("/etc/os-release") or read("/usr/lib/os-release") or "")


def parse_os_release(text: str) -> dict[str, str]:
    """``KEY=value`` lines with shell quoting; without those whose quotes do not close. Pure."""
    fields = {}
    for line in text.splitlines():
        key, found, value = line.strip().partition("=")
        if found and not key.startswith("#"):
            with contextlib.suppress(ValueError):
                fields[key] = "".join(shlex.split(value)[:1]) if value else ""
    return fields


def family(fields: dict[str, str]) -> str | None:
    """The family a host belongs to, None when it is none that is known."""
    for name in [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]:
        for known, members in FAMILIES.items():
            if name in members:
                return known
    return None


def install_command(library: str, fields: dict[str, str], upgrade: bool = False) -> str | None:
    """How to install the distribution's package of a Python library, or a newer one; None where that is not known."""
    package = library_package(library, fields)
    return None if package is None else INSTALL[family(fields) or ""][upgrade].format(package)


def library_package(library: str, fields: dict[str, str]) -> str | None:
    """The distribution's package of a Python library, None where that is not known."""
    return LIBRARY_PACKAGES.get(library, {}).get(family(fields) or "")
