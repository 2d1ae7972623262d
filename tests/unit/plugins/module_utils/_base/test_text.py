# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others, made safe to show."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import (
    DEPTH_MAX,
    LINE_MAX,
    TEXT_MAX,
    clean,
    clean_data,
    clean_lines,
)

#: Also what `st.text` leaves out: surrogates, as undecodable octets come from surrogateescape.
CHARACTERS = st.characters(exclude_categories=())
TEXTS = st.text(CHARACTERS, max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def harmless(text: str, kept: str = "") -> bool:
    categories = {unicodedata.category(char) for char in text if char not in kept}
    return not any(category[0] == "C" or category in ("Zl", "Zp") for category in categories)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", "nginx"),
        ("\x1b]0;pwned\x07", "\\x1b]0;pwned\\x07"),
        ("a\x9b2Jb", "a\\x9b2Jb"),
        ("\x7f\r\n\t", "\\x7f\\r\\n\\t"),
        ("evil\u202eexe.txt\u2066\u200f\u061c", "evil\\u202eexe.txt\\u2066\\u200f\\u061c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("tag\U000e0041\ue000", "tag\\U000e0041\\ue000"),
        (b"caf\xe9".decode(errors="surrogateescape"), "caf\\udce9"),
        ("blank\u3164\u115f\ufe0f\U000e0100", "blank\\u3164\\u115f\\ufe0f\\U000e0100"),
        ("C:\\x1b café 日本", "C:\\x1b café 日本"),
        (812, "812"),
    ],
)
def test_what_steers_or_hides_is_shown(text, expected):
    assert clean(text) == expected


@given(TEXTS, st.integers(1, 40))
def test_a_line_is_printable_bounded_and_cleaned_once(text, limit):
    line = clean(text, limit)
    assert line.isprintable()
    assert harmless(line)
    assert len(line) <= limit
    assert clean(line, limit) == line
    line.encode()


@given(TEXTS)
def test_lines_keep_line_feeds_and_tabs_alone(text):
    lines = clean_lines(text)
    assert harmless(lines, "\n\t")
    assert clean_lines(lines) == lines
    assert lines.count("\n") == text.count("\n")


@given(st.text(CHARACTERS.filter(lambda char: char != "\\"), max_size=20), st.text(CHARACTERS, max_size=20))
def test_only_a_backslash_makes_two_texts_equal(one, other):
    if clean(one) == clean(other) and "\\" not in other:
        assert one == other


def test_long_texts_are_cut():
    assert clean("x" * LINE_MAX) == "x" * LINE_MAX
    assert clean("\x1b" * 10**7, 9) == "\\x1b\\x1b…"
    assert len(clean_lines("é" * (TEXT_MAX + 5))) == TEXT_MAX


@given(JSON)
def test_data_is_cleaned_through_and_through(value):
    cleaned = clean_data(value)
    assert clean_data(cleaned) == cleaned
    text = json.dumps(cleaned, ensure_ascii=False)
    assert text.isprintable()
    assert text.encode().decode() == text


@given(st.dictionaries(TEXTS, st.integers(), max_size=6))
def test_no_key_of_a_mapping_is_lost(value):
    assert sorted(clean_data(value).values()) == sorted(value.values())


def test_keys_that_look_the_same_stay_distinct():
    assert clean_data({"\x1b": 1, "\\x1b": 2}) == {"\\x1b~0": 1, "\\x1b": 2}


def test_what_is_clean_stays_the_same_object():
    class Unsafe(str):
        """As ansible-core marks what must not be templated."""

        __slots__ = ()

    text = Unsafe("{{ lookup('pipe', 'id') }}")
    assert clean_data([text])[0] is text


def test_nesting_ends_somewhere():
    value: object = "end"
    for dummy in range(DEPTH_MAX + 100):
        value = [value]
    cleaned = clean_data(value)
    for dummy in range(DEPTH_MAX):
        (cleaned,) = cleaned
    assert cleaned == "…"
