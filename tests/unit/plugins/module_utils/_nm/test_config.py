# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expected results marked with a version are what ``NetworkManager --print-config`` of that version printed."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import LOCAL, RUNTIME, VENDOR, File


def keyfile(*lines: str) -> str:
    return "\n".join(["[keyfile]", *lines, ""])


def merged(*texts: str, version: str = "1.42.4") -> list[str]:
    files = [File(f"{LOCAL}/{index}0.conf", text) for index, text in enumerate(texts)]
    return config.merge(config.order(files), version).specs


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), []),
        ((keyfile("unmanaged-devices=a"), keyfile("unmanaged-devices=b")), ["b"]),
        ((keyfile("unmanaged-devices+=a"), keyfile("unmanaged-devices+=b,a")), ["a", "b"]),
        ((keyfile("unmanaged-devices=none"), keyfile("unmanaged-devices+=a")), ["none", "a"]),
        ((keyfile("unmanaged-devices+=a"), keyfile("unmanaged-devices=none")), ["none"]),
        ((keyfile("unmanaged-devices+=a"), keyfile("unmanaged-devices=")), []),
        ((keyfile("unmanaged-devices+=a,b"), keyfile("unmanaged-devices-=a")), ["b"]),
        ((keyfile("unmanaged-devices+=d", "unmanaged-devices=a,b"),), ["a", "b"]),  # 1.42.4
        (
            (
                keyfile("unmanaged-devices=a,b", "unmanaged-devices=c", "unmanaged-devices+=d", "#x", "[main]", "x=1")
                + keyfile("unmanaged-devices+= e;f"),
                keyfile("unmanaged-devices-=c,f", "unmanaged-devices+=g"),
            ),
            ["e", "g"],  # 1.42.4
        ),
        (("[main]\nunmanaged-devices=a\n",), []),
        (("[.config]\nenable=nm-version-min:1.43\n" + keyfile("unmanaged-devices+=x"),), []),  # 1.42.4
        (("[.config]\nenable=except:nm-version-min:1.43\n" + keyfile("unmanaged-devices+=y"),), ["y"]),  # 1.42.4
    ],
)
def test_merge(texts, expected):
    assert merged(*texts) == expected


@pytest.mark.parametrize(
    ("enable", "version", "expected"),
    [
        ("true", "1.42.4", True),
        ("off", "1.42.4", False),
        ("nm-version:1.42", "1.42.4", True),
        ("nm-version:1.42.5", "1.42.4", False),
        ("nm-version-min:1.30", "1.42.4", True),
        ("nm-version-min:1.42.9", "1.52.1", False),
        ("nm-version-max:1.50", "1.42.4", True),
        ("nm-version-max:1.40", "1.42.4", False),
        ("nm-version-min:1.30,except:nm-version:1.42", "1.42.4", False),
        ("env:x", "1.42.4", False),
    ],
)
def test_is_enabled(enable, version, expected):
    assert config.is_enabled({".config": {"enable": enable}}, version) is expected


def test_order_and_shadowing():
    paths = [
        f"{LOCAL}/20-local.conf",
        f"{LOCAL}/10-both.conf",
        "/etc/NetworkManager/NetworkManager.conf",
        f"{RUNTIME}/10-both.conf",
        f"{RUNTIME}/30-run.conf",
        f"{RUNTIME}/40-hides.conf",
        f"{VENDOR}/40-hides.conf",
        f"{VENDOR}/10-both.conf",
        f"{VENDOR}/50-vendor.conf",
    ]
    assert [file.path for file in config.order([File(path, "") for path in paths])] == [
        f"{VENDOR}/50-vendor.conf",
        f"{RUNTIME}/30-run.conf",
        f"{RUNTIME}/40-hides.conf",
        "/etc/NetworkManager/NetworkManager.conf",
        f"{LOCAL}/10-both.conf",
        f"{LOCAL}/20-local.conf",
    ]


def test_order_knows_the_name_the_main_file_once_had():
    files = [File(path, "") for path in reversed(config.MAIN_FILES)]
    assert [file.path for file in config.order(files)] == [config.MAIN_FILES[0]]


def test_contributions_name_file_and_operation():
    files = [
        File(f"{LOCAL}/1.conf", keyfile("unmanaged-devices=a")),
        File(f"{LOCAL}/2.conf", keyfile("unmanaged-devices+=b")),
    ]
    result = config.merge(config.order(files), "1.42.4")
    assert [item.as_data() for item in result.contributions] == [
        {"path": f"{LOCAL}/1.conf", "operation": "replace", "specs": ["a"]},
        {"path": f"{LOCAL}/2.conf", "operation": "add", "specs": ["b"]},
    ]
    assert result.source("b").path == f"{LOCAL}/2.conf"
    assert str(result.contributions[1]) == "unmanaged-devices+=b"


@pytest.mark.parametrize(
    ("raw", "expected"), [(r"a\sb", "a b"), (r"a\\,b", "a\\,b"), (r"a\,b", "a\\,b"), ("a\\", "a\\"), ("a", "a")]
)
def test_unescape(raw, expected):
    assert config.unescape(raw) == expected
