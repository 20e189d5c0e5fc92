"""Languages detected from short homepage texts."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.language import detect_language

EXAMPLES = tomllib.loads(
    (Path(__file__).parent / "language_examples.toml").read_text("utf-8"),
)


@pytest.mark.parametrize(("language", "text"), EXAMPLES.items(), ids=list(EXAMPLES))
def test_a_sentence_is_enough_to_tell_its_language(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Smith & Sons",
        "01539 555 0100",
        "12345 67890 12345 67890 12345 67890",
        "Lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor incididunt",
        "Skin care " * 40,
        "Lorem ipsum dolor sit amet consectetur " * 20,
        "iPhone Samsung Galaxy Sony Xperia Nokia Huawei Motorola OnePlus Xiaomi Honor Realme",
    ],
)
def test_a_text_that_tells_no_language_has_none(text: str) -> None:
    assert detect_language(text) == ""


def test_a_few_foreign_names_do_not_change_the_language() -> None:
    text = (
        "The restaurant of the hotel serves sushi 寿司 and ramen ラーメン to guests of the house."
    )
    assert detect_language(text) == "en"


@given(st.text(max_size=2_000))
def test_any_text_has_a_short_language_or_none(text: str) -> None:
    assert len(detect_language(text)) in (0, 2)
