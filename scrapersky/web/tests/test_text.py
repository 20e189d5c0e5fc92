"""Text that can be stored and shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.web.text import printable, printable_lines, sanitize, sanitize_json

ANY_CHARACTER = st.characters(codec=None, exclude_categories=())
ANY_TEXT = st.text(ANY_CHARACTER)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda values: st.lists(values) | st.dictionaries(ANY_TEXT, values),
)


@given(ANY_TEXT)
def test_any_text_becomes_storable(text: str) -> None:
    stored = sanitize(text)
    assert "\x00" not in stored
    assert stored.encode().decode() == stored
    assert sanitize(stored) == stored


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_text_without_nul_and_surrogates_is_stored_as_it_is(text: str) -> None:
    assert sanitize(text) == text


@given(JSON)
def test_any_json_value_becomes_storable(value: object) -> None:
    text = json.dumps(sanitize_json(value), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    assert text.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, Ωμέγα 🥐 👩‍👩‍👧 می‌خواهم", "plain text, Ωμέγα 🥐 👩‍👩‍👧 می‌خواهم"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("one\r\ntwo\tthree", r"one\r\ntwo\tthree"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u2028b\x85c\ud800", r"a\u2028b\x85c\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_steers_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY_TEXT)
def test_printable_text_is_one_line_without_controls(text: str) -> None:
    assert len(printable(text).splitlines()) <= 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in printable(text))
    assert printable(text).encode().decode() == printable(text)


def test_lines_and_tabs_are_kept_where_they_are_wanted() -> None:
    assert printable_lines("a\tb\nc\r\x1b[2J") == "a\tb\nc" r"\r\x1b[2J"
