# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs atheris on one entry: ``program.py ENTRY RUNS SEED SECONDS NEW KEPT``; NEW and KEPT are directories of inputs.

In an environment that has atheris and Ansible's packages; the last line on stderr is libFuzzer's number of runs.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ansible_collections"]):
    from tests.hardening.fuzz.entries import ENTRIES


def main() -> None:
    entry, runs, seed, seconds, *directories = sys.argv[1:]
    limits = ["-timeout=5", "-rss_limit_mb=1024", "-max_len=4096", "-print_final_stats=1"]
    argv = [sys.argv[0], f"-runs={runs}", f"-seed={seed}", f"-max_total_time={seconds}", *limits, *directories]
    atheris.Setup(argv, ENTRIES[entry])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
