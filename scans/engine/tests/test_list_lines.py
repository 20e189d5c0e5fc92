"""Counting the lines of a text."""

import io

from hypothesis import given
from hypothesis import strategies as st

from scans.engine.lists.lines import numbered

PIECES = st.sampled_from(["a", "b c", "\n", " \n", "\n" * 300, " " * 300, "\t\n" * 200])


@given(st.lists(PIECES, max_size=12), st.integers(1, 50))
def test_every_line_that_is_not_blank_has_its_number(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    lines = io.StringIO(text).readlines()
    blocks = ["".join(lines[place : place + size]) for place in range(0, len(lines), size)]
    expected = {n: line for n, line in enumerate(text.split("\n"), start=1) if line.strip()}
    read = {line.number: line.text for line in numbered(blocks)}
    assert {n: line for n, line in read.items() if line.strip()} == expected


def test_few_blank_lines_are_kept_for_quoted_values() -> None:
    assert [line.text for line in numbered(["a\n\n\nb\n"])] == ["a", "", "", "b"]


def test_nineteen_million_line_ends_are_skipped_and_counted() -> None:
    blocks = ["\n" * 262_144] * 73
    lines = list(numbered([*blocks, "a.com"]))
    assert len(lines) < 100
    assert lines[-1] == (73 * 262_144 + 1, "a.com")
