# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container engines on hosts of kind nspawn: what each needs to run containers there. Pure.

systemd-nspawn mounts the host's control groups read-only, and its seccomp filter refuses key rings, which runc and crun
make for every container. The root file system is an overlay, on which overlay storage drivers refuse to work.
"""

from __future__ import annotations

import json

from .topology import Host

#: systemd-nspawn(1) --system-call-filter=: add_key and keyctl for key rings, bpf for device rules.
SYSTEM_CALLS = "add_key keyctl bpf"

#: The container image that every host with an engine has, made from busybox-static, and the file that it is made of.
IMAGE, ARCHIVE = "busybox", "/usr/share/lab/busybox.tar"

#: bind: otherwise the kernel tries to remount the file system itself, which is in use ("mount point is busy"). In
#: version 2 there is one mount, and the directories below it are groups.
CONTROL_GROUPS = """[Unit]
Description=Writable control groups for a container engine
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -ec 'for path in /sys/fs/cgroup /sys/fs/cgroup/*/; do \
    mountpoint -q "$$path" || continue; mount -o remount,bind,rw "$$path"; done'

[Install]
WantedBy=sysinit.target
"""

IMAGES = """[Unit]
Description=Container image of the lab
After={after}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '{engine} image inspect {image} >/dev/null 2>&1 || {engine} import {archive} {image}'

[Install]
WantedBy=multi-user.target
"""

#: docker: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
DOCKER = {"storage-driver": "vfs"}

#: podman: containers-storage.conf(5) and containers.conf(5). Without CAP_SYS_RESOURCE no limit can be raised, and
#: podman's defaults are above those of a host.
STORAGE = '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n'
CONTAINERS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]

[engine]
cgroup_manager = "cgroupfs"
"""

_UNITS = {"lab-control-groups.service": "sysinit.target", "lab-image.service": "multi-user.target"}

#: Starts containers with --restart=always at boot, as Docker does by itself; Debian leaves it disabled.
_RESTART = "podman-restart.service"


def files(host: Host) -> dict[str, str]:
    """Path -> content of what the host's engine needs; empty without one."""
    if host.engine == "none":
        return {}
    after = "docker.service" if host.engine == "docker" else "local-fs.target"
    image = IMAGES.format(after=after, engine=host.engine, image=IMAGE, archive=ARCHIVE)
    system = "/etc/systemd/system"
    return {
        f"{system}/lab-control-groups.service": CONTROL_GROUPS,
        f"{system}/lab-image.service": image,
        **_settings(host.engine),
    }


def links(host: Host) -> dict[str, str]:
    """Path -> target of the symbolic links that enable the units of `files`, and one of Podman's own."""
    if host.engine == "none":
        return {}
    system = "/etc/systemd/system"
    found = {f"{system}/{target}.wants/{unit}": f"{system}/{unit}" for unit, target in _UNITS.items()}
    if host.engine == "podman":
        found[f"{system}/default.target.wants/{_RESTART}"] = f"/usr/lib/systemd/system/{_RESTART}"
    return found


def nspawn_options(host: Host) -> list[str]:
    """What systemd-nspawn has to allow for the host's engine."""
    return [] if host.engine == "none" else [f"--system-call-filter={SYSTEM_CALLS}"]


def _settings(engine: str) -> dict[str, str]:
    if engine == "docker":
        return {"/etc/docker/daemon.json": f"{json.dumps(DOCKER, indent=2)}\n"}
    return {"/etc/containers/storage.conf": STORAGE, "/etc/containers/containers.conf": CONTAINERS}
