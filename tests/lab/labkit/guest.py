# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a virtual machine has beside every host: names of its nics, and a management link that no test can cut.

The management link is a nic of its own. Before any network manager starts, it moves to a namespace without a name,
where systemd listens; commands run in the machine's main namespace. So whatever changes or reads nics, routes or
firewalls there neither affects nor sees the lab.
"""

from __future__ import annotations

from .cpio import Entry, file, link
from .topology import Host, Nic

#: The nic of the management link, its addresses outside and inside (RFC 3927 section 2.1), and its MAC.
MANAGEMENT = "lab-management"
OUTSIDE, INSIDE, PREFIX = "169.254.0.1", "169.254.0.2", 30
MAC = "02:6c:61:62:00:01"

#: Ports inside: root's commands, and the host's own sshd, as it answers on its loopback address.
COMMANDS, SSH = 22, 2222

#: systemd's 99-default.link with a name: the MAC finds the nic, the driver keeps its macvlan children out.
LINK = """[Match]
MACAddress={mac}
Driver=virtio_net

[Link]
Name={name}
AlternativeNamesPolicy=database onboard slot path
MACAddressPolicy=persistent
"""

NAMESPACE = "/run/lab/netns"

UNITS = {
    "lab-management.service": f"""[Unit]
Description=Management link of the lab
DefaultDependencies=no
Wants=sys-subsystem-net-devices-{MANAGEMENT.replace("-", chr(92) + "x2d")}.device network-pre.target
After=sys-subsystem-net-devices-{MANAGEMENT.replace("-", chr(92) + "x2d")}.device
Before=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mkdir -p /run/lab
ExecStart=/bin/touch {NAMESPACE}
ExecStart=/usr/bin/unshare --net={NAMESPACE} true
ExecStart=/sbin/ip link set dev {MANAGEMENT} netns {NAMESPACE}
ExecStart=/usr/bin/nsenter --net={NAMESPACE} ip address add {INSIDE}/{PREFIX} dev {MANAGEMENT}
ExecStart=/usr/bin/nsenter --net={NAMESPACE} ip link set dev {MANAGEMENT} up

[Install]
WantedBy=multi-user.target
""",
    "lab-commands.socket": f"""[Unit]
Description=Commands of the lab
Requires=lab-management.service
After=lab-management.service

[Socket]
NetworkNamespacePath={NAMESPACE}
ListenStream={INSIDE}:{COMMANDS}
Accept=yes
MaxConnections=1000

[Install]
WantedBy=multi-user.target
""",
    "lab-commands@.service": """[Unit]
Description=Commands of the lab

[Service]
ExecStart=-/usr/sbin/sshd -i -o UsePAM=no
StandardInput=socket
StandardError=journal
RuntimeDirectory=sshd
RuntimeDirectoryPreserve=yes
KillMode=process
""",
    "lab-ssh.socket": f"""[Unit]
Description=SSH over the management link
Requires=lab-management.service
After=lab-management.service

[Socket]
NetworkNamespacePath={NAMESPACE}
ListenStream={INSIDE}:{SSH}

[Install]
WantedBy=multi-user.target
""",
    "lab-ssh.service": """[Unit]
Description=SSH over the management link

[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:22
""",
}

#: systemd-system.conf(5): the default of 90 seconds is too short on a busy machine without KVM.
PATIENT = """[Manager]
DefaultDeviceTimeoutSec=300
DefaultTimeoutStartSec=300
"""

WANTED = ("lab-management.service", "lab-commands.socket", "lab-ssh.socket")

#: Work at boot that a lab does not need: file systems for debuggers, login records, consoles.
MASKED = (
    "dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount", "sys-kernel-config.mount",
    "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "proc-sys-fs-binfmt_misc.automount",
    "systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-initctl.socket",
    "systemd-pstore.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
    "modprobe@.service",
)  # fmt: skip


def entries(host: Host) -> list[Entry]:
    names = {nic.name: nic.mac for nic in host.nics} | {MANAGEMENT: MAC}
    system = "/etc/systemd/system"
    return [
        *(file(f"/etc/systemd/network/10-{name}.link", LINK.format(name=name, mac=mac)) for name, mac in names.items()),
        *(file(f"{system}/{name}", text) for name, text in UNITS.items()),
        *(link(f"{system}/multi-user.target.wants/{name}", f"{system}/{name}") for name in WANTED),
        *(link(f"{system}/{name}", "/dev/null") for name in MASKED),
        file("/etc/systemd/system.conf.d/lab.conf", PATIENT),
        # newer than /usr, so that no caches are rebuilt at boot (ConditionNeedsUpdate= of systemd.unit(5))
        file("/etc/.updated", ""),
        file("/var/.updated", ""),
    ]


def slots(nics: tuple[Nic, ...]) -> list[Nic | None]:
    """The order of the nics, and of the management nic (None), on the bus.

    The kernel numbers them eth0, eth1, ... in that order, and udev cannot rename one to a name that another still has.
    So each nic whose name has that form is at the position that gives it that name, if there are enough nics.
    """
    by_name = {nic.name: nic for nic in nics}
    fixed = [by_name.pop(f"eth{place}", None) for place in range(len(nics) + 1)]
    rest = [*by_name.values(), None]
    return [nic or rest.pop(0) for nic in fixed]
