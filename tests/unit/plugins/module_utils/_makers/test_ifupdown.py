# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stanzas of ifupdown that make or configure a link, as administrators write them."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds.ifupdown import KIND, Stanzas
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import stanzas

PATH = "/etc/network/interfaces"
OF_THE_LINK = """auto lan0
iface lan0 inet static
  pre-up ip link add $IFACE link eth0 type macvlan mode bridge
  address 192.0.2.5/32
  post-down ip link del lan0

# the card
auto eth0
iface eth0 inet dhcp
"""
OF_THE_CARD = """auto eth0
iface eth0 inet static
  address 192.0.2.4/24
  up ip link add lan0 link eth0 type macvlan mode bridge
  up ip link set lan0 up
"""


def found(text: str, called: dict[str, str] | None = None) -> list[str]:
    return [str(maker) for maker in KIND.find(Stanzas({PATH: text}, called or {}), ["lan0"])]


def test_stanza_of_the_link() -> None:
    command = "pre-up ip link add $IFACE link eth0 type macvlan mode bridge"
    assert found(OF_THE_LINK) == [f"ifupdown's file {PATH} with the stanza iface lan0 and `{command}` makes lan0"]


def test_commands_in_the_stanza_of_another_interface() -> None:
    command = "up ip link add lan0 link eth0 type macvlan mode bridge"
    assert found(OF_THE_CARD) == [f"ifupdown's file {PATH} with the stanza iface eth0 and `{command}` makes lan0"]


def test_a_script_that_a_stanza_calls() -> None:
    text = "iface eth0 inet dhcp\n  up /usr/local/bin/shim.sh\n"
    script = "#!/bin/sh\nSHIM=lan0\nip link add $SHIM link eth0 type macvlan\n"
    assert len(found(text, {"/usr/local/bin/shim.sh": script})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "iface \\\n  lan0 \\\n inet static\n address 192.0.2.5/32\n",
        "iface lan0 inet manual\niface lan0 inet6 static\n  address fd00::5/128\n",
        "\tiface lan0 inet dhcp",
    ],
)
def test_odd_spellings_of_a_stanza(text: str) -> None:
    assert found(text) == [f"ifupdown's file {PATH} with the stanza iface lan0 configures lan0"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# iface lan0 inet static\n",
        "iface lan01 inet static\n",
        "auto lan0\n",
        "iface eth0 inet dhcp\n  up ip route add 192.0.2.128/28 dev lan0\n",
        # of another link, in the same stanza
        "iface eth0 inet dhcp\n  up ip link add mv1 link eth0 type macvlan\n  up ip route add 192.0.2.9 dev lan0\n",
        "iface eth0 inet dhcp\n  up ip link add lan01 link eth0 type macvlan\n",
        f"{_files.HEADER}\n# Link: lan0\nauto lan0\niface lan0 inet manual\n",
    ],
)
def test_text_that_makes_no_link_of_the_name(text: str) -> None:
    makers = KIND.find(Stanzas({PATH: text} if _files.HEADER not in text else {}), ["lan0"])
    assert makers == []


def test_where_stanzas_begin_and_end() -> None:
    parts = stanzas(OF_THE_LINK)
    assert [(item.keyword, item.names, item.first, len(item.lines)) for item in parts] == [
        ("auto", ("lan0",), 0, 1),
        ("iface", ("lan0", "inet", "static"), 1, 4),
        ("auto", ("eth0",), 7, 1),
        ("iface", ("eth0", "inet", "dhcp"), 8, 1),
    ]
