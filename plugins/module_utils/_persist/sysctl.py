# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Per-interface settings in sysctl.d: systemd-sysctl writes them at boot, udev when the interface appears. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import SYSCTLS, DesiredLink, sysctl_path

from .base import Part, head, one_line, parent_name

DIRECTORY = "/etc/sysctl.d"
PREFIX = f"{DIRECTORY}/90-linuxnet-macvlan-"


class Settings(Part):
    """The kernel has the values already: whoever plans links sets them there."""

    patterns = (f"{PREFIX}*.conf",)


PART = Settings()


def path(link: str) -> str:
    return f"{PREFIX}{link}.conf"


def written(link: str, text: str) -> list[str]:
    """The settings of the link itself that its file has, by their names."""
    found = {sysctl_path(link, name): name for name in SYSCTLS}
    paths = [line.partition("=")[0].strip() for line in text.splitlines()]
    return [found[path] for path in paths if path in found]


def render(link: DesiredLink) -> str | None:
    """The file of a link, None where it declares no setting. After a slash dots are part of names (sysctl.d(5))."""
    lines = [f"{sysctl_path(parent_name(link), name)} = {value}" for name, value in link.parent_sysctl]
    lines += [f"{sysctl_path(link.name, name)} = {value}" for name, value in link.sysctl]
    return head(link.name) + "".join(f"{one_line(line)}\n" for line in lines) if lines else None
