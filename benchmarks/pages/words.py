"""The language of fictitious businesses; the words are in words.toml."""

import tomllib
from pathlib import Path
from random import Random
from typing import Any

_LANGUAGE: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)
WORDS: list[str] = _LANGUAGE["words"].split()
TRADES: list[str] = _LANGUAGE["trades"].split()
FAMILIES: list[str] = _LANGUAGE["families"].split()
SECTIONS: list[str] = _LANGUAGE["sections"].split()
# Towns with postcode, phone, country (ISO 3166) and language.
PLACES: list[dict[str, str]] = _LANGUAGE["places"]


def words(random: Random, low: int, high: int) -> str:
    """Return some words in the style of a heading."""
    return " ".join(random.choices(WORDS, k=random.randint(low, high)))


def sentence(random: Random) -> str:
    """Return a sentence; one in ten contains a number."""
    text = words(random, 8, 22).capitalize()
    if random.random() < 0.1:
        text += random.choice((" since 19{:02d}", " from ${:d}.00", " on 04/{:02d}/2024")).format(
            random.randint(10, 28)
        )
    return f"{text}."


def paragraph(random: Random) -> str:
    return " ".join(sentence(random) for _ in range(random.randint(1, 3)))
