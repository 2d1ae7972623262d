# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes a Containerfile without a container engine, in one root file system.

All its stages run in the same root, one after the other: what one copies from another is there already. So what a stage
leaves behind that the image would not have is not found. Images, users and labels are skipped.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from labkit import machine

#: What the root gets from this machine to reach package indexes.
SHARED = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/xdg/pip")
#: This machine's certificates, and where the root has a copy: its own are written when ca-certificates is installed.
AUTHORITIES, COPY = Path("/etc/ssl/certs/ca-certificates.crt"), "/etc/ssl/test.crt"
#: Mounts for one command, which end with it. Shared paths are mounted where they exist, to be read.
SCRIPT = """set -eu
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$(dirname "$root$1")"; [ -e "$root$1" ] || : >"$root$1"; fi
    mount --bind "$1" "$root$1"
    mount -o remount,bind,ro "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""


def root(target: Path, mirror: str, settings: list[str]) -> None:
    """A small Debian 12, as the base image has it."""
    machine.prepare({"nspawn"})
    options = [f"--aptopt={setting}" for setting in settings]
    command = ["mmdebstrap", "--mode=root", "--variant=apt", *options, "bookworm", str(target), mirror]
    subprocess.run(command, check=True, capture_output=True, text=True)
    apt = target / "etc" / "apt" / "apt.conf.d" / "99test"
    apt.write_text("".join(f"{setting};\n" for setting in settings), encoding="utf-8")
    if AUTHORITIES.exists():
        (target / COPY[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(AUTHORITIES, target / COPY[1:])


def execute(target: Path, context: Path) -> dict[str, str]:
    """The instructions of the context's Containerfile; returns the environment of the last stage.

    Errors: AssertionError with the output of the command that failed.
    """
    arguments: dict[str, str] = {}
    environment: dict[str, str] = {}
    folder = "/"
    for line in (context / "Containerfile").read_text(encoding="utf-8").splitlines():
        word, dummy, rest = line.strip().partition(" ")
        if word == "ARG" and "=" in rest:
            name, dummy, value = rest.partition("=")
            arguments[name] = value.strip('"')
        elif word == "ENV":
            name, dummy, value = rest.partition("=")
            environment[name] = value
        elif word == "WORKDIR":
            folder = rest
            (target / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "COPY" and "--from" not in rest:
            _copy(context, target, folder, *rest.split())
        elif word == "RUN":
            run(target, ["sh", "-c", f"cd {folder} && {rest}"], {**arguments, **environment})
    return environment


def run(target: Path, command: list[str], environment: Mapping[str, str]) -> str:
    """A command in the root, with the package index and the proxy of this machine. Errors: AssertionError."""
    kept = {name: value for name, value in os.environ.items() if re.match(r"(?i)pip_|.*_proxy$", name)}
    if (target / COPY[1:]).exists():
        kept |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), COPY)
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", str(target), *shared(), "--", *command],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", **kept, **environment},
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}"
    return done.stdout


def shared() -> list[str]:
    """`SHARED`, and the directories that pip's configuration of this machine names."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    named = re.findall(r"(?:file://|(?<=[' ]))(/[^' ]+)", listed)
    return [path for path in dict.fromkeys([*SHARED, *named]) if Path(path).exists() and Path(path) != AUTHORITIES]


def _copy(context: Path, target: Path, folder: str, source: str, wanted: str) -> None:
    there = target / str(Path(folder, wanted)).lstrip("/")
    if (context / source).is_dir():
        shutil.copytree(context / source, there, dirs_exist_ok=True)
        return
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(context / source, there)
