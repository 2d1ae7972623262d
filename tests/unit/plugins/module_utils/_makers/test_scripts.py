# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units and scripts that make a link, and those that only name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import Enablement
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import commands
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds import scripts, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState

ADD = "ip link add lan0 link eth0 type macvlan mode bridge"


@pytest.mark.parametrize(
    "text",
    [
        ADD,
        "ip link add link eth0 name lan0 type macvlan",
        "/sbin/ip l a link eth0 lan0 type macvlan mode bridge",
        "ip link add link eth0 \\\n   lan0 type macvlan",
        'SHIM=lan0\nip link add "$SHIM" link eth0 type   macvlan',
        "ip link add lan0 link eth0 type macvtap",
        "nmcli con add type macvlan ifname lan0 dev eth0",
    ],
)
def test_commands_that_make_it(text: str) -> None:
    assert commands.makes([text], "lan0")
    assert commands.line_that_makes([text])


@pytest.mark.parametrize(
    "text",
    [
        "ip link set lan0 up",
        f"# {ADD}",
        "ip link add lan01 link eth0 type macvlan",
        "ip link add lan0 type dummy",
        "docker network create -d macvlan -o parent=eth0 lan0",
        "ip link add lan0.5 link eth0 type macvlan",
    ],
)
def test_commands_that_do_not(text: str) -> None:
    assert not commands.makes([text], "lan0")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of units, one of scripts, and what systemd says of the units."""
    monkeypatch.setattr(units, "DIRECTORIES", (f"{tmp_path}/units",))
    monkeypatch.setattr(scripts, "SCRIPTS", (f"{tmp_path}/scripts/*",))
    monkeypatch.setattr(scripts, "TABLES", (f"{tmp_path}/ifcfg-*",))
    states = {"off.service": Enablement("disabled"), "on.service": Enablement("enabled")}
    states["running.service"] = Enablement("disabled", active=True)
    monkeypatch.setattr(units, "enablement", lambda names: {n: states.get(n, Enablement("enabled")) for n in names})
    (tmp_path / "units").mkdir()
    (tmp_path / "scripts").mkdir()
    return tmp_path


def unit(host: Path, name: str, command: str) -> None:
    path = host / "units" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"[Service]\nExecStart={command}\n", encoding="utf-8")


def found(kind: object) -> list[str]:
    return [maker.name or maker.path for maker in kind.find(kind.read(HostState(), ["lan0"]), ["lan0"])]


def test_units_that_start_or_run(host: Path) -> None:
    for name in ("on", "off", "running"):
        unit(host, f"{name}.service", ADD)
    unit(host, "waits.service", "/usr/bin/true lan0")
    assert found(units.KIND) == ["on.service", "running.service"]


@pytest.mark.parametrize("prefix", ["/bin/sh -c ", "", "-", "@-", "-+", " !!"])
def test_a_script_that_a_unit_calls(host: Path, prefix: str) -> None:
    (host / "shim.sh").write_text(f"#!/bin/sh\n{ADD}\n", encoding="utf-8")
    unit(host, "on.service", f"{prefix}{host}/shim.sh")
    assert found(units.KIND) == ["on.service"]


def test_drop_ins_and_templates(host: Path) -> None:
    unit(host, "docker.service.d/shim.conf", ADD)
    unit(host, "macvlan@.service", "ip link add %i link eth0 type macvlan")
    assert found(units.KIND) == ["macvlan@lan0.service", "docker.service"]


def test_our_own_unit_is_none_of_them(host: Path) -> None:
    unit(host, "on.service", ADD)
    path = host / "units" / "on.service"
    path.write_text(f"{units_header()}{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert found(units.KIND) == []


def units_header() -> str:
    return "# Managed by Ansible: linuxnet.macvlan. Changes made here are overwritten.\n# Link: lan0\n"


def test_only_scripts_that_can_run(host: Path) -> None:
    for name, mode in (("rc.local", 0o755), ("off", 0o644)):
        path = host / "scripts" / name
        path.write_text(f"#!/bin/sh\n{ADD}\n", encoding="utf-8")
        path.chmod(mode)
    (host / "ifcfg-lan0").write_text("MACVLAN_DEVICE='eth0'\n", encoding="utf-8")
    assert found(scripts.KIND) == [f"{host}/scripts/rc.local", f"{host}/ifcfg-lan0"]


def test_names_of_instances_are_escaped_as_by_systemd() -> None:
    assert units.escape("br-lan.10") == "br\\x2dlan.10"
