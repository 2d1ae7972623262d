# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ifupdown: which files it reads, and the stanza of a link."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import interfaces
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.ifupdown import IfupdownState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.interfaces import (
    Interfaces,
    includes,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Owner

from .persistence_cases import (
    BARE_HOST,
    IFUPDOWN_HOST,
    INTERFACES,
    NETPLAN_HOST,
    NETWORKD_HOST,
    NM_HOST,
    SCRIPT,
    SYSCTL,
    UNIT,
    UNIT_NAME,
    full,
    kinds,
    kinds_before,
    link,
    made_of,
    planned,
    refusals,
)


def ifupdown(host: HostState, configuration: Interfaces) -> HostState:
    """A host on which ifupdown reads other files."""
    return replace(host, daemons=(*host.daemons[:-1], IfupdownState(configuration)))


STANZA = "/etc/network/interfaces.d/linuxnet-macvlan-lan0"


class TestInterfaces:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("source /etc/network/interfaces.d/*\n", [("source", "/etc/network/interfaces.d/*")]),
            ("  source interfaces.d/*.cfg\n", [("source", "/etc/network/interfaces.d/*.cfg")]),
            ("source-directory interfaces.d\n", [("source-directory", "/etc/network/interfaces.d")]),
            ("# source interfaces.d/*\n", []),
            ("source \\\n  a \\\n  b\n", [("source", "/etc/network/a"), ("source", "/etc/network/b")]),
            ("iface eth0 inet manual\n    up source /x\n", []),
        ],
    )
    def test_lines_that_include_files(self, text, found):
        assert includes(text, "/etc/network") == found

    @pytest.mark.parametrize(
        ("word", "pattern", "name", "read"),
        [
            ("source", "/etc/network/interfaces.d/*", "linuxnet-macvlan-lan0", True),
            ("source", "/etc/network/interfaces.d/*", "linuxnet-macvlan-lan0.5", True),
            ("source", "/etc/network/interfaces.d/*", ".hidden", False),
            ("source", "/etc/network/interfaces.d/*.cfg", "linuxnet-macvlan-lan0", False),
            ("source", "/etc/network/*", "linuxnet-macvlan-lan0", False),
            ("source-directory", "/etc/network/interfaces.d", "linuxnet-macvlan-lan0", True),
            ("source-directory", "/etc/network/interfaces.d", "linuxnet-macvlan-lan0.5", False),
        ],
    )
    def test_which_files_are_read(self, word, pattern, name, read):
        assert Interfaces({}, ((word, pattern),)).reads(f"/etc/network/interfaces.d/{name}") is read

    def test_files_that_include_files(self, tmp_path, monkeypatch):
        monkeypatch.setattr(interfaces, "MAIN", str(tmp_path / "interfaces"))
        (tmp_path / "d").mkdir()
        (tmp_path / "interfaces").write_text("source d/*\nauto eth0\niface eth0 inet dhcp\n")
        (tmp_path / "d" / "a").write_text("source-directory e\niface lan9 inet manual\n")
        (tmp_path / "d" / "e").mkdir()
        (tmp_path / "d" / "e" / "b").write_text("iface lan0 inet manual\niface lan0 inet6 manual\n")
        (tmp_path / "d" / "e" / "c.dpkg-old").write_text("iface lan0 inet manual\n")
        found = interfaces.read()
        assert found.stanzas("lan0") == [str(tmp_path / "d" / "e" / "b")]
        assert found.stanzas("eth0") == [str(tmp_path / "interfaces")]
        assert found.stanzas("lan") == []

    def test_a_host_without(self, tmp_path, monkeypatch):
        monkeypatch.setattr(interfaces, "MAIN", str(tmp_path / "interfaces"))
        assert interfaces.read() is None


class TestStanza:
    def test_text(self):
        assert made_of(full(), IFUPDOWN_HOST)[STANZA].splitlines()[2:] == [
            "",
            "auto lan0",
            "no-auto-down lan0",
            "iface lan0 inet manual",
            f"    up /bin/sh {SCRIPT} once",
        ]

    @pytest.mark.parametrize(
        ("host", "words"),
        [
            (BARE_HOST, "no /etc/network/interfaces"),
            (ifupdown(NM_HOST, Interfaces()), "NetworkManager configures eth0"),
            (ifupdown(IFUPDOWN_HOST, Interfaces()), "does not read"),
            (
                ifupdown(IFUPDOWN_HOST, replace(INTERFACES, texts={"/etc/network/x": "iface lan0 inet dhcp\n"})),
                "/etc/network/x configures lan0 too",
            ),
        ],
    )
    def test_where_it_cannot_work(self, host, words):
        assert [words in problem for problem in refusals(full(), host, "ifupdown")] == [True]

    def test_a_link_that_stays_down(self):
        assert len(refusals(full(up=False), IFUPDOWN_HOST, "ifupdown")) == 1

    def test_auto_says_why_it_takes_another_form(self):
        host = ifupdown(IFUPDOWN_HOST, Interfaces())
        choice = planned([link()], host=host)[0].choice("lan0")
        assert choice.backend == "systemd"
        assert f"ifupdown does not read {STANZA}" in choice.reason

    def test_create_and_remove(self):
        steps, _difference, _problems = planned([full()], host=IFUPDOWN_HOST)
        assert kinds(steps) == [
            *(f"write {path}" for path in (SYSCTL, SCRIPT, STANZA)),
            "ifup lan0",
            f"write {UNIT}",
            "daemon-reload",
            f"enable {UNIT_NAME}",
            f"restart {UNIT_NAME}",
        ]
        gone, _difference, _problems = planned(
            removed=["lan0"],
            host=IFUPDOWN_HOST,
            files=dict(steps.files),
            unit_states={UNIT_NAME: UnitState(True, True)},
        )
        assert kinds_before(gone) == [f"stop {UNIT_NAME}", "ifdown lan0"]


class TestNetplan:
    def test_it_is_networkds_form(self):
        assert made_of(full(), NETPLAN_HOST) == made_of(full(), NETPLAN_HOST, "networkd")

    @pytest.mark.parametrize("host", [BARE_HOST, NM_HOST, NETWORKD_HOST])
    def test_hosts_of_others(self, host):
        assert len(refusals(full(), host, "netplan")) == 1


class TestStaying:
    """The parent is down, or its configuration is gone."""

    TEXT = "auto eth0\niface eth0 inet static\n    address 192.0.2.1/24\n"

    def chosen(self, text: str, files: dict[str, str]) -> str:
        configuration = Interfaces({"/etc/network/interfaces": text}, INTERFACES.sources)
        host = replace(ifupdown(IFUPDOWN_HOST, configuration), owners={"eth0": Owner()})
        return planned([full()], host=host, files=files)[0].choices[0].backend

    def test_a_parent_that_is_down_keeps_the_form(self):
        files = made_of(full(), IFUPDOWN_HOST)
        assert self.chosen(self.TEXT, files) == "ifupdown"
        assert self.chosen(self.TEXT, {}) == "systemd"

    def test_a_parent_without_a_stanza_has_another_owner(self):
        assert self.chosen("", made_of(full(), IFUPDOWN_HOST)) == "systemd"


def test_a_mapping_that_takes_the_name_is_refused():
    text = "mapping lan*\n    script /usr/local/sbin/which\n"
    host = ifupdown(IFUPDOWN_HOST, Interfaces({"/etc/network/interfaces": text}, INTERFACES.sources))
    assert refusals(full(), host, "ifupdown") == [
        "lan0: a mapping in /etc/network/interfaces decides which stanza lan0 gets"
    ]
    assert made_of(full(name="mv0"), host)
