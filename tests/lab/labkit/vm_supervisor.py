# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one host of kind vm, from its first boot to its end: ``python -m labkit.vm_supervisor LAB HOST``.

When the host reboots, from inside or by the lab, a new QEMU boots the same disk: one that continued would spend most
of the time of the reboot on discarding what it had translated of the old kernel.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run

from . import (
    background,
    cgroups,
    cpio,
    guest,
    identity,
    images,
    leader,
    netns,
    qemu,
    state,
    tap,
    vm_host,
    vm_images,
    wiring,
)  # fmt: skip
from .qmp import Monitor, QemuEnded
from .topology import Host, Nic, Topology, parse

#: Seconds for a host to answer and for its nics to get their declared addresses, after a boot.
PATIENCE = 300.0


def main(lab: str, name: str) -> int:
    files = state.State(lab)
    topology = parse(files.load()["topology"])
    host = topology.hosts[name]
    cgroups.enter(lab, name)
    leader.record(files.host(name), os.getpid(), "supervisor")
    background.ready("started")
    with images.used(str(host.os)):
        _make_disk(files, host)
        boots = 1
        while _boot(files, topology, host, boots):
            boots += 1
    return 0


def _make_disk(files: state.State, host: Host) -> None:
    """An initramfs with the host's own files, and a disk that holds its changes."""
    directory, system = files.host(host.name), str(host.os)
    own = [*identity.entries(files, host), *guest.entries(host)]
    (directory / "initrd").write_bytes(
        (vm_images.directory(system) / "initrd").read_bytes()
        + cpio.archive(cpio.Entry(f"/host{entry.path}", entry.mode, entry.data) for entry in own)
    )
    base = str(vm_images.disk(system, host.manager))
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, str(directory / qemu.DISK)])


def _boot(files: state.State, topology: Topology, host: Host, boots: int) -> bool:
    """Boot the host and stay until it ends; whether it reboots. Errors: LabError when a container cannot be made."""
    process = _start(files, host)
    reboots = False

    def runs() -> bool:
        # it ends without an event when it is killed, or cannot start
        return process.poll() is None

    with contextlib.suppress(QemuEnded), Monitor(files.host(host.name) / "events", runs) as monitor:
        reboots = _attend(files, topology, host, monitor, boots)
    process.wait()
    netns.delete(files.netns(host.name))
    return reboots


def _start(files: state.State, host: Host) -> subprocess.Popen:
    """QEMU with its nics on the switches, and its management link."""
    directory = files.host(host.name)
    nics = guest.slots(host.nics)
    taps = [_management(files, host) if nic is None else _plug_in(files, host, nic) for nic in nics]
    kernel = vm_images.kernel(str(host.os))
    command = qemu.argv(host, directory, vm_host.accelerator(files, host), kernel, nics, taps)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=taps)
    for handle in taps:
        os.close(handle)  # so that the devices are removed with QEMU
    leader.record(directory, process.pid)
    return process


def _plug_in(files: state.State, host: Host, nic: Nic) -> int:
    switch, port = files.netns(nic.switch), netns.port_name(host.name, nic.name)
    handle = tap.create(switch, port)
    if nic.mtu:
        netns.ip(switch, "link", "set", port, "mtu", str(nic.mtu))
    netns.attach(switch, port)
    netns.set_port(switch, port, nic.port)
    return handle


def _management(files: state.State, host: Host) -> int:
    name = files.netns(host.name)
    netns.add(name)
    handle = tap.create(name, guest.MANAGEMENT)
    netns.configure(name, guest.MANAGEMENT, (f"{guest.OUTSIDE}/{guest.PREFIX}",), ())
    return handle


def _attend(files: state.State, topology: Topology, host: Host, monitor: Monitor, boots: int) -> bool:
    """Make the containers, count the boot, and stay until QEMU ends; whether the host reboots.

    Errors: QemuEnded when it ends without an event, LabError when a container cannot be made.
    """
    ready, began = False, time.monotonic()
    while True:
        for event in monitor.events(0.3):
            if event["event"] == "SHUTDOWN":
                return event["data"]["reason"].endswith("-reset")
        if not ready and (_has_addresses(files, host) or time.monotonic() - began > PATIENCE):
            wiring.make_containers(vm_host.inside(files, host), topology, host)
            state.write(files.host(host.name) / "boots", str(boots))
            ready = True


def _has_addresses(files: state.State, host: Host) -> bool:
    try:
        return not wiring.missing_addresses(wiring.links(vm_host.inside(files, host)), host)
    except CommandFailed:  # nobody answers yet
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
