# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container starts with the MAC address of another on the same parent, as with a namespace left behind."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab


def _start(lab: NamespaceLab) -> None:
    """As an engine does: the kernel creates the link and refuses to bring it up (EADDRINUSE)."""
    lab.c2.ip("link", "delete", "eth0")
    lab.web1.ip(
        "link", "add", "link", "eth0", "name", "eth0", "address", lab.c1.mac(), "netns", lab.c2.netns,
        "type", "macvlan", "mode", "bridge",
    )  # fmt: skip
    lab.c2.ip("address", "add", f"{FLEET[WEB1].containers[1]}/24", "dev", "eth0")
    refused = lab.c2.ip("link", "set", "eth0", "up", check=False)
    assert "Address already in use" in refused.stderr, refused


def _restart(lab: NamespaceLab) -> None:
    lab.c2.ip("link", "delete", "eth0")
    lab.start_container("web1-c2")
    lab.web1.ip("neighbour", "flush", "all")


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["mac"] == lab.c1.mac() and "web1-c1" in culprit["text"]


FAULTS = [Fault("duplicate_mac_on_host", _start, _restart, culprit=_culprit)]
