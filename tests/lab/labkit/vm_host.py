# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind vm: a QEMU machine with a kernel of its own, which loads modules, runs udev and really reboots.

Its nics are tap devices on the switches. Commands arrive over a management link (see guest), from the namespace that
has the host's name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import background, inventory, leader, qemu, real_host, vm_images
from .qmp import Monitor
from .state import State, write
from .topology import Host, Nic, Topology


def prepare(hosts: list[Host], say: Callable[[str], None]) -> None:
    """Build the kernels and disks of the hosts from existing images. Errors: LabError."""
    vm_images.ensure({(str(host.os), host.manager) for host in hosts}, say)
    for host in hosts[:1]:
        say(f"QEMU runs with {qemu.accelerator(vm_images.kernel(str(host.os)))}")


def start(state: State, topology: Topology, host: Host) -> None:
    """Boot the host and return when it is ready. Errors: LabError with what it waited for."""
    directory = state.host(host.name)
    write(directory / "accelerator", qemu.accelerator(vm_images.kernel(str(host.os))))
    write(directory / "inside", inventory.command(host, state, real_host.client_key()), mode=0o755)
    supervisor = [sys.executable, "-m", "labkit.vm_supervisor", state.name, host.name]
    background.start(supervisor, directory / "console.log", real_host.python_path())
    real_host.wait(state, host, inside, boots=1)


def reboot(state: State, topology: Topology, host: Host) -> None:
    """Restart the host cleanly and return when it is ready again. Errors: LabError."""
    real_host.reboot(state, host, inside)


def cable(state: State, host: Host, nic: Nic, plugged: bool) -> None:
    """Turn the carrier of a nic off or on: a tap device does not report it to the guest. Errors: LabError."""
    with Monitor(state.host(host.name) / "commands") as monitor:
        monitor.command("set_link", name=nic.name, up=plugged)


def accelerator(state: State, host: Host) -> str:
    """The accelerator of the host's QEMU: ``kvm`` or ``tcg``."""
    return (state.host(host.name) / "accelerator").read_text(encoding="utf-8")


def inside(state: State, host: Host) -> list[str]:
    """The prefix for a command that runs on the host. Errors: LabError when the host does not run."""
    leader.running(state.host(host.name))
    return [str(state.host(host.name) / "inside")]
