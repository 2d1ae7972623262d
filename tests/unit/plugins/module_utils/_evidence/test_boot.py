# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units of a host create its links, and what the journal of a boot shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import Output
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence import boot

OURS = f"{_files.HEADER}\n# Link: lan0\n\n[Service]\nExecStart=/usr/sbin/ip link set lan0 up\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch) -> Path:
    """A directory of units and one of scripts."""
    monkeypatch.setattr(boot.units, "DIRECTORIES", (f"{tmp_path}/units",))
    monkeypatch.setattr(boot, "OF_UNITS", {f"{tmp_path}/rc.local": "rc-local.service"})
    (tmp_path / "units").mkdir()
    return tmp_path


def _unit(host: Path, name: str, *commands: str) -> None:
    lines = "\n".join(f"ExecStart={command}" for command in commands)
    (host / "units" / name).write_text(f"[Service]\n{lines}\n", encoding="utf-8")


def test_unit_names_a_link_itself_or_in_a_script(host: Path) -> None:
    (host / "macvlan.sh").write_text('ip link add "lan0" link eth0 type macvlan\n', encoding="utf-8")
    (host / "rc.local").write_text("ip link set lan1 up\n", encoding="utf-8")
    _unit(host, "by-hand.service", "/usr/sbin/ip link add lan0 link eth0 type macvlan")
    _unit(host, "script.service", f"-/bin/sh {host}/macvlan.sh lan1")
    _unit(host, "other.service", "/usr/sbin/ip link add lan00 type dummy", "/opt/not-there xlan0")
    assert boot._units(["lan0", "lan1"]) == {
        "by-hand.service": {"lan0"},
        "script.service": {"lan0", "lan1"},
        "rc-local.service": {"lan1"},
    }


def test_our_own_unit_is_none_of_them(host: Path) -> None:
    (host / "units" / "ours.service").write_text(OURS, encoding="utf-8")
    _unit(host, "theirs.service", "/usr/sbin/ip link set lan0 up")
    assert set(boot._units(["lan0"])) == {"theirs.service"}


def test_journal_in_seconds_after_the_start_of_systemd(monkeypatch) -> None:
    lines = [
        '{"__MONOTONIC_TIMESTAMP":"41568871","MESSAGE":"Cannot find device \\"eth0\\"","_SYSTEMD_UNIT":"m.service"}',
        '{"__MONOTONIC_TIMESTAMP":"41600000","MESSAGE":"Finished.","_SYSTEMD_UNIT":"init.scope","UNIT":"m.service"}',
        '{"__MONOTONIC_TIMESTAMP":"41700000","MESSAGE":[98,255],"_SYSTEMD_UNIT":"m.service"}',
        '{"__MONOTONIC_TIMESTAMP":"41800000","MESSAGE":"vpn --password hunter2 eth0","_SYSTEMD_UNIT":"m.service"}',
    ]
    monkeypatch.setattr(boot, "run", lambda argv, check: Output(0, "\n".join(lines), ""))
    journal = boot._Journal(40.0, ["eth0"])
    assert [(item.at, item.text) for item in journal.read([])] == [
        (1.569, 'Cannot find device "eth0"'),
        (1.6, "Finished."),
        (1.8, "\N{HORIZONTAL ELLIPSIS} eth0"),
    ]
    assert "m.service" in journal.read([])[1].units
    assert journal.seconds("0") is None
