# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels and disks of virtual machines, made from the images of hosts of kind nspawn and kept beside them.

A release has one kernel, with its modules and an initramfs that holds only what the disk needs; a release with a
network manager has one disk, which each host uses read-only below its own changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import lzma
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run

from . import cpio, images, packages, state
from .errors import LabError

#: The kernel for virtual machines, with drivers as modules, and the program of the initramfs.
KERNEL, BUSYBOX = "linux-image-cloud-amd64", "busybox-static"

#: What the root file system needs; the rest is udev's.
DRIVERS = ("virtio_pci", "virtio_blk", "ext4")

#: The size of the disk; empty blocks take no space.
SIZE = "2G"

#: The first process: mounts the root file system, copies the host's own files at its first boot, and hands over.
INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in /drivers/*; do /bin/busybox insmod "$module"; done
until [ -b /dev/vda ]; do /bin/busybox usleep 10000; done
/bin/busybox mount -t ext4 /dev/vda /root
[ -s /root/etc/machine-id ] || /bin/busybox cp -a /host/. /root/
/bin/busybox mount -o move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
"""

#: $1: mount point of the tree, $2: its layers, $3: the disk.
DISK_SCRIPT = """
set -e
mount -t overlay -o "ro,lowerdir=$2" overlay "$1"
mkfs.ext4 -q -F -L root -d "$1" "$3" "$4"
"""


def directory(system: str) -> Path:
    """Of a release: vmlinuz, initrd, tree (modules) and MANAGER.ext4."""
    recipe = json.dumps([KERNEL, BUSYBOX, DRIVERS, SIZE, INIT, DISK_SCRIPT])
    return images.directory(system) / f"vm-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def kernel(system: str) -> Path:
    return directory(system) / "vmlinuz"


def disk(system: str, manager: str) -> Path:
    return directory(system) / f"{manager}.ext4"


def ensure(wanted: set[tuple[str, str]], say: Callable[[str], None]) -> None:
    """Build what is missing of (system, manager) pairs from existing images. Errors: LabError."""
    for system, manager in sorted(wanted):
        with open(state.cache() / "images" / f".{system}.vm.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            began = time.monotonic()
            try:
                if not directory(system).exists():
                    _build_kernel(system)
                if not disk(system, manager).exists():
                    _build_disk(system, manager)
                    say(f"made a disk of {system} with {manager} ({time.monotonic() - began:.0f} s)")
            except CommandFailed as error:
                raise LabError(f"the disk of {system} with {manager} could not be made: {error}") from error


def _build_kernel(system: str) -> None:
    for old in images.directory(system).glob("vm-*"):  # a running QEMU keeps its open files
        shutil.rmtree(old)
    new = directory(system).with_suffix(".new")
    for part in ("packages", "unpacked", "tree/usr/lib"):
        (new / part).mkdir(parents=True)
    for package in _download(system, new / "packages"):
        run(["dpkg-deb", "--extract", str(package), str(new / "unpacked")], timeout=300)
    (kernel,) = (new / "unpacked/boot").glob("vmlinuz-*")
    kernel.rename(new / "vmlinuz")
    tree = new / "tree"
    (new / "unpacked/boot").rename(tree / "boot")
    _either(new / "unpacked", "usr/lib/modules", "lib/modules").rename(tree / "usr/lib/modules")
    (tree / "lib").symlink_to("usr/lib")
    version = kernel.name.partition("-")[2]
    run(["depmod", "--basedir", str(tree), version], timeout=300)
    busybox = _either(new / "unpacked", "usr/bin/busybox", "bin/busybox").read_bytes()
    drivers = _drivers(tree / "usr/lib/modules" / version)
    (new / "initrd").write_bytes(
        cpio.archive([
            cpio.file("/init", INIT, 0o755),
            cpio.file("/bin/busybox", busybox, 0o755),
            *(cpio.file(f"/drivers/{place:02}.ko", content) for place, content in enumerate(drivers)),
            cpio.directory("/dev"),
            cpio.directory("/root"),
        ])
    )  # fmt: skip
    shutil.rmtree(new / "packages")
    shutil.rmtree(new / "unpacked")
    new.rename(directory(system))


def _download(system: str, folder: Path) -> list[Path]:
    """Download the release's current packages with this machine's apt."""
    options = packages.updated(system, folder)
    depends = run(["apt-cache", *options, "depends", "--important", KERNEL]).out.split()
    kernel = depends[depends.index("Depends:") + 1]
    run(["env", f"--chdir={folder}", "apt-get", *options, "download", BUSYBOX, kernel], timeout=packages.PATIENCE)
    return sorted(folder.glob("*.deb"))


def _either(root: Path, *paths: str) -> Path:
    """Packages of some releases use /lib, of others /usr/lib."""
    return next(root / path for path in paths if (root / path).exists())


def _drivers(modules: Path) -> list[bytes]:
    """The modules that `DRIVERS` name and those they need, in the order in which to load them (modules.dep(5))."""
    dependencies = {}
    for line in (modules / "modules.dep").read_text(encoding="utf-8").splitlines():
        path, _colon, needed = line.partition(":")
        dependencies[Path(path).name.partition(".")[0].replace("-", "_")] = [*reversed(needed.split()), path]
    paths = [path for driver in DRIVERS for path in dependencies.get(driver, [])]  # built in: no entry
    return [_uncompressed(modules / path) for path in dict.fromkeys(paths)]


def _uncompressed(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def _build_disk(system: str, manager: str) -> None:
    new = disk(system, manager).with_suffix(".new")
    root = directory(system) / "root"
    root.mkdir(exist_ok=True)
    new.unlink(missing_ok=True)
    layers = ":".join(map(str, [directory(system) / "tree", *images.layers(system, manager)]))
    run(["unshare", "--mount", "sh", "-c", DISK_SCRIPT, "sh", str(root), layers, str(new), SIZE], timeout=600)
    new.rename(disk(system, manager))
