"""The values of a pasted line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.lists.values import line_values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("a.com, b.com;c.com\td.com|e.com", ["a.com", "b.com", "c.com", "d.com", "e.com"]),
        ("a.com # our best customer", ["a.com"]),
        ("# a.com", []),
        ("https://a.com/#top", ["https://a.com/#top"]),
        ("https://a.com/x,y;z.html", ["https://a.com/x"]),
        ("https://a.com/x,https://b.com/y,c.com", ["https://a.com/x", "https://b.com/y", "c.com"]),
        ("a.com、b.com，c.com；d.com､e.com", ["a.com", "b.com", "c.com", "d.com", "e.com"]),
        ("a.com،b.com؛c.com", ["a.com", "b.com", "c.com"]),
        ("a.com。b.com。", ["a.com", "b.com"]),
        ("a.com۔ b.com۔c.com", ["a.com", "b.com", "c.com"]),
        ("a.com।b.com॥", ["a.com", "b.com"]),
        ("a.com። b.com፣c.com", ["a.com", "b.com", "c.com"]),
        ("example。com", ["example。com"]),
        ("www.shop。com", ["www.shop。com"]),
        ("shop.co。uk", ["shop.co。uk"]),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", ["ｅｘａｍｐｌｅ．ｃｏｍ"]),
        ("https://ja.example/wiki/東京、大阪", ["https://ja.example/wiki/東京"]),
        ("m&uuml;nchen.de&nbsp;a.com", ["münchen.de", "a.com"]),
        ("[Alpha & Co](https://a.com/) and more", ["https://a.com/", "and", "more"]),
        ("<https://a.com|a.com>", ["<https://a.com", "a.com>"]),
        ("Website: a.com", ["a.com"]),
        ("a.com ✓", ["a.com"]),
        ("→ a.com", ["a.com"]),
        ("a.com\u3000b.com", ["a.com", "b.com"]),
        ("\u200b", []),
        ("---", ["---"]),
        ("", []),
    ],
)
def test_a_line_is_split_into_its_values(line: str, values: list[str]) -> None:
    assert line_values(line) == values


MARKS = "- |* |+ |• |•|‣|▪ |●|– |— |1. |12) |(3) |a) |B. |7 |- [x] |[ ] |1、|（2）|① |①|  - |✓ |➤ "


@pytest.mark.parametrize("mark", MARKS.split("|"))
def test_bullets_and_numbers_of_list_items_are_left_out(mark: str) -> None:
    assert line_values(f"{mark}a.com") == ["a.com"]


@pytest.mark.parametrize("line", ["-a.com", "*.a.com", "✓a.com", "1a.com", "127.0.0.1", "a.com -"])
def test_what_may_belong_to_a_name_stays_with_it(line: str) -> None:
    assert line_values(line) == [line.removesuffix(" -")]


@pytest.mark.parametrize("part", ["a,", "- ", "1. ", ",", " ", "a.com/x,", "&amp;", "[x](", "。"])
def test_a_long_line_takes_time_that_grows_with_its_length(part: str) -> None:
    assert isinstance(line_values(part * 100_000), list)


@given(st.text() | st.text(alphabet="ab.,;#\n\r \"'/:@\u200b、。[](-1&;", max_size=80))
def test_any_line_has_values(line: str) -> None:
    assert all(line_values(line))
