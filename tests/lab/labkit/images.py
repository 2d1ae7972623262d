# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operating system images: built once with mmdebstrap, kept in the user's cache, used read-only below each host.

An image is a directory tree with one directory per layer. A build has another name, and is renamed when it is complete.
Packages of network managers are downloaded with the image, those of a container engine when a host first needs it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed

from . import packages, recipe, state
from .errors import LabError

#: $1 is the layer's new directory, $2 the layers below it, $3 the directory of packages, $4 the commands. Without a
#: network, so that services cannot reach this machine's.
LAYER_SCRIPT = """
set -e
mount -t overlay -o "lowerdir=$2,upperdir=$1/tree,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mkdir -p "$1/root/var/cache/apt/archives" "$1/root/var/lib/apt/lists"
mount --bind "$3/archives" "$1/root/var/cache/apt/archives"
mount --bind "$3/lists" "$1/root/var/lib/apt/lists"
printf '#!/bin/sh\\nexit 101\\n' > "$1/root/usr/sbin/policy-rc.d"
chmod 755 "$1/root/usr/sbin/policy-rc.d"
chroot "$1/root" sh -e -c "$4"
rm "$1/root/usr/sbin/policy-rc.d"
rm -f "$1"/root/var/cache/apt/*.bin
"""


def directory(system: str) -> Path:
    return state.cache() / "images" / f"{system}-{recipe.fingerprint(system)}"


def layers(system: str, manager: str, engine: str = "none") -> list[Path]:
    """The image's directory trees for overlayfs, topmost first."""
    below = [] if recipe.LAYERS[manager] == recipe.Layer() else [directory(system) / manager]
    above = [] if engine == "none" else [_engine_layer(system, manager, engine)]
    return [*above, *below, directory(system) / "base"]


def _engine_layer(system: str, manager: str, engine: str) -> Path:
    """On top of a manager's layer, as both change the same files, such as dpkg's list of packages."""
    return directory(system) / f"{manager}+{engine}-{recipe.engine_fingerprint(system, engine)}"


def ensure(wanted: set[tuple[str, str, str]], say: Callable[[str], None]) -> None:
    """Build what is missing of (system, manager, engine); systems in parallel. Errors: LabError."""
    by_system: dict[str, set[tuple[str, str]]] = {}
    for system, manager, engine in wanted:
        by_system.setdefault(system, set()).add((manager, engine))
    if not by_system:
        return
    with ThreadPoolExecutor(len(by_system)) as pool:
        for result in [pool.submit(_ensure, system, needed, say) for system, needed in sorted(by_system.items())]:
            result.result()


