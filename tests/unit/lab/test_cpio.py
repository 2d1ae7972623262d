# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that the kernel unpacks as its initramfs."""

from __future__ import annotations

import shutil
import subprocess

from labkit import cpio


def test_an_archive_is_what_cpio_reads(tmp_path):
    """The kernel's format has no reader in Python; tar's and cpio's are programs."""
    program = shutil.which("bsdtar") or shutil.which("cpio")
    entries = [
        cpio.file("/etc/deep/file", "content\n", 0o600),
        cpio.link("/etc/link", "/dev/null"),
        cpio.directory("/root", 0o700),
    ]
    text = cpio.archive(entries)
    assert len(text) % 4 == 0
    assert text.count(b"070701") == 6, "two directories come by themselves, and the trailer"
    if program:
        form = ["-t"] if program.endswith("cpio") else ["-t", "-f", "-"]
        listed = subprocess.run([program, *form], input=text, capture_output=True, check=True).stdout.decode().split()
        assert listed == ["etc", "etc/deep", "etc/deep/file", "etc/link", "root"]
