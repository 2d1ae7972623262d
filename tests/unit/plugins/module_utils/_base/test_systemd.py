# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether systemd of this host serves what is written from here."""

from __future__ import annotations

import os

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import systemd


@pytest.mark.parametrize(("misses", "fit"), [(0, True), (3, True), (1000, False)])
def test_an_init_that_ends_makes_no_host_unfit(monkeypatch, misses, fit):
    real, left = os.stat, [misses]

    def stat(path, **options):
        if path == "/proc/1/ns/net":
            left[0] -= 1
            if left[0] >= 0:
                raise FileNotFoundError(2, "No such file or directory", path)
            path = "/proc/self/ns/net"
        return real(path, **options)

    monkeypatch.setattr(systemd, "PAUSE", 0.001)
    monkeypatch.setattr(systemd, "ENDING", 0.1 if not fit else 60)
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(os.path, "isdir", lambda path: True)
    assert ("may be another one" not in systemd.unfitness()) is fit
