# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that turn an image into a host: its name, machine ID, keys and network configuration."""

from __future__ import annotations

import stat
import uuid
from pathlib import Path

from . import engines, managers
from .cpio import Entry, directory, file, link
from .state import State, cache
from .topology import Host

SSHD = """HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
UseDNS no
"""

#: Secret files, and files whose reader refuses what others may read.
PRIVATE = ("/root/", "/etc/NetworkManager/", "/etc/netplan/")


def entries(state: State, host: Host) -> list[Entry]:
    """The host's own files and links. Each call generates another machine ID."""
    hosts = f"127.0.0.1 localhost\n127.0.1.1 {host.name}\n::1 localhost ip6-localhost ip6-loopback\n"
    key = state.host(host.name) / "ssh_host_ed25519_key"
    content = {
        "/etc/hostname": f"{host.name}\n",
        "/etc/hosts": hosts,
        "/etc/machine-id": f"{uuid.uuid4().hex}\n",
        "/etc/ssh/sshd_config.d/10-lab.conf": SSHD,
        "/root/.ssh/authorized_keys": (cache() / "ssh" / "id_ed25519.pub").read_text(encoding="utf-8"),
        **managers.files(host),
        **engines.files(host),
    }
    return [
        directory("/root", 0o700),
        directory("/root/.ssh", 0o700),
        file(f"/etc/ssh/{key.name}", key.read_bytes(), 0o600),
        file(f"/etc/ssh/{key.name}.pub", key.with_suffix(".pub").read_bytes()),
        *(file(path, text, 0o600 if path.startswith(PRIVATE) else 0o644) for path, text in content.items()),
        *(link(path, target) for path, target in {**managers.links(host), **engines.links(host)}.items()),
    ]


def write(root: Path, what: list[Entry]) -> None:
    """Write them into a directory tree."""
    for entry in what:
        target = root / entry.path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(entry.mode):
            # the image has it where the package enables the unit by itself
            target.unlink(missing_ok=True)
            target.symlink_to(entry.data.decode())
        elif stat.S_ISDIR(entry.mode):
            target.mkdir(exist_ok=True)
            target.chmod(stat.S_IMODE(entry.mode))
        else:
            target.write_bytes(entry.data)
            target.chmod(stat.S_IMODE(entry.mode))
