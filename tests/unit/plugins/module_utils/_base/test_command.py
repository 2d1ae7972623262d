# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that print what they should not."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run


def test_output_that_is_no_utf8_survives_a_round_trip():
    out = run(["printf", "\\377x"]).out
    assert out.encode(errors="surrogateescape") == b"\xffx"
    assert run(["cat"], stdin=out).out == out


def test_what_a_program_says_is_shown_and_not_obeyed():
    with pytest.raises(CommandFailed) as failed:
        run(["sh", "-c", "printf 'first\\nno \\033[2J\\377' >&2; exit 3"])
    assert str(failed.value).endswith("exit status 3: no \\x1b[2J\\udcff")
    assert str(failed.value).isprintable()
