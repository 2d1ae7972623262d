# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remedy names what helps on this host: not the package that is there already, nor one for another Python."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import platforms, requirements

#: ID of os-release(5), and the commands for a package that is missing or too old.
COMMANDS = [
    ("debian", "apt-get install python3-pyroute2", "apt-get install --only-upgrade python3-pyroute2"),
    ("rocky", "dnf install python3-pyroute2", "dnf upgrade python3-pyroute2"),
    ("sles", "zypper install python3-pyroute2", "zypper update python3-pyroute2"),
    ("alpine", "apk add py3-pyroute2", "apk add --upgrade py3-pyroute2"),
]


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        (["pyroute2-0.9.7.dist-info"], "0.9.7"),
        (["pyroute2-0.7.2.egg-info"], "0.7.2"),
        (["pyroute2-0.8.1-py3.11.egg-info"], "0.8.1"),
        # Too old, in doubt, or unknown: what it says itself counts.
        (["pyroute2-0.6.9.dist-info"], "0.7.5"),
        (["pyroute2-0.9.7.dist-info", "pyroute2-0.7.2.dist-info"], "0.7.5"),
        ([], "0.7.5"),
    ],
)
def test_the_version_is_that_of_the_installation(monkeypatch, tmp_path, metadata, version):
    (tmp_path / "pyroute2").mkdir()
    (tmp_path / "pyroute2" / "__init__.py").write_text("__version__ = '0.7.5'\n")
    for name in metadata:
        (tmp_path / name).mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    # Set first, so that it is restored to what it was, also to nothing.
    monkeypatch.setitem(sys.modules, "pyroute2", None)
    del sys.modules["pyroute2"]
    assert requirements.pyroute2_version() == version


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