@contextlib.contextmanager
def used(system: str) -> Iterator[None]:
    """Protect the image from removal while a host runs on it."""
    with open(directory(system) / "lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _ensure(system: str, needed: set[tuple[str, str]], say: Callable[[str], None]) -> None:
    images = state.cache() / "images"
    images.mkdir(parents=True, exist_ok=True)
    with open(images / f".{system}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_outdated(system)
        if not directory(system).exists():
            say(f"building the {system} image (once)")
            _timed(f"built the {system} image", say, _build_base, system)
        for manager in sorted({manager for manager, _engine in needed}):
            if not layers(system, manager)[0].exists():
                _timed(f"built {manager} for {system}", say, _build_manager, system, manager)
        for manager, engine in sorted(needed):
            if not layers(system, manager, engine)[0].exists():
                _timed(f"built {engine} for {system} with {manager}", say, _build_engine, system, manager, engine)


def _timed(done: str, say: Callable[[str], None], build: Callable[..., None], *what: str) -> None:
    began = time.monotonic()
    build(*what)
    say(f"{done} ({time.monotonic() - began:.0f} s)")


def _remove_outdated(system: str) -> None:
    """Remove unused images of earlier recipes, and interrupted builds."""
    for old in (state.cache() / "images").glob(f"{system}-*"):
        if old == directory(system):
            continue
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if (old / "lock").exists():
                fcntl.flock(stack.enter_context(open(old / "lock", encoding="utf-8")), fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old)


def _build_base(system: str) -> None:
    image = directory(system)
    new = image.with_name(f"{image.name}.new")
    shutil.rmtree(new, ignore_errors=True)  # of an interrupted build
    (new / "packages").mkdir(parents=True)
    base = new / "base"
    downloads = sorted({package for layer in recipe.LAYERS.values() for package in layer.packages})
    apt = 'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --no-install-recommends'
    _logged(
        system,
        [
            "mmdebstrap", "--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists,cleanup/apt/cache",
            f"--include={','.join(recipe.PACKAGES)}",
            "--dpkgopt=force-unsafe-io", *(f"--dpkgopt=path-exclude={glob}" for glob in recipe.EXCLUDED),
            '--aptopt=Acquire::Languages "none"', *(f"--aptopt={setting}" for setting in packages.apt_settings()),
            *(f'--customize-hook=chroot "$1" {command}' for command in recipe.FINISH),
            f"--customize-hook={apt} clean && {apt} --download-only install {' '.join(downloads)}",
            system, str(base), packages.source(system),
        ],
    )  # fmt: skip
    (base / "var/cache/apt/archives").rename(new / "packages" / "archives")
    (base / "var/lib/apt/lists").rename(new / "packages" / "lists")
    for leftover in (base / "var/cache/apt").glob("*.bin"):
        leftover.unlink()
    new.rename(image)


def _build_manager(system: str, manager: str) -> None:
    image = directory(system)
    _build_layer(f"{system}-{manager}", image / manager, recipe.LAYERS[manager], [image / "base"], image / "packages")


def _build_engine(system: str, manager: str, engine: str) -> None:
    layer, target = recipe.ENGINES[engine][system], _engine_layer(system, manager, engine)
    recipe_hash = target.name.rpartition("-")[2]
    for old in target.parent.glob(f"*{engine}-*"):
        if not old.name.endswith(recipe_hash) and not _in_use(target.parent):
            shutil.rmtree(old)
    downloaded = target.with_name(f"packages-{engine}-{recipe_hash}")
    if not downloaded.exists():
        _download(system, layer, downloaded)
    _build_layer(f"{system}-{manager}-{engine}", target, layer, layers(system, manager), downloaded)


def _download(system: str, layer: recipe.Layer, target: Path) -> None:
    """The layer's packages, into a directory of the image. Errors: LabError."""
    new = target.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(target.parent / "packages/lists", new / "lists")
    try:
        packages.download(system, new, layer.packages, target.parent / "base/var/lib/dpkg/status")
    except CommandFailed as error:
        raise LabError(f"{layer.packages[0]} for {system} could not be downloaded: {error}") from error
    new.rename(target)


def _in_use(image: Path) -> bool:
    """Whether a host runs on the image."""
    with open(image / "lock", "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _build_layer(name: str, target: Path, layer: recipe.Layer, below: list[Path], source: Path) -> None:
    """name: of the log. below: the layers on which it builds, topmost first. source: the directory of packages."""
    new = target.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    for part in ("tree", "work", "root"):
        (new / part).mkdir(parents=True)
    apt = "apt-get --yes --no-install-recommends --no-download -o Dpkg::Options::=--force-unsafe-io install"
    commands = [*([f"{apt} {' '.join(layer.packages)}"] if layer.packages else []), *layer.commands]
    lower, script = ":".join(map(str, below)), " && ".join(commands)
    _logged(name, ["unshare", "--mount", "--net", "sh", "-c", LAYER_SCRIPT, "sh", str(new), lower, str(source), script])
    (new / "tree").rename(target)
    shutil.rmtree(new)


def _logged(name: str, argv: list[str]) -> None:
    log = state.cache() / "images" / f"{name}.log"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, check=False)
    if done.returncode != 0:
        lines = log.read_text(encoding="utf-8").strip().splitlines()
        said = [line for line in lines if line.startswith(("E:", "W:"))] or lines or ["no message"]
        raise LabError(f"the {name} image could not be built: {' '.join(said[-3:])} Remedy: see {log}.")
