# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of a host's operating system: a base image per Debian release, one layer per network manager, and above
it one per container engine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Layer:
    """What a manager adds to the base. commands: run in the image after the packages are installed."""

    packages: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "udev", "kmod", "procps",
    "iproute2", "iputils-ping", "iputils-arping",
    "openssh-server", "python3", "python3-pyroute2",
)  # fmt: skip

#: As Debian installs them; a host has only its own manager (systemd-networkd is installed everywhere, but disabled).
LAYERS = {
    "networkmanager": Layer(packages=("network-manager",)),
    "networkd": Layer(commands=("systemctl enable systemd-networkd.service",)),
    "ifupdown": Layer(packages=("ifupdown",)),
    "netplan": Layer(packages=("netplan.io",)),
    "none": Layer(),
}

#: The image of `engines.ARCHIVE` has busybox and its programs, and nothing else.
BUSYBOX = (
    "mkdir -p /usr/share/lab /tmp/image/bin /tmp/image/tmp /tmp/image/etc",
    "cp /bin/busybox /tmp/image/bin/",
    "for name in $(busybox --list); do [ $name = busybox ] || ln -s busybox /tmp/image/bin/$name; done",
    "tar -c -C /tmp/image -f /usr/share/lab/busybox.tar .",
    "rm -r /tmp/image",
)

#: Engine -> release -> layer: Debian's engines with compose, and what they recommend for rootless containers.
ENGINES = {
    "docker": {
        "bookworm": Layer(("docker.io", "docker-compose", "iptables", "busybox-static"), BUSYBOX),
        "trixie": Layer(("docker.io", "docker-cli", "docker-compose", "iptables", "busybox-static"), BUSYBOX),
    },
    "podman": {
        "bookworm": Layer(
            # without iptables netavark 1.4 starts no container that has a network
            ("podman", "crun", "netavark", "aardvark-dns", "iptables", "slirp4netns", "uidmap", "busybox-static"),
            BUSYBOX,
        ),
        "trixie": Layer(("podman", "crun", "netavark", "aardvark-dns", "passt", "uidmap", "busybox-static"), BUSYBOX),
    },
}

#: Not needed in a host that lives for minutes: consoles, and timers for networks and disks.
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "motd-news.timer", "getty.target", "console-getty.service",
)  # fmt: skip

#: Left out of every package, for size.
EXCLUDED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")

#: Run in the base image at the end of its build. Each host gets a machine ID and an SSH host key of its own.
FINISH = (
    f"systemctl mask {' '.join(MASKED)}",
    "rm -f /etc/ssh/ssh_host_*",
    "truncate --size=0 /etc/machine-id",
)


def fingerprint(system: str) -> str:
    """Changes with the recipe, so that a new image is built."""
    layers = {name: asdict(layer) for name, layer in LAYERS.items()}
    return _hash([system, PACKAGES, layers, EXCLUDED, FINISH])


def engine_fingerprint(system: str, engine: str) -> str:
    """Of an engine's layer alone: hosts without an engine keep their image when it changes."""
    return _hash(asdict(ENGINES[engine][system]))


def _hash(recipe: object) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:12]
