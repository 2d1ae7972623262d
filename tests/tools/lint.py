# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates: ``lint.py [GATE...]``, all of them by default.

They run on a copy of the working tree, as many at once as there are processors, and use no network except the Python
package index (ansible-test creates environments of its own, once). One line per gate; a failed gate shows its output,
and a gate that is named shows its report, if it has one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import ansible_test
import architecture
import checks
from ansible_test._util.target.common.constants import CONTROLLER_PYTHON_VERSIONS, REMOTE_ONLY_PYTHON_VERSIONS
from worktree import BIN, Failed, build, cache_dir, copy, environment, run

#: what ansible-test prints while it builds its environments
SANITY_NOISE = re.compile(
    r" |Running|Installing|Using cached|Looking in|Processing|Collecting|Success|See doc|WARNING: Skip"
)

#: the directories of plugins/ that only the controller runs, and the oldest Python of a controller
CONTROLLER = ("plugin_utils", "action", "filter")
CONTROLLER_PYTHON = "3.11"


def ansible_lint(tree: Path) -> None:
    command = ["ansible-lint", "--offline", "--nocolor", "--strict", "--profile", "production"]
    run(command, tree, environment(tree.parents[2]))


def sanity(tree: Path) -> None:
    """ansible-test sanity without its test of imports, for every Python of a target that is installed here."""
    ansible_sanity(tree, "--skip-test", "import")


def importable(tree: Path) -> None:
    """The rest of it: every file is imported by the oldest and by the newest Python of a target that is installed here.

    Half a minute each: what those two import, the versions between them do.
    """
    path = python_path()
    supported = (*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS)
    versions = [version for version in supported if shutil.which(f"python{version}", path=path)]
    for version in dict.fromkeys((versions[0], versions[-1])):
        ansible_sanity(tree, "--test", "import", "--python", version)


def ansible_sanity(tree: Path, *arguments: str) -> None:
    env = environment(tree.parents[2], PATH=python_path())
    provide_get_pip(Path(env["HOME"]))
    # it finds the collection by its working directory, and refuses a path from the environment
    env.pop("ANSIBLE_COLLECTIONS_PATH")
    try:
        run(["ansible-test", "sanity", "--local", "--color", "no", *arguments], tree, env)
    except Failed as error:
        raise Failed("\n".join(line for line in str(error).splitlines() if not SANITY_NOISE.match(line))) from None


