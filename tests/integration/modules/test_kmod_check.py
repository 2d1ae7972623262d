# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kmod_check on the kernel that runs the tests.

The trials are real. A namespace has no modular kernel: where one is needed, /proc/modules, /proc/config.gz, the module
tree and modprobe are stand-ins.
"""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PERSIST = "/etc/modules-load.d/linuxnet-macvlan.conf"
RELEASE = os.uname().release


def wrapper(path: Path, *lines: str) -> str:
    """A stand-in for the interpreter."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


#: Runs run_module.py, which is the first argument, with two files of the kernel replaced.
START = """
import runpy, sys
sys.path.insert(0, {root!r} + "/collections")
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import host
host.PROC_MODULES, host.PROC_CONFIG = {modules!r}, {config!r}
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

#: /etc and /usr/lib become writable copies, and the running kernel gets a module tree.
SETUP = """
set -e
mkdir {directory}/upper
mount -t tmpfs tmpfs {directory}/upper
cd {directory}/upper
mkdir -p etc/up etc/work lib/up lib/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=$PWD/etc/up,workdir=$PWD/etc/work /etc
mount -t overlay overlay -o lowerdir=/usr/lib,upperdir=$PWD/lib/up,workdir=$PWD/lib/work /usr/lib
mkdir -p /usr/lib/modules/{release} /etc/modprobe.d /etc/modules-load.d
printf '%s:\\n' kernel/macvlan.ko kernel/macvtap.ko > /usr/lib/modules/{release}/modules.dep
echo ready
exec sleep infinity
"""


class ModularHost:
    """A host whose files describe a modular kernel; writes stay in a mount namespace."""

    def __init__(self, host, directory: Path) -> None:
        self.host = host
        self.loaded = directory / "proc-modules"
        self.loaded.write_text("veth 40960 0 - Live 0x0\n")
        self.config = directory / "config.gz"
        self.config.write_bytes(gzip.compress(b"CONFIG_MACVLAN=m\nCONFIG_MACVTAP=m\n# CONFIG_IPVLAN is not set\n"))
        programs = directory / "bin"
        programs.mkdir()
        wrapper(programs / "modprobe", f'echo "$1 36864 0 - Live 0x0" >> {self.loaded}')
        start = directory / "start.py"
        start.write_text(START.format(root=str(ROOT), modules=str(self.loaded), config=str(self.config)))
        setup = directory / "setup"
        wrapper(setup, *SETUP.format(directory=directory, release=RELEASE).splitlines())
        self.process = host.start("unshare", "--mount", "--propagation", "private", str(setup), stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n"
        self.inside = ["nsenter", f"--target={self.process.pid}", "--mount", "--"]
        self.python = wrapper(
            directory / "python", f'PATH={programs}:$PATH exec {" ".join(self.inside)} {sys.executable} {start} "$@"'
        )

    def module(self, check: bool = False, **args) -> dict:
        return self.host.module("kmod_check", args, check=check, python=self.python)

    def run(self, *argv: str) -> str:
        return subprocess.run([*self.inside, *argv], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def modular(segment, tmp_path) -> ModularHost:
    return ModularHost(segment.host("h1"), tmp_path)


def test_what_works_is_proven_and_leaves_nothing_behind(segment):
    host = segment.host("h1")
    before = host.ip("link").stdout
    for check in (True, False, False):
        result = host.module("kmod_check", {"modules": ["macvlan", "macvtap"]}, check=check)
        assert not result.get("failed"), result
        assert result["changed"] is False
        assert [kind["works"] for kind in result["kinds"]] == [True, True]
        assert {kind["status"] for kind in result["kinds"]} <= {"builtin", "loaded"}
        assert "created, set up and read back" in result["kinds"][0]["evidence"][-1]
        assert result["kernel"]["release"] == RELEASE
        assert result["python"]["pyroute2"]
    assert host.ip("link").stdout == before
    assert not Path(PERSIST).exists()


def test_a_kind_that_the_kernel_lacks(segment):
    """Each kind that the kernel lacks is named with the kernel's error, and the others work."""
    host = segment.host("h1")
    kinds = {"modules": ["macvlan", "ipvlan", "dummy"]}
    result = host.module("kmod_check", kinds)
    lacking = [kind for kind in result["kinds"] if kind["works"] is False]
    assert result.get("failed", False) is bool(lacking)
    assert [problem["value"] for problem in result.get("problems", [])] == [kind["name"] for kind in lacking]
    assert all("Operation not supported" in kind["evidence"][-1] for kind in lacking)
    reported = host.module("kmod_check", {**kinds, "required": False})
    assert not reported.get("failed")
    assert reported["kinds"] == result["kinds"]


def test_the_trial_dies_with_the_module(tmp_path):
    """A module that is killed during a trial leaves no process, and so no namespace."""
    script = tmp_path / "trial.py"
    script.write_text(
        f"""
import os, sys, time
sys.path.insert(0, {str(ROOT / "collections")!r})
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import kinds as _kmod
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import proof

def attempt(kind, parents):
    proof._isolate()
    print(os.getpid(), flush=True)
    time.sleep(600)

proof._attempt = attempt
proof.prove(_kmod.KINDS["macvlan"], ["veth"])
"""
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as module:
        trial = int(module.stdout.readline())
        assert Path(f"/proc/{trial}").exists()
        module.kill()
    for dummy in range(100):
        if not Path(f"/proc/{trial}").exists():
            return
        time.sleep(0.1)
    os.kill(trial, signal.SIGKILL)
    pytest.fail("the trial continued without its module")


def test_without_capabilities_both_are_named(segment, tmp_path):
    python = wrapper(tmp_path / "python", f'exec setpriv --bounding-set=-net_admin,-sys_admin {sys.executable} "$@"')
    result = segment.host("h1").module("kmod_check", {}, python=python)
    assert [problem["key"] for problem in result["problems"]] == ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]
    assert "become" in result["msg"]


