# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in forked children inside namespaces: a tenth of a second each, as everything is loaded already."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ansible.module_utils.testing import patch_module_args

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import enter

from . import ROOT

Result = TypeVar("Result")
#: linux/sched.h
CLONE_NEWNS = 0x20000
PLUGINS = "ansible_collections.linuxnet.macvlan.plugins.modules"


def modules() -> list[str]:
    """The modules that hosts run; those of the controller are action plugins and documentation."""
    names = [found.name for found in pkgutil.iter_modules([str(ROOT / "plugins" / "modules")])]
    return [name for name in names if not name.startswith("fleet_")]


# Loaded before anything is forked, or every child would do it.
LOADED = {name: importlib.import_module(f"{PLUGINS}.{name}") for name in modules()}


def main_of(module: str, args: dict[str, Any], check: bool = False) -> None:
    """Run a module in this process; its result goes to stdout. Returns instead of exiting."""
    loaded = LOADED[module]
    with patch_module_args({**args, "_ansible_check_mode": check}), contextlib.suppress(SystemExit):
        loaded.main()
    sys.stdout.flush()


def module(netns: str, name: str, args: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """The result of a module inside a namespace, or where this process is. Errors: AssertionError without a result."""
    with printed() as output:
        if os.fork() == 0:
            in_child(lambda: main_of(name, args, check), netns, output)
        os.wait()
        return result_of(output, name)


def module_here(name: str, args: dict[str, Any]) -> dict[str, Any]:
    """The result of a module that runs in this very process. Errors: AssertionError where it returned none."""
    with printed() as output:
        with os.fdopen(os.dup(output.fileno()), "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
            main_of(name, args)
        found: dict[str, Any] = result_of(output, name)
        return found


def inside(netns: str, function: Callable[[], Result]) -> Result:
    """What a function returns inside a namespace, as JSON has it. Errors: AssertionError where it failed."""
    with printed() as output:
        if os.fork() == 0:
            in_child(lambda: print(json.dumps(function())), netns, output)
        os.wait()
        found: Result = result_of(output, function.__name__)
        return found


@contextlib.contextmanager
def printed() -> Iterator[Any]:
    """A file for what a child prints."""
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as output:
        yield output


def own_mounts(*mounts: tuple[str, str]) -> None:
    """Move this process into a mount namespace of its own, with a tmpfs on each of these (path, options).

    Named network namespaces stay known: by them modules see that this is not the host's own.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    names = tempfile.mkdtemp()
    subprocess.run(["mount", "--rbind", "/run/netns", names], check=True)
    for path, options in mounts:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=True)
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["mount", "--move", names, "/run/netns"], check=True)
    os.rmdir(names)


def in_child(work: Callable[[], object], netns: str, output: Any) -> None:
    """In a forked child: work inside a namespace, with its output in a file; never returns."""
    status = 1
    try:
        become(netns, output)
        work()
        sys.stdout.flush()
        status = 0
    except BaseException as error:  # noqa: BLE001  (found in its output)
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(status)


def become(netns: str, output: Any) -> None:
    """Enter a namespace, unless this process is where it should be, and print to a file."""
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    # That of a test may be no descriptor at all.
    sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    if netns:
        enter(f"/run/netns/{netns}")


def result_of(output: Any, what: str) -> Any:
    output.seek(0)
    text = output.read().decode(errors="replace").strip()
    try:
        return json.loads(text.splitlines()[-1])
    except (IndexError, ValueError):
        raise AssertionError(f"{what} returned no result: {text}") from None
