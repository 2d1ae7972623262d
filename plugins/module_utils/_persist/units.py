# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that run the keepers: how to write them and how to bring them up. Pure, but for the verbs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import unit as announce_unit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink

from . import keeper
from .base import Action, Changed, HostState, Part, Rendered, Verb, head, link_of, parent_name

DIRECTORY = "/etc/systemd/system"
PREFIX = f"{DIRECTORY}/linuxnet-macvlan-"

UNIT = """
[Unit]
Description=macvlan link {link} on {parent}
After={after}
# What needs the network to be complete, container engines for one, starts later.
Before=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStartPre=/bin/sh {script} once
ExecStart=/bin/sh {script} watch
Restart=always
RestartSec={retry}
TimeoutStartSec={limit}
{confinement}

[Install]
WantedBy=multi-user.target
"""

#: What a keeper may do: configure the network and write below /proc/sys, and nothing else (systemd.exec(5)). Each of
#: these is known to systemd 247. Not among them, as it would break the keeper or a boot:
#: ProtectKernelTunables and ProcSubset, as settings of links are in /proc/sys; PrivateNetwork and PrivateUsers, as
#: it changes the host's own network; User, as a script that only root writes needs no other user to be safe from;
#: PrivateTmp, which would make it wait for /var/tmp, and so for a /var that comes over the network.
CONFINEMENT = """\
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
InaccessiblePaths=-/tmp -/var/tmp
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
IPAddressDeny=any
UMask=0077"""

_PLAIN_WORD = re.compile("[A-Za-z0-9_./-]+")

#: Seconds that one start may take.
LIMIT = keeper.WAIT + 40


def unit_name(link: str) -> str:
    """The unit of a link, whose name is plain (`PLAIN_NAME`) and needs no escaping there."""
    return f"linuxnet-macvlan-{link}.service"


def unit_path(link: str) -> str:
    return f"{DIRECTORY}/{unit_name(link)}"


def keeping(link: DesiredLink, script: str, after: str) -> Rendered:
    """A keeper and the unit that runs it from boot on. after: the unit of the daemon that goes first.

    Stopping the unit leaves the link alone.
    """
    unit = head(link.name) + UNIT.format(
        link=literal(link.name),
        parent=literal(parent_name(link)),
        after=after,
        script=word(keeper.path(link.name)),
        retry=keeper.RETRY,
        limit=LIMIT,
        confinement=CONFINEMENT,
    )
    return Rendered({keeper.path(link.name): script, unit_path(link.name): unit}, (unit_name(link.name),))


def literal(text: str) -> str:
    """Text in a unit file, without specifiers (systemd.unit(5))."""
    return text.replace("%", "%%")


def word(text: str) -> str:
    """One word of a command in a unit file: systemd takes blanks, quotes, backslashes and dollars apart there."""
    word = literal(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return word if _PLAIN_WORD.fullmatch(text) else f'"{word}"'


def of_link(name: str) -> tuple[str, str]:
    """All units that a link can have: its keeper, and what announces the containers of its network."""
    return unit_name(name), announce_unit.name(name)


def names(paths: Iterable[str]) -> list[str]:
    """The units whose files are among these."""
    return [os.path.basename(path) for path in paths if path.startswith(f"{DIRECTORY}/")]


def _enable(action: Action) -> None:
    """``reenable`` also drops the links of an earlier [Install] section, such as those for another parent."""
    run(["systemctl", "reenable", "--quiet", action.target])


def _restart(action: Action) -> None:
    run(["systemctl", "restart", action.target], timeout=LIMIT + 10)


def _clean(action: Action) -> None:
    """Remove its directory below /run. systemd refuses for a unit that has none."""
    run(["systemctl", "clean", "--what=runtime", action.target], check=False)


def _forget(action: Action) -> None:
    """systemd keeps a failed unit in its list; it refuses for one that has not failed."""
    run(["systemctl", "reset-failed", action.target], check=False)


class Units(Part):
    patterns = (f"{PREFIX}*.service",)
    verbs = (
        Verb("stop", lambda action: run(["systemctl", "stop", action.target], check=False)),
        Verb("disable", lambda action: run(["systemctl", "disable", "--now", "--quiet", action.target])),
        Verb("daemon-reload", lambda _action: run(["systemctl", "daemon-reload"])),
        Verb("clean", _clean),
        Verb("forget", _forget),
        Verb("enable", _enable),
        Verb("restart", _restart),
    )

    def before_kernel(self, changed: Changed, have: Mapping[str, str], host: HostState) -> list[Action]:
        """Keepers must not see a change before it is complete."""
        touched = {link_of(have.get(path, "")) for path in (*changed.write, *changed.remove)} | changed.deleted
        paths = [path for path, text in have.items() if link_of(text) in touched - {None}]
        return [Action("stop", unit) for unit in names(paths)]

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        """Units go before their files do, and come after them. A link that is there stays as it is."""
        changed = self.own(changed)
        actions = [Action("disable", unit) for unit in changed.stop]
        actions += [Action("clean", unit) for unit in changed.stop if "@" in unit]
        actions += changed.file_actions()
        if changed.write or changed.remove or changed.interrupted:
            actions.append(Action("daemon-reload"))
        actions += [Action("forget", unit) for unit in changed.stop]
        for unit in changed.start:
            actions += [Action("enable", unit), Action("restart", unit)]
        return actions


PART = Units()
