# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each row was measured with NetworkManager 1.42 and 1.52: a macvlan link lan0 with an address, below this file."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, sections, specs

ONE = "[device-a]\nmatch-device=interface-name:lan0\n"
ALL = "[device-b]\nmatch-device=interface-name:lan*\n"
DECIDED = [
    (f"{ONE}managed=0", "device-a"),
    (f"{ONE}managed=0\n{ALL}managed=1", "device-a"),
    (f"{ONE}managed=1\n{ALL}managed=0", None),
    (f"[device]\nmanaged=0\n{ALL}managed=1", None),
    (f"[device]\nmanaged=0\n{ALL}", "device"),
    (f"[device]\nmanaged=0\n{ALL}stop-match=yes", None),
    ("[device-b]\nmanaged=0", "device-b"),
    ("[device-b]\nmatch-device=\nmanaged=0", None),
    ("[device-b]\nmatch-device=except:interface-name:eth0\nmanaged=0", "device-b"),
    ("[device-b]\nmatch-device=type:macvlan\nmanaged=false", "device-b"),
    ("[device-b]\nmatch-device=type:macvlan\nmanaged=off", "device-b"),
    ("[device-b]\nmatch-device=type:macvlan\nmanaged=x", None),
    ("[device-b]\nmatch-device=*,except:type:macvlan\nmanaged=0", None),
]


@pytest.mark.parametrize(("text", "section"), DECIDED)
def test_the_section_that_leaves_a_link_alone(text, section):
    found = sections.unmanaged_by(sections.parse(config.parse(text)), specs.macvlan("lan0"))
    assert (found.name if found else None) == section


LISTED = [
    ("driver:macvlan", True),
    ("driver:macvlan/", False),
    ("driver:macvlan/*", True),
    ("driver:macvlan/0.1", True),
    ("driver:macvlan/0.?", True),
    ("driver:macv*", False),
    ("type:MACVLAN", False),
    ("*,except:lan0", True),
    ("*,except:interface-name:eth*", True),
    ("lan0", True),
    ("interface-name:=lan*", False),
    ("interface-name:~lan?", True),
    ("*,except:type:ethernet", True),
    ("except:type:macvlan", False),
]


@pytest.mark.parametrize(("line", "left"), LISTED)
def test_the_list_that_leaves_a_link_alone(line, left):
    file = config.File(f"{config.LOCAL}/a.conf", f"[keyfile]\nunmanaged-devices={line}\n")
    merged = config.merge([file], "1.42.4")
    expected = f"unmanaged-devices={line} in {file.path}" if left else None
    assert sections.left_alone_by(merged, [], [file], specs.macvlan("lan0")) == expected
