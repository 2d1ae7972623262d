# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that runs the service for one link: its name, and whether it runs. Reads only."""

from __future__ import annotations

import os

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import systemd

DIRECTORY = "/etc/systemd/system"


def name(link: str) -> str:
    """No link has an @ in its name, so it is no other link's keeper."""
    return f"linuxnet-macvlan-announce@{link}.service"


def path(link: str) -> str:
    return f"{DIRECTORY}/{name(link)}"


def problem(link: str) -> str:
    """Why nothing is announced although the unit is installed, empty where it is not or nothing is wrong.

    Errors: CommandFailed.
    """
    if systemd.unfitness() or not os.path.exists(path(link)):
        return ""
    return "; ".join(systemd.check_units([name(link)]))
