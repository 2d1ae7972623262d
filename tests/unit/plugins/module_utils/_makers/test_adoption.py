# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of administrators while a link is ours, and as they are given back."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.files import Entry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import adoption, record
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds.ifupdown import (
    KIND,
    Stanzas,
    comment,
    uncomment,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import (
    AWAY,
    COMMENTED,
    MASKED,
    Adoption,
    Edit,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import stanzas
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Action

INTERFACES = """source /etc/network/interfaces.d/*

auto lo lan0 eth0
iface lo inet loopback

# the shim
iface lan0 inet static
\tpre-up ip link add lan0 link eth0 \\
\t\ttype macvlan
\taddress 192.0.2.5/32

allow-hotplug lan0
iface eth0 inet dhcp
  up ip link add lan0 link eth0 type macvlan
  # lan0 is made here
  up ip route add 192.0.2.9 dev lan01
"""


def test_only_what_concerns_the_link_becomes_a_comment() -> None:
    rest = [line for line in comment(INTERFACES, "lan0").splitlines() if line.strip() and not line.startswith("#")]
    assert rest == [
        "source /etc/network/interfaces.d/*",
        "auto lo eth0",
        "iface lo inet loopback",
        "iface eth0 inet dhcp",
        "  # lan0 is made here",
        "  up ip route add 192.0.2.9 dev lan01",
    ]
    assert KIND.find(Stanzas({"x": comment(INTERFACES, "lan0")}), ["lan0"]) == []


@pytest.mark.parametrize("seed", range(100))
def test_comments_are_undone_byte_for_byte(seed: int) -> None:
    """Lines in any order, for two links that are adopted and given back in any order."""
    dice = random.Random(seed)
    of_both = [*INTERFACES.split("\n"), *INTERFACES.replace("lan0", "lan1").split("\n")]
    lines = [*of_both, "", "\\", "iface", "auto", "#", "\r"]
    text = dice.choice("\n ").join(dice.choices(lines, k=dice.randrange(30))) + dice.choice(["", "\n", "\n\n"])
    links = ["lan0", "lan1"]
    now = text
    for link in dice.sample(links, 2):
        before, now = now, comment(now, link)
        assert uncomment(now, link) == before
        assert not [item for item in stanzas(now) if item.keyword == "iface" and item.names[:1] == (link,)]
        assert comment(now, link) == now
    for link in dice.sample(links, 2):
        now = uncomment(now, link)
    assert now == text


FILE = Entry("[NetDev]\n\r\nName=l\udce4n", None, 0o640, (0, 5), {"user.note": b"\x00\xff"})
LINK = Entry(target="/etc/systemd/system/x.service")
ADOPTION = Adoption(
    "lan0",
    (Edit("/etc/a", AWAY, FILE), Edit("/etc/b", MASKED), Edit("/etc/c", AWAY, LINK), Edit("/etc/d", COMMENTED, FILE)),
    notify=(Action("daemon-reload"),),
    release=(Action("nm unmanage", "lan0"),),
    resume=(Action("restart", "x.service"),),
    keep=(Action("ifupdown remember", "lan0"),),
    units=("x.service",),
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "DIRECTORY", str(tmp_path))
    (tmp_path / "lan0.json").write_text(record.render(ADOPTION), encoding="utf-8")
    for name, text in {"a": "", "b": "[]", "c": '{"edits": 5}', "d": "{" * 9999}.items():
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    assert record.read() == {"lan0": ADOPTION}


def test_files_while_the_link_is_ours_and_given_back() -> None:
    away, masked = ADOPTION.edits[:2]
    assert adoption.disabled(away, FILE, "lan0") is None
    assert adoption.enabled(away, None, "lan0") == FILE
    mask = adoption.disabled(masked, None, "lan0")
    assert mask is not None
    assert mask.text == ""
    assert adoption.enabled(masked, mask, "lan0") is None


def test_a_file_that_somebody_has_written_meanwhile_stays() -> None:
    theirs = replace(FILE, text="# new")
    for edit in ADOPTION.edits[:2]:
        assert adoption.enabled(edit, theirs, "lan0") == theirs


def test_the_difference_names_files_and_symbolic_links() -> None:
    difference = Difference()
    now = {edit.path: edit.before for edit in ADOPTION.edits}
    adoption.compare(ADOPTION, now, back=False, difference=difference)
    assert difference.messages() == ["file /etc/a: remove", "file /etc/b: add", "link /etc/c: remove"]
    back = Difference()
    gone = {"/etc/a": None, "/etc/b": Entry(text=""), "/etc/c": None, "/etc/d": FILE}
    adoption.compare(ADOPTION, gone, back=True, difference=back)
    assert back.messages() == ["file /etc/a: add", "file /etc/b: remove", "link /etc/c: add"]


def test_a_later_adoption_wins_over_an_earlier_one() -> None:
    later = Adoption("lan0", (Edit("/etc/a", AWAY, LINK),), units=("y.service",))
    both = later.plus(ADOPTION)
    assert {edit.path: edit.before for edit in both.edits}["/etc/a"] == LINK
    assert len(both.edits) == 4
    assert both.units == ("y.service", "x.service")
