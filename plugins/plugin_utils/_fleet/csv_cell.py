# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text in the cells of a CSV file, which spreadsheets open. Pure."""

from __future__ import annotations

import re

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

#: What begins a formula, in its ASCII form and in the fullwidth and small ones that some spreadsheets take for it; and
#: what they skip before it. A spreadsheet may also split a cell at the separators of its own language.
_BEGIN, _SKIPPED, _SEPARATORS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b", r'\s"', r";\t|"
_FORMULA = re.compile(f"(^|[{_SEPARATORS}])([{_SKIPPED}]*)(?=[{_BEGIN}])")


def cell(value: object) -> str:
    """One line of text; an apostrophe stands before what a spreadsheet would calculate."""
    return _FORMULA.sub(r"\1\2'", clean(value))
