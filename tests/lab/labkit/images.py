# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operating system images: built once with mmdebstrap, kept in the user's cache, used read-only below each host.

An image is a directory tree with one directory per layer. A build has another name, and is renamed when it is complete.
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

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run

from . import recipe, state
from .errors import LabError
from .machine import KEYRING

MIRROR = "http://deb.debian.org/debian"

#: Settings of this machine's apt that it needs to reach a mirror: proxies, certificates, clocks.
APT_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv")

#: $1 is the layer's new directory, $2 the image's. Without a network, so that services cannot reach this machine's.
LAYER_SCRIPT = """
set -e
mount -t overlay -o "lowerdir=$2/base,upperdir=$1/tree,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mkdir -p "$1/root/var/cache/apt/archives" "$1/root/var/lib/apt/lists"
mount --bind "$2/packages/archives" "$1/root/var/cache/apt/archives"
mount --bind "$2/packages/lists" "$1/root/var/lib/apt/lists"
printf '#!/bin/sh\\nexit 101\\n' > "$1/root/usr/sbin/policy-rc.d"
chmod 755 "$1/root/usr/sbin/policy-rc.d"
chroot "$1/root" sh -e -c "$3"
rm "$1/root/usr/sbin/policy-rc.d"
rm -f "$1"/root/var/cache/apt/*.bin
"""


def directory(system: str) -> Path:
    return state.cache() / "images" / f"{system}-{recipe.fingerprint(system)}"


def layers(system: str, manager: str) -> list[Path]:
    """The image's directory trees for overlayfs, topmost first."""
    extra = [] if recipe.LAYERS[manager] == recipe.Layer() else [directory(system) / manager]
    return [*extra, directory(system) / "base"]


def ensure(wanted: set[tuple[str, str]], say: Callable[[str], None]) -> None:
    """Build what is missing of (system, manager) pairs; systems in parallel. Errors: LabError."""
    managers: dict[str, set[str]] = {}
    for system, manager in wanted:
        managers.setdefault(system, set()).add(manager)
    if not managers:
        return
    with ThreadPoolExecutor(len(managers)) as pool:
        for result in [pool.submit(_ensure, system, needed, say) for system, needed in sorted(managers.items())]:
            result.result()


@contextlib.contextmanager
def used(system: str) -> Iterator[None]:
    """Protect the image from removal while a host runs on it."""
    with open(directory(system) / "lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _ensure(system: str, managers: set[str], say: Callable[[str], None]) -> None:
    images = state.cache() / "images"
    images.mkdir(parents=True, exist_ok=True)
    with open(images / f".{system}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_outdated(system)
        if not directory(system).exists():
            say(f"building the {system} image (once)")
            began = time.monotonic()
            _build_base(system)
            say(f"built the {system} image ({time.monotonic() - began:.0f} s)")
        for manager in sorted(managers):
            if not layers(system, manager)[0].exists():
                began = time.monotonic()
                _build_layer(system, manager)
                say(f"built {manager} for {system} ({time.monotonic() - began:.0f} s)")


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
            '--aptopt=Acquire::Languages "none"', *(f"--aptopt={setting}" for setting in apt_settings()),
            *(f'--customize-hook=chroot "$1" {command}' for command in recipe.FINISH),
            f"--customize-hook={apt} clean && {apt} --download-only install {' '.join(downloads)}",
            system, str(base), f"deb [signed-by={KEYRING}] {mirror()} {system} main",
        ],
    )  # fmt: skip
    (base / "var/cache/apt/archives").rename(new / "packages" / "archives")
    (base / "var/lib/apt/lists").rename(new / "packages" / "lists")
    for leftover in (base / "var/cache/apt").glob("*.bin"):
        leftover.unlink()
    new.rename(image)


def _build_layer(system: str, manager: str) -> None:
    image, layer = directory(system), recipe.LAYERS[manager]
    new = image / f"{manager}.new"
    shutil.rmtree(new, ignore_errors=True)
    for part in ("tree", "work", "root"):
        (new / part).mkdir(parents=True)
    apt = "apt-get --yes --no-install-recommends --no-download -o Dpkg::Options::=--force-unsafe-io install"
    commands = [*([f"{apt} {' '.join(layer.packages)}"] if layer.packages else []), *layer.commands]
    _logged(
        f"{system}-{manager}",
        ["unshare", "--mount", "--net", "sh", "-c", LAYER_SCRIPT, "sh", str(new), str(image), " && ".join(commands)],
    )
    (new / "tree").rename(image / manager)
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


def mirror() -> str:
    """This machine's mirror if it is a Debian one, else Debian's own."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    listed = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"], check=False).out
    for line in listed.splitlines():
        uri, release, component, origin = line.split("|")
        if origin == "Debian" and component == "main" and "-" not in release and uri.startswith("http"):
            return uri.rstrip("/")
    return MIRROR


def apt_settings() -> list[str]:
    """This machine's settings of `APT_SETTINGS`, as apt configuration lines."""
    listed = run(["apt-config", "dump"], check=False).out
    lines = [line.strip() for line in listed.splitlines() if line.startswith(APT_SETTINGS)]
    return [line.rstrip(";") for line in lines if not line.endswith(' "";')]
