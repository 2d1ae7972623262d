# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of a Debian release, downloaded with this machine's apt, into a directory of their own."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run

from .machine import KEYRING

MIRROR = "http://deb.debian.org/debian"

#: Settings of this machine's apt that it needs to reach a mirror: proxies, certificates, clocks.
APT_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv")

#: Seconds for an index, and for a download.
PATIENCE = 600


def options(system: str, folder: Path, status: Path | None = None) -> list[str]:
    """Options with which this machine's apt works in `folder` on packages of the release.

    status: dpkg's file of what is installed already; nothing by default.
    """
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"{source(system)}\n", encoding="utf-8")
    return [
        "-o", f"Dir::State={folder}", "-o", f"Dir::State::status={status or folder / 'status'}",
        "-o", f"Dir::Cache={folder}", "-o", f"Dir::Etc::sourcelist={folder}/sources.list",
        "-o", "Dir::Etc::sourceparts=-", "-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root",
    ]  # fmt: skip


def updated(system: str, folder: Path) -> list[str]:
    """The same with the release's current index. Errors: CommandFailed."""
    found = options(system, folder)
    run(["apt-get", *found, "update"], timeout=PATIENCE)
    return found


def download(system: str, folder: Path, names: tuple[str, ...], status: Path) -> None:
    """Packages and what they depend on, into ``archives``. Errors: CommandFailed.

    The index in ``lists`` is used as it is, and updated if it is too old: that takes longer than all the rest.
    """
    apt = ["apt-get", *options(system, folder, status)]
    install = [*apt, "--yes", "--no-install-recommends", "--download-only", "install", *names]
    try:
        run(install, timeout=PATIENCE)
    except CommandFailed:
        run([*apt, "update"], timeout=PATIENCE)
        run(install, timeout=PATIENCE)


def source(system: str) -> str:
    """The release's line for sources.list(5)."""
    return f"deb [signed-by={KEYRING}] {mirror()} {system} main"


def mirror() -> str:
    """This machine's mirror if it is a Debian one, else Debian's own."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    listed = run(command, check=False, timeout=PATIENCE).out
    for line in listed.splitlines():
        uri, release, component, origin = line.split("|")
        if origin == "Debian" and component == "main" and "-" not in release and uri.startswith("http"):
            return uri.rstrip("/")
    return MIRROR


def apt_settings() -> list[str]:
    """This machine's settings of `APT_SETTINGS`, as apt configuration lines."""
    listed = run(["apt-config", "dump"], check=False, timeout=PATIENCE).out
    lines = [line.strip() for line in listed.splitlines() if line.startswith(APT_SETTINGS)]
    return [line.rstrip(";") for line in lines if not line.endswith(' "";')]
