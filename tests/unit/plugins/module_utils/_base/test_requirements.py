# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remedy names what helps on this host: not the package that is there already, nor one for another Python."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import platforms, requirements

#: ID of os-release(5), and the commands for a package that is missing or too old.
COMMANDS = [
    ("debian", "apt-get install python3-pyroute2", "apt-get install --only-upgrade python3-pyroute2"),
    ("rocky", "dnf install python3-pyroute2", "dnf upgrade python3-pyroute2"),
    ("sles", "zypper install python3-pyroute2", "zypper update python3-pyroute2"),
    ("alpine", "apk add py3-pyroute2", "apk add --upgrade py3-pyroute2"),
]


@pytest.mark.parametrize(("name", "install", "upgrade"), COMMANDS)
def test_the_distribution_s_command_comes_first(monkeypatch, name, install, upgrade):
    monkeypatch.setattr(requirements, "system_python", lambda: True)
    missing, old = (requirements.pyroute2_remedy(flag, {"ID": name}) for flag in (False, True))
    assert missing.startswith(f"run {install}, as the role linuxnet.macvlan.prepare does; where the release has none, ")
    assert old.startswith(f"run {upgrade}; where the release has no newer one, ")
    assert "linuxnet.macvlan.prepare" not in old
    assert all("venv" in remedy and "ansible_python_interpreter: /opt/" in remedy for remedy in (missing, old))


@pytest.mark.parametrize("upgrade", [False, True])
def test_an_unknown_distribution_gets_a_virtual_environment(monkeypatch, upgrade):
    monkeypatch.setattr(requirements, "system_python", lambda: True)
    assert requirements.pyroute2_remedy(upgrade, {"ID": "slackware"}).startswith("make a virtual environment")


@pytest.mark.parametrize("upgrade", [False, True])
def test_another_python_gets_its_own_package(monkeypatch, upgrade):
    monkeypatch.setattr(requirements, "system_python", lambda: False)
    monkeypatch.setattr("sys.executable", "/opt/py/bin/python")
    remedy = requirements.pyroute2_remedy(upgrade, {"ID": "debian"})
    assert remedy == "run /opt/py/bin/python -m pip install 'pyroute2>=0.7.2'"


def test_every_package_has_its_commands():
    assert {*platforms.LIBRARY_PACKAGES["pyroute2"]} == {*platforms.INSTALL}
