# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that run the keepers: how to write them and how to bring them up. Pure."""

from __future__ import annotations

import os

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink

from . import keeper
from .base import Action, Changed, Rendered, head, parent_name

DIRECTORY = "/etc/systemd/system"
PATTERN = f"{DIRECTORY}/linuxnet-macvlan-*.service"

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

[Install]
WantedBy=multi-user.target
"""

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
        link=link.name,
        parent=parent_name(link),
        after=after,
        script=keeper.path(link.name),
        retry=keeper.RETRY,
        limit=LIMIT,
    )
    return Rendered({keeper.path(link.name): script, unit_path(link.name): unit}, (unit_name(link.name),))


def letting_go(paths: list[str]) -> list[Action]:
    """Keepers that must not see the change before it is complete."""
    return [Action("stop", os.path.basename(path)) for path in paths]


def activation(changed: Changed) -> list[Action]:
    """Units go before their files do, and come after them. Running one again is harmless to a link that is there."""
    changed = changed.below(DIRECTORY)
    actions = [Action("disable", unit) for unit in changed.stop]
    actions += changed.file_actions()
    if changed.write or changed.remove or changed.interrupted:
        actions.append(Action("daemon-reload"))
    actions += [Action("forget", unit) for unit in changed.stop]
    for unit in changed.start:
        actions += [Action("enable", unit), Action("restart", unit)]
    return actions
