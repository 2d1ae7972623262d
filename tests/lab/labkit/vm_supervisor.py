# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one host of kind vm, from its first boot to its end: ``python -m labkit.vm_supervisor LAB HOST``.

QEMU goes on over reboots of the host. What the lab adds to a running host, it adds after each of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._command import CommandFailed

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
from .errors import LabError
from .qmp import Monitor
from .topology import Host, Nic, Topology, parse

#: Seconds for a host to answer and for its nics to get their declared addresses, after a boot.
PATIENCE = 120.0


def main(lab: str, name: str) -> int:
    files = state.State(lab)
    topology = parse(files.load()["topology"])
    host = topology.hosts[name]
    cgroups.enter(lab, name)
    leader.record(files.host(name), os.getpid(), "supervisor")
    background.ready("started")
    with images.used(str(host.os)):
        process = _start(files, host)
        try:
            with Monitor(files.host(name) / "events", lambda: process.poll() is None) as monitor:
                _attend(files, topology, host, monitor)
        except LabError:
            if process.poll() is None:
                raise
        netns.delete(files.netns(name))
        return process.wait()


def _start(files: state.State, host: Host) -> subprocess.Popen:
    """QEMU with its nics on the switches, and its way in."""
    directory, common = files.host(host.name), vm_images.directory(str(host.os))
    own = [*identity.entries(files, host), *guest.entries(host)]
    initrd = directory / "initrd"
    initrd.write_bytes(
        (common / "initrd").read_bytes()
        + cpio.archive(cpio.Entry(f"/host{entry.path}", entry.mode, entry.data) for entry in own)
    )
    nics = guest.slots(host.nics)
    taps = [_way_in(files, host) if nic is None else _plug_in(files, host, nic) for nic in nics]
    sources = {
        "kernel": vm_images.kernel(str(host.os)),
        "initrd": initrd,
        "disk": vm_images.disk(str(host.os), host.manager),
    }
    command = qemu.argv(host, directory, vm_host.accelerator(files, host), sources, nics, taps)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=taps)
    for handle in taps:
        os.close(handle)  # so that the devices go with QEMU
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


def _way_in(files: state.State, host: Host) -> int:
    name = files.netns(host.name)
    netns.add(name)
    handle = tap.create(name, guest.MANAGEMENT)
    netns.configure(name, guest.MANAGEMENT, (f"{guest.OUTSIDE}/{guest.PREFIX}",), ())
    return handle


def _attend(files: state.State, topology: Topology, host: Host, monitor: Monitor) -> None:
    """Count boots and make containers after each. Errors: LabError when QEMU ends, or a container cannot be made."""
    boots, ready, began = 1, False, time.monotonic()
    while True:
        if "RESET" in monitor.events(0.3):
            boots, ready, began = boots + 1, False, time.monotonic()
            netns.kill(netns.pids(files.netns(host.name)))  # connections with the kernel that is gone
        elif not ready and (_has_addresses(files, host) or time.monotonic() - began > PATIENCE):
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
