# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that makes NetworkManager leave devices alone: its path and its contents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import HEADER, is_owned

from . import config

#: The default path of the file. Others sort before it.
PATH = f"{config.LOCAL}/99-linuxnet-macvlan.conf"


def render(specs: Sequence[str]) -> str | None:
    """The contents of the file, None where there is to be none."""
    return f"{HEADER}\n[{config.GROUP}]\n{config.KEY}+={','.join(specs)}\n" if specs else None


def parse(text: str | None) -> list[str]:
    """The specs of a file of ours; of no file, or of somebody else's, none."""
    return config.merge([config.File(PATH, text)], "").specs if text is not None and is_owned(text) else []


def spec_of(link: str) -> str:
    """The entry of a link."""
    return f"interface-name:{link}"


def without(text: str | None, links: Iterable[str]) -> str | None:
    """The file without these links."""
    gone = {spec_of(link) for link in links}
    have = parse(text)
    kept = [spec for spec in have if spec not in gone]
    return text if kept == have else render(kept)