def python_path() -> str:
    """PATH with pyenv's interpreters added, and without directories whose interpreters do not start (pyenv's shims)."""
    entries = [str(BIN), *os.environ.get("PATH", os.defpath).split(":")]
    entries += map(str, Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/*/bin"))
    return ":".join(entry for entry in entries if all(map(starts, Path(entry).glob("python3.[0-9]*[0-9]"))))


def starts(program: Path) -> bool:
    return subprocess.run([program, "-c", ""], check=False, capture_output=True).returncode == 0


def provide_get_pip(home: Path) -> None:
    """Put a stand-in where ansible-test would download get-pip from its own site: Python has its own pip."""
    source = Path(ansible_test.__path__[0], "_internal", "python_requirements.py").read_text()
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for line in source.splitlines():
        if line.strip().startswith("pip='"):
            wanted = line.split("'")[1].replace(".", "_")
            (cache / f"get_pip_{wanted}.py").write_text("import ensurepip\n\nensurepip.bootstrap(default_pip=True)\n")


def ruff(tree: Path) -> None:
    env = environment(tree.parents[2], RUFF_CACHE_DIR=str(cache_dir() / "ruff"))
    run(["ruff", "check", "--quiet", "."], tree, env)
    run(["ruff", "format", "--check", "--diff", "--quiet", "."], tree, env)


def mypy(tree: Path) -> None:
    """Code for targets against the oldest Python that mypy supports, code for the controller against its own."""
    collections = tree.parents[2]
    env = environment(collections, MYPYPATH=str(collections))
    command = ["mypy", "--config-file", str(tree / "pyproject.toml"), "--cache-dir", str(cache_dir() / "mypy")]
    plugins = ".".join([*tree.parts[-3:], "plugins"])
    controller = [argument for name in CONTROLLER for argument in ("-p", f"{plugins}.{name}")]
    run(command, collections, env)
    run([*command, "--python-version", CONTROLLER_PYTHON, *controller], collections, env)


def documentation(tree: Path) -> None:
    """The documentation of the modules, and docs/docsite."""
    command = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self"]
    run([*command, "--disallow-unknown-collection-refs", "."], tree, environment(tree.parents[2]))


def changelog(tree: Path) -> None:
    run(["antsibull-changelog", "lint"], tree, environment(tree.parents[2]))


def artifact(tree: Path) -> None:
    """Build the artifact, import it like Galaxy, install it, and use the installed collection."""
    with tempfile.TemporaryDirectory() as base:
        # a copy, because the build writes the changelog of the coming release
        source = Path(base, "source", *tree.parts[-3:])
        shutil.copytree(tree, source, symlinks=True)
        built = build(source, Path(base))
        env = environment(Path(base))
        imported = run([sys.executable, "-m", "galaxy_importer.main", built.name], built.parent, env)
        # its exit status is 0 even then
        said = [line for line in imported.splitlines() if "WARNING" in line or "ERROR" in line]
        # playbooks/awx has requirements of its own, and the importer installs none
        if any("couldn't resolve module/action 'awx.awx." not in line for line in said):
            raise Failed(imported)
        installed = Path(base, "installed")
        run(
            ["ansible-galaxy", "collection", "install", "--offline", "-p", str(installed), str(built)],
            built.parent,
            env,
        )
        env = environment(installed)
        for module in sorted(tree.glob("plugins/modules/[!_]*.py")):
            run(["ansible-doc", "--type", "module", f"linuxnet.macvlan.{module.stem}"], built.parent, env)
        for playbook in sorted(tree.glob("playbooks/*.yml")):
            name = f"linuxnet.macvlan.{playbook.stem}"
            run(["ansible-playbook", "--inventory", "localhost,", "--syntax-check", name], built.parent, env)


def rules(tree: Path) -> None:
    """The collection's own rules."""
    if problems := checks.all_problems(tree):
        raise Failed("\n".join(problems))


def imports(tree: Path) -> str:
    """No import cycle and no import upwards in plugins/. Returns all rooms and edges."""
    found = architecture.read(tree)
    if problems := architecture.problems(found):
        raise Failed("\n".join(problems))
    return "\n".join(architecture.report(found))


#: the slowest first
GATES: dict[str, Callable[[Path], str | None]] = {
    "sanity": sanity,
    "importable": importable,
    "artifact": artifact,
    "ansible-lint": ansible_lint,
    "docs": documentation,
    "mypy": mypy,
    "changelog": changelog,
    "ruff": ruff,
    "architecture": imports,
    "rules": rules,
}


def timed(gate: Callable[[Path], str | None], tree: Path) -> tuple[float, str, str]:
    """Seconds, the failure, and the report of a gate that passed."""
    start = time.monotonic()
    report = failure = ""
    try:
        report = gate(tree) or ""
    except Failed as error:
        failure = str(error)
    except Exception:  # noqa: BLE001  (a gate that raises has failed)
        failure = traceback.format_exc()
    return time.monotonic() - start, failure, report


def main() -> int:
    wanted = sys.argv[1:] or list(GATES)
    if unknown := sorted(set(wanted) - set(GATES)):
        print(f"no such gate: {', '.join(unknown)}; there are: {', '.join(GATES)}")
        return 2
    failed = 0
    with tempfile.TemporaryDirectory(prefix="macvlan-lint-") as base, ThreadPoolExecutor(os.cpu_count()) as pool:
        tree = copy(Path(base))
        running = {pool.submit(timed, GATES[name], tree): name for name in wanted}
        for done in as_completed(running):
            seconds, failure, report = done.result()
            failed += bool(failure)
            print(f"{'FAILED' if failure else 'ok':6} {seconds:6.1f} s  {running[done]}", flush=True)
            if output := failure or (report if sys.argv[1:] else ""):
                print(output.replace(f"{tree}/", ""), flush=True)
    print(f"{len(wanted) - failed} gates passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
