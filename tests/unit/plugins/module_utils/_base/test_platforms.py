# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import platforms

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
UBUNTU = "ID=ubuntu\nID_LIKE=debian\n"
MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'
ROCKY = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'
LEAP = 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n'


@pytest.mark.parametrize(
    ("text", "family", "package"),
    [
        (DEBIAN, "debian", "python3-pyroute2"),
        (UBUNTU, "debian", "python3-pyroute2"),
        (MINT, "debian", "python3-pyroute2"),
        ("ID=fedora\n", "redhat", "python3-pyroute2"),
        (ROCKY, "redhat", "python3-pyroute2"),
        (LEAP, "suse", "python3-pyroute2"),
        ("ID=arch\n", "arch", "python-pyroute2"),
        ("ID=alpine\n", "alpine", "py3-pyroute2"),
        ("ID=slackware\n", None, None),
        ("", None, None),
    ],
)
def test_library_package(text, family, package):
    fields = platforms.parse_os_release(text)
    assert platforms.family(fields) == family
    assert platforms.library_package("pyroute2", fields) == package


def test_os_release_quoting():
    assert platforms.parse_os_release('# c\nA=\'x y\'\nB="q\\"r"\nC=\n') == {"A": "x y", "B": 'q"r', "C": ""}


def test_unknown_library():
    assert platforms.library_package("nope", {"ID": "debian"}) is None


def test_a_line_that_is_broken_does_not_hide_the_others():
    assert platforms.parse_os_release("NAME=\"Debian\nID=debian\nID_LIKE='\n") == {"ID": "debian"}