#: The Python of the tests as that of the distribution.
SYSTEM = 'import sys\nsys.prefix, sys.executable = sys.base_prefix, "/usr/bin/python3"\n'


@pytest.mark.parametrize(
    ("python_of", "package", "remedy"),
    [
        (SYSTEM, "python3-pyroute2", "run apt-get install python3-pyroute2, as the role"),
        # the distribution's package is for another Python
        ("", None, "/python -m pip install 'pyroute2>=0.7.2'"),
    ],
)
def test_without_pyroute2_what_to_install_is_named(segment, tmp_path, python_of, package, remedy):
    (tmp_path / "sitecustomize.py").write_text(python_of)
    (tmp_path / "pyroute2.py").write_text("raise ImportError('not here')\n")
    (tmp_path / "os-release").write_text("ID=debian\n")
    python = wrapper(
        tmp_path / "python",
        f"exec unshare --mount --propagation private sh -c 'mount --bind {tmp_path}/os-release /etc/os-release"
        f' && PYTHONPATH={tmp_path} exec {sys.executable} "$@"\' sh "$@"',
    )
    result = segment.host("h1").module("kmod_check", {}, python=python)
    assert result["failed"] is True
    assert (result["missing_library"], result["library_package"]) == ("pyroute2", package)
    assert remedy in result["problems"][0]["remedy"]


def test_unknown_kinds_are_refused_at_once(segment):
    result = segment.host("h1").module("kmod_check", {"modules": ["macvlam", "macvlan", "vxcan"]})
    assert [problem["value"] for problem in result["problems"]] == ["macvlam", "vxcan"]


def test_loadable_is_not_tried_unless_loaded(modular):
    result = modular.module()
    (kind,) = result["kinds"]
    assert (kind["status"], kind["works"], result["changed"]) == ("loadable", None, False)
    assert modular.loaded.read_text() == "veth 40960 0 - Live 0x0\n"


def test_load_persist_and_remove(modular):
    wanted = {"modules": ["macvlan", "macvtap"], "load": True, "persist": True}
    predicted = modular.module(check=True, **wanted)
    assert "macvlan" not in modular.loaded.read_text()
    done = modular.module(**wanted)
    assert done["changed"] is True
    assert done["messages"] == predicted["messages"]
    assert done["diff"] == predicted["diff"]
    assert done["messages"] == [
        "kernel module macvlan loaded: False -> True",
        "kernel module macvtap loaded: False -> True",
        f"file {PERSIST}: add",
    ]
    assert [(kind["status"], kind["works"]) for kind in done["kinds"]] == [("loaded", True)] * 2
    assert modular.run("cat", PERSIST).splitlines()[1:] == ["macvlan", "macvtap"]
    assert modular.module(**wanted)["changed"] is False
    assert modular.module(**wanted, check=True)["changed"] is False

    assert modular.module(state="absent", check=True)["messages"] == [f"file {PERSIST}: remove"]
    assert modular.module(state="absent")["changed"] is True
    assert modular.module(state="absent")["changed"] is False
    assert "linuxnet" not in modular.run("ls", "/etc/modules-load.d")


def test_a_blacklisted_module_is_refused_with_the_line(modular):
    modular.run("sh", "-c", "echo 'install macvlan /bin/false' > /etc/modprobe.d/hardening.conf")
    result = modular.module(load=True, persist=True)
    assert result["failed"] is True
    assert result["kinds"][0]["status"] == "blacklisted"
    assert "/etc/modprobe.d/hardening.conf: install macvlan /bin/false" in result["msg"]
    assert "macvlan" not in modular.loaded.read_text()
    assert "linuxnet" not in modular.run("ls", "/etc/modules-load.d")


def test_a_foreign_file_is_never_overwritten(modular):
    modular.run("sh", "-c", f"mkdir -p /etc/modules-load.d; echo macvlan > {PERSIST}")
    for args in ({"load": True, "persist": True}, {"state": "absent"}):
        result = modular.module(**args)
        assert result["failed"] is True
        assert "did not write" in result["msg"]
    assert modular.run("cat", PERSIST) == "macvlan\n"
    assert "macvlan" not in modular.loaded.read_text()


def test_the_running_kernel_without_its_modules(modular):
    modular.run("mv", f"/usr/lib/modules/{RELEASE}", "/usr/lib/modules/0.1")
    modular.config.unlink()
    result = modular.module(modules=["ipvlan"])
    (kind,) = result["kinds"]
    assert (kind["status"], kind["works"]) == ("no_module_tree", False)
    assert "there are modules for" in result["msg"]
    assert "reboot into the kernel that is installed" in result["msg"]
    (works,) = modular.module(modules=["macvlan"])["kinds"]
    assert (works["status"], works["works"]) == ("builtin", True)
