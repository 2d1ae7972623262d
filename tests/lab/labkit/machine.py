# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab needs on the machine that it runs on, installed where possible."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import find

from .errors import LabError

#: Programs and their Debian packages, by the kind of host that needs them.
PROGRAMS = {
    "netns": {
        "ip": "iproute2",
        "bridge": "iproute2",
        "ping": "iputils-ping",
        "nsenter": "util-linux",
        "setsid": "util-linux",
        "unshare": "util-linux",
    },
    "nspawn": {
        "systemd-nspawn": "systemd-container",
        "mmdebstrap": "mmdebstrap",
        "nc": "netcat-openbsd",
        "ssh": "openssh-client",
        "ssh-keygen": "openssh-client",
    },
}
PROGRAMS["vm"] = PROGRAMS["nspawn"] | {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mkfs.ext4": "e2fsprogs",
    "dpkg-deb": "dpkg",
    "depmod": "kmod",
}
#: Seconds to wait for another apt, perhaps of another lab.
WAIT = ("-o", "DPkg::Lock::Timeout=300")

#: The keyring of Debian's releases; Ubuntu has it in a package too.
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def require_root() -> None:
    """Errors: LabError when the lab cannot run here at all."""
    if platform.system() != "Linux":
        raise LabError(f"the lab needs Linux, this is {platform.system()}. Remedy: run it in a Linux machine or VM.")
    if os.geteuid() != 0:
        raise LabError("the lab makes network namespaces and needs root. Remedy: run it with sudo.")


#: Each host of kind nspawn needs a dozen inotify(7) instances of root; the kernel's default is 128 in total.
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_INSTANCES = 1024


def prepare(kinds: set[str]) -> None:
    """Install what is missing, and raise the inotify limit.

    Errors: LabError that lists what to install by hand, or what cannot be installed.
    """
    if "vm" in kinds and platform.machine() != "x86_64":
        raise LabError(f"kind vm needs x86-64, this machine is {platform.machine()}. Remedy: use kind nspawn or netns.")
    if "nspawn" in kinds and int(INOTIFY.read_text(encoding="ascii")) < INOTIFY_INSTANCES:
        INOTIFY.write_text(str(INOTIFY_INSTANCES), encoding="ascii")
    missing = missing_packages(kinds)
    if not missing:
        return
    if not find("apt-get"):
        raise LabError(f"missing on this machine: {', '.join(missing)} (Debian's package names). Remedy: install them.")
    print(f"installing {' '.join(missing)}", file=sys.stderr, flush=True)
    install = ["apt-get", "--yes", "--quiet", "--no-install-recommends", *WAIT, "install", *missing]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (install, ["apt-get", "--quiet", "update"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if command is install and done.returncode == 0:
            break
    left = missing_packages(kinds)
    if left:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise LabError(f"apt-get could not install {' '.join(left)}: {said[-1] if said else 'no message'}")


def missing_packages(kinds: set[str]) -> list[str]:
    needed = {program: package for kind in ("netns", *kinds) for program, package in PROGRAMS.get(kind, {}).items()}
    missing = {package for program, package in needed.items() if find(program) is None}
    if kinds & {"nspawn", "vm"} and not KEYRING.exists():
        missing.add("debian-archive-keyring")
    return sorted(missing)
