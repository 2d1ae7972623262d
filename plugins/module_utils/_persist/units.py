# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of systemd units, and units of ours: what to write into them and how to bring them up. Pure."""

from __future__ import annotations

from .base import Action, Changed, head

DIRECTORY = "/etc/systemd/system"
PATTERN = f"{DIRECTORY}/linuxnet-macvlan-*.service"

#: Characters that systemd-escape(1) leaves alone; a dot counts only where it is not the first.
_UNESCAPED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.")

#: Seconds for which a unit waits for a device where no udev announces it, and the pause between two looks.
WAIT = 60
PAUSE = 0.2

#: Restart=on-failure for Type=oneshot came with this systemd (NEWS 244).
ONESHOT_RESTART = 244


def unit_name(link: str) -> str:
    """The unit of a link, whose name is plain (`PLAIN_NAME`) and needs no escaping there."""
    return f"linuxnet-macvlan-{link}.service"


def unit_path(link: str) -> str:
    return f"{DIRECTORY}/{unit_name(link)}"


def escape(text: str) -> str:
    """A string as part of a unit name (systemd.unit(5), "String Escaping for Inclusion in Unit Names")."""
    result = []
    for number, octet in enumerate(text.encode()):
        char = chr(octet)
        if char == "/":
            result.append("-")
        elif char in _UNESCAPED and not (char == "." and number == 0):
            result.append(char)
        else:
            result.append(f"\\x{octet:02x}")
    return "".join(result)


def device_unit(interface: str) -> str:
    """The unit that udev starts when an interface is there."""
    return f"sys-subsystem-net-devices-{escape(interface)}.device"


def quote(argument: str) -> str:
    """One argument of a command line in a unit (systemd.service(5), "Command lines"; specifiers of systemd.unit(5))."""
    text = argument.replace("%", "%%").replace("$", "$$")
    if text and all(char.isalnum() or char in "_./:@=,+-%$" for char in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def command(*arguments: str) -> str:
    return " ".join(quote(argument) for argument in arguments)


def shell(script: str) -> str:
    return command("/bin/sh", "-c", script)


def wait_for(interface: str) -> str:
    """A command that returns when an interface is there, and fails when it never comes."""
    rounds = int(WAIT / PAUSE)
    return shell(
        f"n=0; until test -e /sys/class/net/{interface}; do n=$((n+1)); test $n -le {rounds} || "
        f"{{ echo {interface} did not appear within {WAIT} s >&2; exit 1; }}; sleep {PAUSE}; done"
    )


def service(
    link: str,
    description: str,
    ordering: list[str],
    wait: list[str],
    commands: list[str],
    wanted_by: list[str],
    version: int,
) -> str:
    """A unit that runs commands once at boot, and nothing when it stops: stopping it leaves the link alone."""
    restart = ["Restart=on-failure", "RestartSec=5"] if version >= ONESHOT_RESTART else []
    lines = [
        "[Unit]",
        f"Description={description}",
        *ordering,
        # What needs the network to be complete, container engines for one, starts later.
        "Before=network-online.target",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        f"TimeoutStartSec={WAIT + 30}",
        *restart,
        *(f"ExecStartPre={item}" for item in wait),
        *(f"ExecStart={item}" for item in commands),
        "",
        "[Install]",
        *(f"WantedBy={item}" for item in wanted_by),
    ]
    return head(link) + "\n" + "\n".join(lines) + "\n"


def activation(changed: Changed) -> list[Action]:
    """Units go before their files do, and come after them. Running one again is harmless to a link that is there."""
    changed = changed.below(DIRECTORY)
    actions = [Action("disable", unit) for unit in changed.stop]
    actions += changed.file_actions()
    if changed.write or changed.remove or changed.again:
        actions.append(Action("daemon-reload"))
    actions += [Action("forget", unit) for unit in changed.stop]
    for unit in changed.start:
        actions += [Action("enable", unit), Action("restart", unit)]
    return actions
