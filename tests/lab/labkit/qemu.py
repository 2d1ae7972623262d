# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""QEMU: whether KVM works here, and its command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import guest, state
from .topology import Host, Nic

PROGRAM = "qemu-system-x86_64"

DEVICE = Path("/dev/kvm")

#: The file with a machine's changes to the disk.
DISK = "disk/changes.qcow2"

#: MiB for each machine.
MEMORY = 512

#: Seconds that are ample for a kernel to boot on KVM.
TRIAL = 10.0

#: By accelerator. Without KVM the processor is a plain one: new instructions are slow to emulate, and would have their
#: drivers loaded. It lacks CMPXCHG16B, whose emulation by QEMU 7.2 sometimes sets wrong flags, which crashes kernels.
#: The cache of translated code is limited, in MiB, instead of an eighth of the machine's memory.
ACCELERATORS = {
    "kvm": ("-accel", "kvm", "-cpu", "host"),
    "tcg": ("-accel", "tcg,tb-size=256", "-cpu", "qemu64,-svm,-cx16"),
}

BARE = ("-no-user-config", "-nodefaults", "-display", "none", "-machine", "q35,sata=off", "-smp", "1", "-no-reboot")

#: The console logs warnings and failures, the journal the rest. Addresses are not randomized, so that processes share
#: translated code: that saves a third of the time of a boot without KVM.
CMDLINE = (
    "root=/dev/vda rw console=ttyS0 quiet mitigations=off no_timer_check nokaslr norandmaps"
    " fsck.mode=skip systemd.show_status=auto systemd.ssh_auto=no"
)


def accelerator(kernel: Path) -> str:
    """``kvm`` if the kernel boots on it, else ``tcg``: a /dev/kvm alone proves nothing.

    Tried once for each boot of this machine.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    known = state.cache() / "accelerator.json"
    try:
        remembered = json.loads(known.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        remembered = {}
    if remembered.get("boot") != boot:
        remembered = {"boot": boot, "accelerator": "kvm" if _boots_on_kvm(kernel) else "tcg"}
        state.write(known, json.dumps(remembered))
    return remembered["accelerator"]


def _boots_on_kvm(kernel: Path) -> bool:
    """Without a root file system the kernel panics and restarts, which ends QEMU and proves that it booted."""
    if not DEVICE.exists():
        return False
    argv = [
        PROGRAM, *ACCELERATORS["kvm"], *BARE, "-m", str(MEMORY), "-serial", "stdio",
        "-kernel", str(kernel), "-append", "console=ttyS0 panic=-1",
    ]  # fmt: skip
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=TRIAL, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and b"Kernel panic" in done.stdout


def argv(
    host: Host, directory: Path, accel: str, kernel: Path, nics: Sequence[Nic | None], taps: Sequence[int]
) -> list[str]:
    """directory: has initrd and disk, and gets console and monitor. taps: file descriptors of `nics`, in order."""
    command = [
        PROGRAM, *ACCELERATORS[accel], *BARE, "-m", str(MEMORY), "-name", host.name,
        "-kernel", str(kernel), "-initrd", str(directory / "initrd"), "-append", CMDLINE,
        "-drive", f"file={directory / DISK},if=none,id=disk,format=qcow2,cache=unsafe",
        "-device", "virtio-blk-pci,drive=disk", "-device", "virtio-rng-pci",
        "-chardev", f"file,id=console,path={directory / 'console.log'},append=on", "-serial", "chardev:console",
    ]  # fmt: skip
    for monitor in ("events", "commands"):
        command += ["-qmp", f"unix:{directory / monitor},server=on,wait=off"]
    for nic, tap in zip(nics, taps, strict=True):
        name, mac = (nic.name, nic.mac) if nic else (guest.MANAGEMENT, guest.MAC)
        command += ["-netdev", f"tap,id={name}.tap,fd={tap}"]
        command += ["-device", f"virtio-net-pci,netdev={name}.tap,id={name},mac={mac},romfile="]
    return command
